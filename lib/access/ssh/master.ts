import { access, open, readFile, rm } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HopbookError } from "../../errors.js";
import type { SshAccessConfig } from "../../model/access.js";
import { connectCanceled, type ConnectOptions } from "../connect.js";
import { buildSshEnv } from "../environment.js";
import { makeOwnFolder } from "../../process/own-folder.js";
import { runProcessAtExit, startProcess } from "../../process/start.js";
import { buildControlArgv, buildMasterArgv, readLogin, type Login, type SshEnd } from "./argv.js";
import { explainConnectFailure, explainNoise, explainSudoRefusal } from "./errors.js";

const CONTROL_TIMEOUT_MS = 3_000;
/** A socket's path has at most 107 bytes (unix(7)), of which ssh takes 17 while it makes it. */
const LONGEST_FOLDER = 76;
const MAX_ANSWER_BYTES = 64 * 1024;

/** The one connection to a node: a master that ssh leaves in the background, and its socket. */
export interface SshMaster {
  readonly end: SshEnd;
  readonly login: Login;
  /** Connects again where the master is gone; `ask` also asks one that seems to be there. */
  ensure(options: { readonly ask: boolean }): Promise<void>;
  /** True when the master answers. */
  isAlive(): Promise<boolean>;
  close(): Promise<void>;
}

interface SshMasterTarget {
  readonly node: string;
  readonly host: string;
  readonly config: SshAccessConfig;
}

const openMasters = new Map<string, SshEnd>();
let closesMastersAtExit = false;

function closeAtExit(folder: string, end: SshEnd): void {
  openMasters.set(folder, end);
  if (closesMastersAtExit) return;
  closesMastersAtExit = true;
  process.on("exit", () => {
    for (const [left, leftEnd] of openMasters) {
      runProcessAtExit(buildControlArgv(leftEnd, "exit"), buildSshEnv(process.env));
      rmSync(left, { recursive: true, force: true });
    }
  });
}

/** Connects, learns what the login may do, and leaves the master behind. Rejects as `openAccess` says. */
export async function openMaster(target: SshMasterTarget, options: ConnectOptions): Promise<SshMaster> {
  const folder = makeOwnFolder("ssh", pickTmpdir());
  const end: SshEnd = { host: target.host, config: target.config, socketPath: join(folder, "s") };
  closeAtExit(folder, end);
  const close = async (): Promise<void> => {
    await askMaster(end, "exit");
    await rm(folder, { recursive: true, force: true });
    openMasters.delete(folder);
  };
  let login: Login;
  try {
    login = await connect(target, { ...options, end });
  } catch (error) {
    await close();
    throw error;
  }
  const isAlive = (): Promise<boolean> => askMaster(end, "check");
  let connecting: Promise<unknown> | undefined;
  const ensure = async ({ ask }: { readonly ask: boolean }): Promise<void> => {
    if (connecting === undefined) {
      if (ask ? await isAlive() : await exists(end.socketPath)) return;
      connecting ??= reconnect(target, { connectTimeoutMs: options.connectTimeoutMs, end }).finally(
        () => (connecting = undefined),
      );
    }
    await connecting;
  };
  return { end, login, ensure, isAlive, close };
}

type ConnectTo = ConnectOptions & { readonly end: SshEnd };

async function reconnect(target: SshMasterTarget, options: ConnectTo): Promise<void> {
  await rm(options.end.socketPath, { force: true }); // of a master that was killed
  await connect(target, options);
}

async function connect(target: SshMasterTarget, options: ConnectTo): Promise<Login> {
  const { node } = target;
  const { end, connectTimeoutMs } = options;
  const saidPath = join(dirname(end.socketPath), "log");
  // Before the file is opened: it throws on a name that is none, and Node 26 ends on a handle that is left open.
  const argv = buildMasterArgv(end, connectTimeoutMs);
  const said = await open(saidPath, "w", 0o600); // a file: some masters never close a pipe on stderr
  const stdout: Buffer[] = [];
  let bytes = 0;
  const child = startProcess(argv, {
    env: buildSshEnv(process.env),
    stdin: "closed",
    stderrFd: said.fd,
    onStdout: (chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) void child.stop("truncated");
      else stdout.push(chunk);
    },
    timeoutMs: connectTimeoutMs,
    signal: options.signal,
  });
  const ended = await child.done.finally(() => said.close());
  const stderr = await readFile(saidPath, "utf8");
  if (ended.stoppedBy === "canceled") throw connectCanceled(node);
  const explain = (reason: string): HopbookError => explainConnectFailure(node, end, `${stderr}\n${reason}`);
  if (ended.startError !== null) throw explain(ended.startError.message);
  if (ended.stoppedBy === "timedOut") throw explain(`no answer within ${connectTimeoutMs} ms`);
  if (ended.stoppedBy !== null) throw explain("its login prints without end");
  if (ended.exitCode === 127 && /^\/bin\/sh: .*ssh: not found/m.test(stderr)) throw sshMissing(node);
  if (ended.exitCode === 255) throw explainConnectFailure(node, end, stderr);
  const login = readLogin(Buffer.concat(stdout).toString("utf8"));
  if (login === null)
    throw explain(`its login shell did not run a POSIX command (exit code ${ended.exitCode})`);
  if (login.noise !== "") throw explainNoise(node, login);
  if (login.sudoRefusal !== null) throw explainSudoRefusal(node, login);
  return login;
}

async function askMaster(end: SshEnd, request: "check" | "exit"): Promise<boolean> {
  const child = startProcess(buildControlArgv(end, request), {
    env: buildSshEnv(process.env),
    stdin: "closed",
    timeoutMs: CONTROL_TIMEOUT_MS,
  });
  return (await child.done).exitCode === 0;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function pickTmpdir(): string {
  const folder = tmpdir();
  return folder.length > LONGEST_FOLDER || !/^[A-Za-z0-9_./-]+$/.test(folder) ? "/tmp" : folder;
}

function sshMissing(node: string): HopbookError {
  return new HopbookError("TOOL_MISSING", `Cannot connect to node ${node}: this machine has no ssh`, {
    where: { node },
    hint: "Install OpenSSH's client, or put the folder it is in into PATH",
  });
}
