import t from "tap";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccess } from "../../../lib/access/registry.js";
import type { SshAccessConfig } from "../../../lib/model/access.js";
import { findPort, makeFolder, makeKey, PLAIN_USER, startSshd } from "../sshd.js";
import { mostMs } from "../../fixtures/patience.js";

const REFUSING_SUDO = "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n";
/** A double of sudo: it takes `-n --` only and runs the command without becoming root. */
const WORKING_SUDO = '#!/bin/sh\n[ "$1 $2" = "-n --" ] || exit 9\nshift 2\nHB_SUDO=yes exec "$@"\n';

const sshd = await startSshd({ sudo: REFUSING_SUDO });
t.teardown(() => sshd.stop());
process.env["TMPDIR"] = makeFolder("hb-access-"); // so that no other program's folders are counted
t.teardown(() => rmSync(tmpdir(), { recursive: true, force: true }));
const open = (changes: Partial<SshAccessConfig>) =>
  openAccess(sshd.target(changes), { connectTimeoutMs: 10_000 });
const listFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("hopbook-"));

t.test("an unknown host key", async (t) => {
  const knownHosts = t.testdir({ known: "" }) + "/known";
  await t.rejects(open({ knownHosts }), {
    code: "HOST_KEY_UNKNOWN",
    message: /Cannot connect to node node-a by ssh to 127\.0\.0\.1: its host key is not known/,
    hint: new RegExp(`ssh-keyscan -p ${sshd.port} 127.0.0.1 >> ${knownHosts}`),
    where: { node: "node-a" },
  });
  t.equal(readFileSync(knownHosts, "utf8"), "", "it was not taken");
});

t.test("a changed host key", async (t) => {
  const folder = t.testdir();
  makeKey(join(folder, "other"));
  const knownHosts = join(folder, "known");
  writeFileSync(knownHosts, `[127.0.0.1]:${sshd.port} ${readFileSync(join(folder, "other.pub"), "utf8")}`);
  await t.rejects(open({ knownHosts }), {
    code: "HOST_KEY_UNKNOWN",
    message: /has changed/,
    hint: new RegExp(`ssh-keygen -R '\\[127.0.0.1\\]:${sshd.port}' -f ${knownHosts}`),
  });
});

t.test("a key that is not taken, a user that is not there", async (t) => {
  await t.rejects(open({ identityFile: sshd.strangerKey }), {
    code: "SSH_AUTH_FAILED",
    message: /of user root/,
  });
  await t.rejects(open({ user: "hbnobody" }), { code: "SSH_AUTH_FAILED", detail: /Permission denied/ });
});

t.test("a closed port, a name that does not resolve, a server that says nothing", async (t) => {
  await t.rejects(open({ port: await findPort() }), {
    code: "NODE_UNREACHABLE",
    message: /Connection refused/,
  });
  const access = sshd.target().access;
  await t.rejects(openAccess({ name: "n", address: "no-such-host.invalid", access }), {
    code: "NODE_UNREACHABLE",
    message: /Could not resolve hostname/,
  });
  const mute = await listenMute();
  t.teardown(() => mute.server.close());
  const startedAt = Date.now();
  await t.rejects(openAccess(sshd.target({ port: mute.port }), { connectTimeoutMs: 1_000 }), {
    code: "NODE_UNREACHABLE",
    message: /no answer within 1000 ms|timed out/,
  });
  t.ok(Date.now() - startedAt < mostMs(10_000));
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  await t.rejects(openAccess(sshd.target({ port: mute.port }), { signal: stop.signal }), {
    code: "INTERRUPTED",
  });
});

t.test("names that ssh or a shell would read as more than names", async (t) => {
  const { access } = sshd.target();
  for (const address of ["-oProxyCommand=id", "a b", "a;id", "$(id)", "", "a\nb"]) {
    await t.rejects(
      openAccess({ name: "n", address, access }),
      { code: "INPUT_INVALID" },
      JSON.stringify(address),
    );
  }
  await t.rejects(open({ user: "-root" }), { code: "INPUT_INVALID" });
  await t.rejects(open({ proxyJump: "-x" }), { code: "INPUT_INVALID" });
  await t.rejects(open({ knownHosts: '/a"b' }), { code: "INPUT_INVALID" });
});

t.test("sudo that wants a password, and a login that needs none", async (t) => {
  await t.rejects(open({ user: PLAIN_USER }), {
    code: "SUDO_REFUSED",
    hint: /hbplain ALL=\(root\) NOPASSWD: ALL/,
    detail: /a password is required/,
  });
  const node = await open({ user: PLAIN_USER, sudo: false });
  t.equal(String((await node.exec(["id", "-u"], { action: "test", timeoutMs: 5_000 })).stdout), "12345\n");
  await node.close();
  const root = await open({});
  t.equal(
    (await root.exec(["id", "-u"], { action: "test", timeoutMs: 5_000 })).exitCode,
    0,
    "root asks no sudo",
  );
  await root.close();
});

