import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import { onAbort } from "../../process/abort.js";
import { GrowingBuffer } from "../../process/growing-buffer.js";
import { startProcess, type LocalProcess, type ProcessEnd } from "../../process/start.js";
import { connectCanceled, type ConnectOptions } from "../connect.js";
import { buildSshEnv } from "../environment.js";
import { buildMasterArgv, hasWholeAnswer, readLogin, type Login, type SshEnd } from "./argv.js";
import { explainConnectFailure, explainNoise, explainSudoRefusal } from "./errors.js";
import { driveShell, type NodeShell } from "./shell.js";

const MAX_ANSWER_BYTES = 64 * 1024;
/** How long a connection may take to end in order. */
const END_MS = 1_000;

/** A connection to a node: the master of further sessions, and a shell in its own. */
export interface Connection {
  readonly login: Login;
  readonly shell: NodeShell;
  /** Ends the shell, and with it the master. */
  end(): Promise<void>;
}

type LogInOptions = ConnectOptions & { readonly end: SshEnd };

/** Connects and learns what the login may do. Rejects as `openAccess` says. */
export async function logIn(node: string, options: LogInOptions): Promise<Connection> {
  const { end, connectTimeoutMs, lease } = options;
  const saidPath = join(dirname(end.socketPath), "log");
  // Before the file is opened: it throws on a name that is none, and Node 26 ends on a handle that is left open.
  const argv = buildMasterArgv(end, { connectTimeoutMs, lease });
  const said = await open(saidPath, "w", 0o600); // a file: a jump host's own master may never close a pipe on stderr
  const answer = new GrowingBuffer();
  let tellAnswered: () => void = () => undefined;
  const answered = new Promise<null>((resolve) => (tellAnswered = () => resolve(null)));
  let read = (chunk: Buffer): void => {
    answer.append(chunk);
    if (hasWholeAnswer(answer.view())) tellAnswered();
    else if (answer.length > MAX_ANSWER_BYTES) void child.stop("truncated");
  };
  const child = startProcess(argv, {
    env: buildSshEnv(process.env),
    stdin: "open",
    stderrFd: said.fd,
    onStdout: (chunk) => read(chunk),
  });
  const late = setTimeout(() => void child.stop("timedOut"), connectTimeoutMs);
  const ignoreSignal = onAbort(options.signal, () => void child.stop("canceled"));
  const ended = await Promise.race([answered, child.done]);
  clearTimeout(late);
  ignoreSignal();
  await said.close();
  if (ended !== null)
    throw explainEnd(node, { ended, end, connectTimeoutMs, stderr: await readFile(saidPath, "utf8") });
  const login = readLogin(answer.view().toString("utf8"));
  const refusal = refuseLogin(node, login);
  if (login === null || refusal !== null) {
    await child.stop("killed");
    throw refusal ?? explainConnectFailure(node, end, await readFile(saidPath, "utf8"));
  }
  const shell = driveShell(child);
  read = shell.push;
  return { login, shell, end: () => endConnection(child, shell) };
}

function refuseLogin(node: string, login: Login | null): HopbookError | null {
  if (login === null) return null;
  if (login.noise !== "") return explainNoise(node, login);
  return login.sudoRefusal === null ? null : explainSudoRefusal(node, login);
}

interface FailedLogin {
  readonly ended: ProcessEnd;
  readonly end: SshEnd;
  readonly connectTimeoutMs: number;
  readonly stderr: string;
}

function explainEnd(node: string, { ended, end, connectTimeoutMs, stderr }: FailedLogin): HopbookError {
  if (ended.stoppedBy === "canceled") return connectCanceled(node);
  const explain = (reason: string): HopbookError => explainConnectFailure(node, end, `${stderr}\n${reason}`);
  if (ended.startError !== null) return explain(ended.startError.message);
  if (ended.stoppedBy === "timedOut") return explain(`no answer within ${connectTimeoutMs} ms`);
  if (ended.stoppedBy !== null) return explain("its login prints without end");
  if (ended.exitCode === 127 && /^\/bin\/sh: .*ssh: not found/m.test(stderr)) return sshMissing(node);
  if (ended.exitCode === 255) return explainConnectFailure(node, end, stderr);
  return explain(`its login shell did not run a POSIX command (exit code ${ended.exitCode})`);
}

/** In order where its shell is at no command: it ends by the end of its stdin, and the master with it. */
async function endConnection(child: LocalProcess, shell: NodeShell): Promise<void> {
  const isIdle = shell.isIdle();
  shell.end();
  if (isIdle) await Promise.race([child.done, sleep(END_MS, undefined, { ref: false })]);
  await child.stop("killed");
}

function sshMissing(node: string): HopbookError {
  return new HopbookError("TOOL_MISSING", `Cannot connect to node ${node}: this machine has no ssh`, {
    where: { node },
    hint: "Install OpenSSH's client, or put the folder it is in into PATH",
  });
}
