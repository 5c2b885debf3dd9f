import { access, rm } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshAccessConfig } from "../../model/access.js";
import type { ConnectOptions } from "../connect.js";
import { buildSshEnv } from "../environment.js";
import { makeOwnFolder } from "../../process/own-folder.js";
import { runProcessAtExit, startProcess } from "../../process/start.js";
import { buildControlArgv, type Login, type SshEnd } from "./argv.js";
import { logIn, type Connection } from "./login.js";
import type { NodeShell } from "./shell.js";

const CONTROL_TIMEOUT_MS = 3_000;
/** A socket's path has at most 107 bytes (unix(7)), of which ssh takes 17 while it makes it. */
const LONGEST_FOLDER = 76;

/** The one connection to a node: its master, and the socket by which further sessions join it. */
export interface SshMaster {
  readonly end: SshEnd;
  readonly login: Login;
  /** Of the connection as it is now. */
  shell(): NodeShell;
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

/** Connects and learns what the login may do. Rejects as `openAccess` says. */
export async function openMaster(target: SshMasterTarget, options: ConnectOptions): Promise<SshMaster> {
  const folder = makeOwnFolder("ssh", pickTmpdir());
  const end: SshEnd = { host: target.host, config: target.config, socketPath: join(folder, "s") };
  closeAtExit(folder, end);
  const forget = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    openMasters.delete(folder);
  };
  let current: Connection;
  try {
    current = await logIn(target.node, { ...options, end });
  } catch (error) {
    await forget();
    throw error;
  }
  const { login } = current;
  const isAlive = (): Promise<boolean> => askMaster(end, "check");
  let connecting: Promise<unknown> | undefined;
  const reconnect = async (): Promise<void> => {
    await current.end();
    await rm(end.socketPath, { force: true }); // of a master that was killed
    current = await logIn(target.node, { ...options, end });
  };
  const ensure = async ({ ask }: { readonly ask: boolean }): Promise<void> => {
    if (connecting === undefined) {
      if (ask ? await isAlive() : await exists(end.socketPath)) return;
      connecting ??= reconnect().finally(() => (connecting = undefined));
    }
    await connecting;
  };
  const close = async (): Promise<void> => {
    await connecting?.catch(() => undefined);
    await current.end();
    await forget();
  };
  return { end, login, shell: () => current.shell, ensure, isAlive, close };
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