t.test("sudo that works carries every command", async (t) => {
  const other = await startSshd({ sudo: WORKING_SUDO });
  t.teardown(() => other.stop());
  const node = await openAccess(other.target({ user: PLAIN_USER }));
  const script = 'echo "$HB_SUDO $PATH $1"; exit 255';
  const result = await node.exec(["sh", "-c", script, "sh", "a'b\nc"], { action: "test", timeoutMs: 5_000 });
  t.equal(String(result.stdout), "yes /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin a'b\nc\n");
  t.equal(result.exitCode, 255);
  const stream = node.stream(["sh", "-c", 'read -r line; echo "$HB_SUDO $line"'], { action: "test" });
  stream.write("hello\n");
  for await (const line of stream.stdoutLines) t.equal(line, "yes hello");
  await node.close();
});

t.test("a sudo that is slow to start takes nothing of a command's time", async (t) => {
  const slow = WORKING_SUDO.replace("\n", "\nsleep 1\n");
  const other = await startSshd({ sudo: slow });
  t.teardown(() => other.stop());
  const node = await openAccess(other.target({ user: PLAIN_USER }));
  const result = await node.exec(["echo", "hello"], { action: "test", timeoutMs: 500 });
  t.match(result, { exitCode: 0, timedOut: false });
  const late = await node.exec(["sleep", "30"], { action: "test", timeoutMs: 100 });
  t.ok(late.timedOut, "and it is still ended");
  await node.close();
});

t.test("start-up files that print are said, before their text is taken for a command's", async (t) => {
  const other = await startSshd({
    extraConfig: `ForceCommand echo "welcome to prod"; eval "$SSH_ORIGINAL_COMMAND"\n`,
  });
  t.teardown(() => other.stop());
  await t.rejects(openAccess(other.target()), {
    code: "NODE_UNREACHABLE",
    message: /prints before a command does/,
    detail: "welcome to prod",
  });
});

t.test("a login without a PATH, whose shell's files would hang each bash", async (t) => {
  const setup = "PATH= BASH_ENV=/dev/stdin; export PATH BASH_ENV";
  const other = await startSshd({ extraConfig: `ForceCommand ${setup}; eval "$SSH_ORIGINAL_COMMAND"\n` });
  t.teardown(() => other.stop());
  const node = await openAccess(other.target());
  const result = await node.exec(["bash", "-c", "echo hello"], {
    action: "test",
    timeoutMs: 3_000,
    stdin: "echo no\n",
  });
  t.equal(String(result.stdout), "hello\n");
  await node.close();
});

t.test("an ssh configuration of one's own", async (t) => {
  const folder = t.testdir();
  const sshConfig = join(folder, "config");
  writeFileSync(
    sshConfig,
    `Host alias\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User root\n  IdentityFile ${sshd.identityFile}\n` +
      `  UserKnownHostsFile ${sshd.knownHosts}\n  RemoteCommand echo intruder\n  RequestTTY force\n  LocalForward 1 x:1\n`,
  );
  chmodSync(sshConfig, 0o600);
  const node = await openAccess({ name: "alias", access: { via: "ssh", sshConfig } });
  t.equal(
    String((await node.exec(["echo", "hello"], { action: "test", timeoutMs: 5_000 })).stdout),
    "hello\n",
  );
  await node.close();
});

t.test("through a jump host", async (t) => {
  const sshConfig = join(t.testdir(), "config");
  writeFileSync(
    sshConfig,
    `Host jump\n  HostName 127.0.0.1\n  Port ${sshd.port}\n  User root\n  StrictHostKeyChecking yes\n` +
      `  IdentityFile ${sshd.identityFile}\n  UserKnownHostsFile ${sshd.knownHosts}\n`,
  );
  chmodSync(sshConfig, 0o600);
  const before = sshd.countLogins();
  const node = await open({ sshConfig, proxyJump: "jump" });
  t.equal(
    String((await node.exec(["echo", "hello"], { action: "test", timeoutMs: 5_000 })).stdout),
    "hello\n",
  );
  t.equal(sshd.countLogins() - before, 2, "one login at the jump host, one at the node");
  await node.close();
});

t.test("no folder is left", async (t) => {
  const before = listFolders();
  const node = await open({});
  t.equal(listFolders().length, before.length + 1);
  await node.close();
  await node.close();
  t.same(listFolders(), before);
  await t.rejects(open({ identityFile: sshd.strangerKey }));
  t.same(listFolders(), before);
  await t.rejects(node.exec(["true"], { action: "test", timeoutMs: 1_000 }), { code: "INTERNAL" });
});

async function listenMute(): Promise<{ server: Server; port: number }> {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, port: address.port };
}
