// Captures at the NICs of many nodes by SSH: hopbook against a shell loop of ssh, and Ansible's raw module, in one run.
//   npm run build; node bench/fleet.js [NODES]       default 40; needs root, sshd, tcpdump; Ansible where it is installed
// A node is a network namespace with a real sshd, and a /var/tmp and home of its own (a login reads no start-up files). All of it is taken down at the end.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { hasProgram, judge } from "./measure.js";

const HOPBOOK = join(dirname(fileURLToPath(import.meta.url)), "../bin/hopbook.js");
const GOALS = { loop: 1.3, ansible: 5 };
/** The default of `hopbook capture`. */
const SECONDS = 10;
/** Ansible's own default: so many nodes at once. */
const ANSIBLE_FORKS = 5;
const most = Number(process.argv[2] ?? 40);
const dir = mkdtempSync(join(tmpdir(), "hopbook-fleet-"));
const prefix = `hbf${process.pid}`;
const operator = `${prefix}-op`;
const children = [];
try {
  await up(most);
  for (const count of [Math.ceil(most / 3), most]) {
    const names = Array.from({ length: count }, (_, index) => nameOf(index));
    const loop = byLoop(names);
    console.log(`${count} nodes, ${SECONDS} s of capture at each`);
    console.log(`ssh in a shell loop, all at once   ${loop.toFixed(2)} s`);
    const hopbook = byHopbook(names);
    console.log(
      `hopbook capture                    ${hopbook.seconds.toFixed(2)} s, ${hopbook.peakMib.toFixed(0)} MiB`,
    );
    console.log(
      `  from the first capture that listened to the last: ${hopbook.skewMs} ms; packets at every node`,
    );
    judge("hopbook's time over the loop's", hopbook.seconds / loop, { most: GOALS.loop });
    if (!hasProgram("ansible")) console.log("ansible is not installed: not compared");
    else {
      const wide = byAnsible(names, count);
      console.log(`ansible -f ${count} -m raw, all at once   ${wide.toFixed(2)} s`);
      if (count === most) {
        const ansible = byAnsible(names, ANSIBLE_FORKS);
        console.log(`ansible -m raw, its ${ANSIBLE_FORKS} forks        ${ansible.toFixed(2)} s`);
        judge("Ansible's time, as it comes, over hopbook's", ansible / hopbook.seconds, {
          least: GOALS.ansible,
        });
      }
    }
  }
} finally {
  for (const child of children) child.kill("SIGTERM");
  for (const name of [...Array.from({ length: most }, (_, index) => `${prefix}-${nameOf(index)}`), operator])
    spawnSync("ip", ["netns", "del", name], { stdio: "ignore" });
  rmSync(dir, { recursive: true, force: true });
}

function nameOf(index) {
  return `n${index + 1}`;
}

function addressOf(index) {
  return `10.78.${Math.floor(index / 200)}.${(index % 200) + 10}`;
}

