import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeTarget, SshAccessConfig } from "../../lib/model/access.js";

const SSHD = "/usr/sbin/sshd";
/** uid and name of the login that is not root; it exists in the sshd's own mount namespace only. */
export const PLAIN_USER = "hbplain";

/** As it was at the start: a test may set TMPDIR. */
const TMPDIR = tmpdir();

export function makeFolder(prefix: string): string {
  return mkdtempSync(join(TMPDIR, prefix));
}

export interface TestSshd {
  readonly folder: string;
  readonly port: number;
  readonly knownHosts: string;
  readonly identityFile: string;
  /** A key that sshd does not take. */
  readonly strangerKey: string;
  target(changes?: Partial<SshAccessConfig>): NodeTarget;
  log(): string;
  /** Connections that logged in, since the start. */
  countLogins(): number;
  /** Ends sshd and every session of it. */
  stop(): Promise<void>;
}

export interface TestSshdOptions {
  readonly extraConfig?: string;
  /** The text of a `sudo` in the server's own /usr/local/bin. */
  readonly sudo?: string;
}

/** Starts a real sshd on a free port of 127.0.0.1. Throws, with the reason, where that cannot be. */
export async function startSshd(options: TestSshdOptions = {}): Promise<TestSshd> {
  if (process.getuid?.() !== 0) throw new Error("the ssh tests start an sshd of their own: run them as root");
  if (!existsSync(SSHD)) throw new Error(`the ssh tests need ${SSHD}: install openssh-server`);
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const folder = makeFolder("hb-sshd-");
  chmodSync(folder, 0o755);
  for (const name of ["host", "login", "stranger"]) makeKey(join(folder, name));
  const port = await findPort();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("authorized"), readFileSync(at("login.pub")));
  writeFileSync(at("known"), `[127.0.0.1]:${port} ${readFileSync(at("host.pub"), "utf8")}`);
  writeFileSync(at("config"), configText(folder, port) + (options.extraConfig ?? ""));
  mkdirSync(at("bin"));
  if (options.sudo !== undefined) writeFileSync(at("bin/sudo"), options.sudo, { mode: 0o755 });
  const user = `${PLAIN_USER}:x:12345:65534:plain:/:/bin/sh\n`;
  writeFileSync(at("passwd"), readFileSync("/etc/passwd", "utf8") + user);
  const script = `mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/bin" /usr/local/bin &&
    mount -t tmpfs tmpfs /root &&
    exec ${SSHD} -D -e -f "$1/config"`;
  const child = spawn(
    "unshare",
    ["-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c", script, "sh", folder],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (let tries = 0; !log.includes("Server listening"); tries++) {
    if (tries > 250 || child.exitCode !== null) throw new Error(`sshd did not start: ${log}`);
    await sleep(20);
  }
  return {
    folder,
    port,
    knownHosts: at("known"),
    identityFile: at("login"),
    strangerKey: at("stranger"),
    target: (changes = {}) => ({
      name: "node-a",
      address: "127.0.0.1",
      access: {
        via: "ssh",
        user: "root",
        port,
        sshConfig: "/dev/null",
        identityFile: at("login"),
        knownHosts: at("known"),
        ...changes,
      },
    }),
    log: () => log,
    countLogins: () => log.split("Accepted publickey").length - 1,
    stop: async () => {
      child.kill("SIGKILL"); // and with it the first process of its PID namespace, so every session
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configText(folder: string, port: number): string {
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel VERBOSE
`;
}

export function makeKey(path: string): void {
  const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`ssh-keygen failed: ${made.stderr}`);
}

/** A port that was free a moment ago. */
export async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export async function waitUntil(holds: () => boolean, limitMs = 5_000): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if (holds()) return true;
    await sleep(20);
  }
  return holds();
}
