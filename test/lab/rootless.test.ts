import t from "tap";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The lab in a user namespace, as a user who is made for the test and removed after it. The user may not be
 * allowed to read this tree, so what it runs is a compiled copy.
 */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const USER = "hopbook-labtest";
const run = (argv: readonly string[]) =>
  spawnSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8", timeout: 240_000 });
const canMakeUsers =
  process.getuid?.() === 0 && existsSync("/usr/sbin/useradd") && existsSync("/usr/bin/newuidmap");

function compileInto(folder: string): void {
  const built = run([process.execPath, join(ROOT, "bin/build.js"), join(folder, "lib")]);
  if (built.status !== 0) throw new Error(built.stderr);
  for (const name of ["yaml", "ipaddr.js"])
    cpSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "main.js"), PROGRAM);
}

const PROGRAM = `
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import * as lab from "./lib/lab/index.js";
const options = { name: "rootless", dir: process.argv[2] };
const seen = {};
const state = await lab.upLab({ ...options, topology: "calico-vxlan" });
seen.rootless = state.rootless;
const client = async (...argv) => (await lab.execInPod(state, "shop/client", argv));
seen.ping = (await client("ping", "-c1", "-W20", "192.168.218.65")).exitCode;
seen.dig = (await client("dig", "+short", "+time=20", "@10.96.0.10", "web.shop.svc.cluster.local")).stdout;
seen.curl = (await client("curl", "-sS", "-m20", "http://10.96.0.20/")).stdout;
const dump = ["timeout", "60", "tcpdump", "-i", "eth0", "-c1", "-w", "/var/tmp/x.pcap", "udp port 4789"];
let isCaptured = false;
const capturing = lab.execInNode(state, "node-b", dump).finally(() => (isCaptured = true));
while (!isCaptured) await client("ping", "-c3", "-i0.2", "192.168.218.65");
const captured = await capturing;
seen.tcpdump = captured.stderr.includes("1 packet captured");
seen.ssh = spawnSync("ssh", ["-F", state.files.sshConfig, "node-b", "hostname; id -u"], { encoding: "utf8" }).stdout;
seen.tracefs = (await lab.execInNode(state, "node-a", ["ls", "/sys/kernel/tracing"])).stdout;
seen.faults = [];
for (const { name } of lab.listFaults()) {
  await lab.setFault({ ...options, fault: name, on: true });
  await lab.setFault({ ...options, fault: name, on: false });
  seen.faults.push(name);
}
seen.after = (await client("ping", "-c1", "-W20", "192.168.218.65")).exitCode;
await lab.downLab(options);
seen.left = readdirSync(process.argv[2]);
console.log(JSON.stringify(seen));
`;

t.test("without root", { skip: canMakeUsers ? false : "needs root, useradd and newuidmap" }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "hopbook-rootless-"));
  t.teardown(() => {
    run(["userdel", USER]);
    rmSync(folder, { recursive: true });
  });
  t.equal(run(["useradd", "--no-create-home", "--shell", "/bin/sh", USER]).status, 0, "the user is made");
  compileInto(folder);
  chmodSync(folder, 0o755);
  const base = join(folder, "labs");
  mkdirSync(base);
  const uid = Number(run(["id", "-u", USER]).stdout);
  t.equal(run(["chown", USER, base]).status, 0);
  const asUser = (main: string, env: Record<string, string> = {}) =>
    spawnSync(
      "setpriv",
      ["--reuid", USER, "--regid", USER, "--clear-groups", process.execPath, join(folder, main), base],
      {
        encoding: "utf8",
        timeout: 400_000,
        cwd: "/",
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", USER, ...env },
      },
    );

  const result = asUser("main.js");
  t.equal(result.status, 0, result.stderr);
  const seen = JSON.parse(result.stdout);
  const { faults, ...rest } = seen;
  t.same(rest, {
    rootless: true,
    ping: 0,
    dig: "10.96.0.20\n",
    curl: "web of shop answers\n",
    tcpdump: true,
    ssh: "node-b\n0\n",
    tracefs: "",
    after: 0,
    left: [],
  });
  t.equal(faults.length, 17, "every fault goes on and off");
  const left = readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      if (status.includes("State:\tZ")) return []; // Dead, and not reaped yet.
      return status.includes(`Uid:\t${String(uid)}\t`)
        ? [`${status} ${readFileSync(`/proc/${pid}/cmdline`, "utf8")}`]
        : [];
    } catch {
      return [];
    }
  });
  t.same(left, [], "no process is left");

  const ids = readFileSync("/etc/subuid", "utf8");
  writeFileSync("/etc/subuid", ids.replace(new RegExp(`^${USER}:.*\n`, "m"), ""));
  const refused = asUser("main.js");
  writeFileSync("/etc/subuid", ids);
  t.match(refused.stderr, /LAB_UNAVAILABLE/);
  t.match(refused.stderr, /no subordinate ids in \/etc\/subuid/);
  t.match(refused.stderr, /usermod --add-subuids/);
  t.same(readdirSync(base), [], "a refused lab leaves nothing");
});