async function up(count) {
  const run = (...argv) => execFileSync(argv[0], argv.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  for (const key of ["host", "user"])
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(dir, key));
  mkdirSync("/run/sshd", { recursive: true });
  run("ip", "netns", "add", operator);
  const inOperator = (...argv) => run("ip", "netns", "exec", operator, ...argv);
  inOperator("ip", "link", "set", "lo", "up");
  inOperator("ip", "link", "add", "br0", "type", "bridge");
  inOperator("ip", "address", "add", "10.78.255.1/16", "dev", "br0");
  inOperator("ip", "link", "set", "br0", "up");
  const settings = [
    ...[
      "Port 22",
      `HostKey ${join(dir, "host")}`,
      `AuthorizedKeysFile ${join(dir, "user.pub")}`,
      "StrictModes no",
    ],
    ...[
      "UsePAM no",
      "PidFile none",
      "PermitRootLogin prohibit-password",
      "MaxStartups 1000",
      "MaxSessions 100",
    ],
  ];
  writeFileSync(join(dir, "sshd_config"), `${settings.join("\n")}\n`);
  const nodes = Array.from({ length: count }, (_, index) => ({
    name: nameOf(index),
    address: addressOf(index),
  }));
  for (const [index, { name, address }] of nodes.entries()) {
    const netns = `${prefix}-${name}`;
    run("ip", "netns", "add", netns);
    run(
      "ip",
      "link",
      "add",
      `${prefix}${index}`,
      "netns",
      operator,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      netns,
    );
    inOperator("ip", "link", "set", `${prefix}${index}`, "master", "br0", "up");
    for (const words of [`address add ${address}/16 dev eth0`, "link set eth0 up", "link set lo up"])
      run("ip", "-n", netns, ...words.split(" "));
    const script =
      'mount -t tmpfs tmpfs /var/tmp && mount -t tmpfs tmpfs /root && exec /usr/sbin/sshd -D -f "$1"';
    const argv = [
      "netns",
      "exec",
      netns,
      "unshare",
      "-m",
      "sh",
      "-c",
      script,
      "sh",
      join(dir, "sshd_config"),
    ];
    children.push(spawn("ip", argv, { stdio: "ignore" }));
  }
  const hostKey = readFileSync(join(dir, "host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  writeFileSync(join(dir, "known_hosts"), nodes.map(({ address }) => `${address} ${hostKey}\n`).join(""));
  const hosts = nodes.map(({ name, address }) => `Host ${name} ${address}\n  HostName ${address}\n`).join("");
  const all = [
    ...["User root", `IdentityFile ${join(dir, "user")}`, "IdentitiesOnly yes", "StrictHostKeyChecking yes"],
    ...[`UserKnownHostsFile ${join(dir, "known_hosts")}`, "GlobalKnownHostsFile /dev/null", "CheckHostIP no"],
  ];
  writeFileSync(join(dir, "ssh_config"), `${hosts}Host *\n${all.map((line) => `  ${line}\n`).join("")}`);
  writeFileSync(
    join(dir, "hopbook.yaml"),
    JSON.stringify({
      apiVersion: "hopbook.dev/v1",
      kind: "ClusterProfile",
      metadata: { name: "fleet" },
      access: { via: "ssh", user: "root", sudo: false, sshConfig: "./ssh_config" },
      nodes,
    }),
  );
  writeFileSync(join(dir, "inventory"), nodes.map(({ name }) => `${name}\n`).join(""));
  for (const { address } of nodes) await reachable(address);
  // Something to capture: the operator pings each node all the time.
  for (const { address } of nodes)
    children.push(
      spawn("ip", ["netns", "exec", operator, "ping", "-q", "-i", "0.5", address], { stdio: "ignore" }),
    );
}

async function reachable(address) {
  for (let tries = 0; tries < 100; tries++) {
    const argv = ["netns", "exec", operator, "nc", "-z", "-w", "1", address, "22"];
    if (spawnSync("ip", argv, { stdio: "ignore" }).status === 0) return;
    await sleep(100);
  }
  throw new Error(`No sshd answers at ${address}`);
}

function timed(argv, env = {}) {
  const began = performance.now();
  const result = spawnSync("ip", ["netns", "exec", operator, ...argv], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (result.status !== 0)
    throw new Error(`${argv.join(" ").slice(0, 200)}: ${result.stdout}${result.stderr}`);
  return { seconds: (performance.now() - began) / 1000, stdout: result.stdout };
}

/** What somebody types: a tcpdump on each node for some seconds, its file brought here. */
function byLoop(names) {
  const to = join(dir, "loop");
  mkdirSync(to, { recursive: true });
  const remote = `timeout ${SECONDS} tcpdump -U -s 128 -i eth0 -w /var/tmp/x.pcap icmp 2>/dev/null; cat /var/tmp/x.pcap`;
  const script = `for n; do ssh -F ${join(dir, "ssh_config")} $n '${remote}' >${to}/$n.pcap & done; wait`;
  const { seconds } = timed(["sh", "-c", script, "sh", ...names]);
  for (const name of names) requirePackets(join(to, `${name}.pcap`));
  return seconds;
}

function byHopbook(names) {
  const out = join(dir, `run-${names.length}`);
  const nodes = names.flatMap((name) => ["--node", name]);
  const { seconds, stdout } = timed(
    [
      ...[
        "sh",
        "-c",
        'node "$@"; status=$?; exit $status',
        "sh",
        "--import",
        peakProgram(),
        HOPBOOK,
        "capture",
      ],
      ...[...nodes, "--interface", "eth0", "--filter", "icmp", "--duration", `${SECONDS}s`],
      ...["--cluster", join(dir, "hopbook.yaml"), "--yes", "--out", out, "-o", "json"],
    ],
    { HOPBOOK_BENCH_PEAK: join(dir, "peak") },
  );
  const run = existsSync(join(out, "findings.json")) ? out : join(out, readdirSync(out)[0]);
  const { captures: records } = JSON.parse(readFileSync(join(run, "evidence/captures.json"), "utf8"));
  const starts = records.map(({ listeningAtSec }) => listeningAtSec);
  for (const { pcap } of records) requirePackets(join(run, pcap));
  if (records.length !== names.length) throw new Error(`${records.length} captures: ${stdout.slice(0, 500)}`);
  const peakMib = Number(readFileSync(join(dir, "peak"), "utf8")) / 1024;
  return { seconds, peakMib, skewMs: Math.round((Math.max(...starts) - Math.min(...starts)) * 1000) };
}

/** Writes the peak of its memory where the bench looks for it. */
function peakProgram() {
  const path = join(dir, "peak.mjs");
  const text = `import { writeFileSync } from "node:fs";
process.on("exit", () => writeFileSync(process.env.HOPBOOK_BENCH_PEAK, String(process.resourceUsage().maxRSS)));\n`;
  writeFileSync(path, text);
  return path;
}

function byAnsible(names, forks) {
  const remote = `timeout ${SECONDS} tcpdump -U -s 128 -i eth0 -w /var/tmp/x.pcap icmp 2>/dev/null; base64 /var/tmp/x.pcap`;
  const argv = [
    "ansible",
    names.join(","),
    "-i",
    join(dir, "inventory"),
    "-f",
    String(forks),
    "-m",
    "raw",
    "-a",
    remote,
  ];
  return timed(argv, {
    ANSIBLE_SSH_ARGS: `-F ${join(dir, "ssh_config")}`,
    ANSIBLE_NOCOLOR: "1",
    HOME: dir,
  }).seconds;
}

function requirePackets(path) {
  if (statSync(path).size <= 24) throw new Error(`${path} holds no packet`);
}
