import { NO_MASTER_MARK, OWN_255_MARK } from "./argv.js";

/**
 * How a session over the master ended:
 * - `ended`: the command has an exit code of its own, or we stopped the client;
 * - `noMaster`: the client found no master, so nothing was started;
 * - `sessionRefused`: sshd gave no session (MaxSessions), so nothing was started;
 * - `lost`: the session broke off without an exit code.
 */
export interface EndOfSession {
  readonly how: "ended" | "noMaster" | "sessionRefused" | "lost";
  readonly exitCode: number | null;
  /** Without the mark, and with it without the newline that begins it. */
  readonly stderr: Buffer;
}

const SSH_FAILED = 255;
const MARK = Buffer.from(OWN_255_MARK);

/** Tells ssh's own exit code 255 from a command's, by the marks that only our own scripts print. */
export function readEnd(exitCode: number | null, stderr: Buffer): EndOfSession {
  if (exitCode !== SSH_FAILED) return { how: "ended", exitCode, stderr };
  if (stderr.length >= MARK.length && stderr.subarray(-MARK.length).equals(MARK)) {
    return { how: "ended", exitCode, stderr: stderr.subarray(0, stderr.length - MARK.length) };
  }
  if (!stderr.includes(NO_MASTER_MARK)) return { how: "lost", exitCode: null, stderr };
  const how = /session request failed|open refused/i.test(stderr.toString("latin1"))
    ? "sessionRefused"
    : "noMaster";
  return { how, exitCode: null, stderr };
}
