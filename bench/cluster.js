// hopbook on a real cluster against the same done by hand with kubectl, in one run.
//   npm run build; KUBECONFIG=FILE KUBECTL=kubectl IMAGE=registry/tools:1 npm run bench:cluster
// By hand is a pod of `kubectl debug node` a hop, with no time for typing and no looking for names. The goal holds
// what hopbook needs for the same six hops from there; its whole command, with discovery, stands beside it.
// The cluster has the pods shop/client and shop/web on two nodes (npm run cluster:up makes such a one).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, closeSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openAccess } from "../dist/access/registry.js";
import { planCaptures, startCaptures } from "../dist/capture/index.js";
import { openKube } from "../dist/kube/index.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { KUBECONFIG, KUBECTL = "kubectl", IMAGE } = process.env;
if (KUBECONFIG === undefined || IMAGE === undefined) {
  console.error("usage: KUBECONFIG=FILE KUBECTL=kubectl IMAGE=registry/tools:1 node bench/cluster.js");
  process.exit(2);
}
const GOALS = { byHand: 1 / 5, warmSeconds: 1.5, pull: { megabytesPerSecond: 60, overKubectl: 0.9 } };
const REST_MS = 5000;
const PULL_BYTES = 200 * 1000 * 1000;
const LEASE = { runId: "bench", owner: "bench@hopbook", durationMs: 10 * 60_000 };
const CAPTURE = {
  ...{
    runId: "bench",
    workDir: "/var/tmp",
    payload: false,
    maxSeconds: 60,
    leaseSeconds: 15,
    sshConnections: {},
  },
  ...{ maxBytes: 16 * 1024 * 1024, minFreeBytes: 1024 * 1024, bufferKiB: 2048 },
};
const dir = mkdtempSync(join(tmpdir(), "hopbook-bench-"));
let failed = false;
try {
  const profile = join(dir, "hopbook.yaml");
  writeFileSync(profile, profileText("0s"));
  const warmProfile = join(dir, "warm.yaml");
  writeFileSync(warmProfile, profileText("5m"));

  const path = readPath(profile);
  const { hops } = path;
  const six = chooseSix(hops);
  const byHand = await median(3, () => rested(() => listenByHand(six, "after")));
  const together = await median(3, () => rested(() => listenByHand(six, "beside")));
  console.log(`six hops by hand, one after the other    ${byHand.toFixed(2)} s`);
  console.log(`six hops by hand, all at the same time   ${together.toFixed(2)} s`);
  const known = await median(3, () => rested(() => listenToKnown(path, six)));
  console.log(`the same six by hopbook, pods to be made ${known.toFixed(2)} s`);
  judge("hopbook's time over that by hand", known / byHand, { most: GOALS.byHand });
  judge("the same, over six pods at the same time", known / together, {});
  const cold = await median(3, () => listenByCommand(profile));
  console.log(
    `hopbook run, its start, discovery and ${hops.length} hops: ${cold.toFixed(2)} s with pods to be made`,
  );
  await listenByCommand(warmProfile);
  const warm = await median(3, () => listenByCommand(warmProfile));
  console.log(
    `hopbook run, its start, discovery and ${hops.length} hops: ${warm.toFixed(2)} s with warm pods`,
  );
  await benchWays();
  await benchPull();
} finally {
  hopbook(["reap", "--cluster", join(dir, "warm.yaml"), "--force", "--yes"]);
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function profileText(keepWarm) {
  return JSON.stringify({
    apiVersion: "hopbook.dev/v1",
    kind: "ClusterProfile",
    metadata: { name: "bench" },
    kube: { kubeconfig: KUBECONFIG },
    images: { tools: IMAGE },
    access: { via: "debugPod", keepWarm },
  });
}

function hopbook(args) {
  return spawnSync(process.execPath, [join(ROOT, "bin/hopbook.js"), ...args], { encoding: "utf8", cwd: dir });
}

function readPath(profile) {
  const found = hopbook([
    "hops",
    "shop/client",
    "--to",
    "shop/web:8080",
    "--cluster",
    profile,
    "--yes",
    "-o",
    "json",
  ]);
  if (found.status !== 0) throw new Error(`Cannot find the hops: ${found.stderr}`);
  return JSON.parse(found.stdout);
}

/** Both pods, their nodes' sides and both NICs: what the blog posts capture. */
function chooseSix(hops) {
  const six = hops.filter(({ role }) => ["pod", "host-veth", "nic"].includes(role));
  if (six.length !== 6) throw new Error(`the path has ${six.length} such hops, not 6`);
  return six;
}

function kubectl(args) {
  const result = spawnSync(KUBECTL, ["--kubeconfig", KUBECONFIG, ...args], { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

/** Seconds until six tcpdumps listen, each in a pod of its own, as `kubectl debug node` makes them. */
async function listenByHand(hops, how) {
  const names = [];
  const begun = performance.now();
  const one = async (hop) => {
    const netns =
      hop.netns.kind === "path"
        ? [`--net=/host${hop.netns.path.replace("/var/run/", "/run/")}`]
        : ["-t", "1", "-n"];
    const tcpdump = ["nsenter", ...netns, "tcpdump", "-i", hop.interface, "-w", "/dev/null", "tcp"];
    const made = await run(KUBECTL, [
      ...["--kubeconfig", KUBECONFIG, "-n", "default", "debug", `node/${hop.node}`, "--profile=sysadmin"],
      ...[`--image=${IMAGE}`, "--", "timeout", "120", ...tcpdump],
    ]);
    const name = /pod (node-debugger-\S+)/.exec(made)?.[1];
    if (name === undefined) throw new Error(`kubectl debug said: ${made}`);
    names.push(name);
    for (let tries = 0; tries < 300; tries++) {
      const log = await run(KUBECTL, ["--kubeconfig", KUBECONFIG, "-n", "default", "logs", name]).catch(
        () => "",
      );
      if (log.includes("listening on")) return;
    }
    throw new Error(`${name} does not listen`);
  };
  try {
    if (how === "after") for (const hop of hops) await one(hop);
    else await Promise.all(hops.map(one));
    return (performance.now() - begun) / 1000;
  } finally {
    if (names.length > 0)
      kubectl(["-n", "default", "delete", "pod", "--grace-period=0", "--force", ...names]);
  }
}

/** Seconds until the same six listen in pods of hopbook's: as by hand, what to capture where is known. */
async function listenToKnown(path, hops) {
  const flow = { id: "f0-tcp", path: { ...path, hops, replyHops: null }, protocol: "tcp", probe: null };
  const nodes = [...new Set(hops.map(({ node }) => node))];
  const begun = performance.now();
  const opened = await Promise.allSettled(
    nodes.map((node) => openAccess(target(node, 0), { openKube, lease: LEASE })),
  );
  const accesses = opened.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  try {
    const refused = opened.find(({ status }) => status === "rejected");
    if (refused !== undefined) throw refused.reason;
    const plans = planCaptures([flow], CAPTURE);
    const { signal } = new globalThis.AbortController();
    const session = await startCaptures(plans, {
      accesses: new Map(accesses.map((access) => [access.node, access])),
      signal,
    });
    const seconds = (performance.now() - begun) / 1000;
    await session.abort();
    return seconds;
  } finally {
    await Promise.all(accesses.map((access) => access.close()));
  }
}

/** Seconds from the command's start until all hops listen. */
async function listenByCommand(profile) {
  const args = [
    "run",
    "trace-path",
    "--from",
    "shop/client",
    "--to",
    "shop/web:8080",
    "--cluster",
    profile,
    "--yes",
  ];
  const begun = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "bin/hopbook.js"), ...args], { cwd: dir });
  let said = "";
  let seconds = NaN;
  child.stderr.on("data", (chunk) => {
    said += chunk;
    if (Number.isNaN(seconds) && said.includes("hops listening"))
      seconds = (performance.now() - begun) / 1000;
  });
  child.stdout.resume();
  const code = await new Promise((end) => child.on("close", end));
  if (code !== 0 || Number.isNaN(seconds)) throw new Error(`hopbook run ended with ${code}: ${said}`);
  return seconds;
}

function target(node, keepWarmMs = 300_000) {
  return {
    name: node,
    access: { via: "debugPod", kube: { kubeconfig: [KUBECONFIG] }, image: IMAGE, keepWarmMs },
  };
}

/** Until the first command's answer, where the pod is there. */
async function benchWays() {
  const open = async () => {
    const begun = performance.now();
    const access = await openAccess(target("node-a"), { openKube, lease: LEASE });
    await access.exec(["true"], { action: "bench", timeoutMs: 5000 });
    const seconds = (performance.now() - begun) / 1000;
    await access.close();
    return seconds;
  };
  await open();
  judge("warm start of a way in, seconds", await median(5, open), { most: GOALS.warmSeconds });
}

/** By turns, so that both see the same machine; each to a file. */
async function benchPull() {
  const access = await openAccess(target("node-a"), { openKube, lease: LEASE });
  const file = "/var/tmp/hopbook-bench.bin";
  const [mine, theirs] = [join(dir, "mine"), join(dir, "theirs")];
  const options = { action: "bench", timeoutMs: 120_000 };
  try {
    const made = await access.exec(
      ["sh", "-c", 'head -c "$1" /dev/urandom >"$2"', "sh", String(PULL_BYTES), file],
      options,
    );
    if (made.exitCode !== 0) throw new Error(`Cannot make ${file} on node-a: ${made.stderr}`);
    const pod = /^pod default\/([a-z0-9-]+)/.exec(access.made ?? "")?.[1];
    if (pod === undefined) throw new Error(`the pod is not known: ${access.made}`);
    const rates = { mine: [], theirs: [] };
    for (let index = 0; index < 5; index++) {
      rates.mine.push(await rateOf(mine, () => access.pull(file, mine, options)));
      rates.theirs.push(await rateOf(theirs, () => catByKubectl(pod, { file, to: theirs })));
    }
    if (!readFileSync(mine).equals(readFileSync(theirs))) throw new Error("what was pulled differs");
    const [ours, kubectls] = [middle(rates.mine), middle(rates.theirs)];
    console.log(
      `200 MB pulled: hopbook ${ours.toFixed(0)} MB/s with its hash, kubectl exec … cat ${kubectls.toFixed(0)} MB/s`,
    );
    judge("hopbook's rate over kubectl's", ours / kubectls, {
      least: ours >= GOALS.pull.megabytesPerSecond ? 0 : GOALS.pull.overKubectl,
    });
  } finally {
    await access.exec(["rm", "-f", file], { action: "bench", timeoutMs: 14_000 });
    await access.close();
  }
}

/** Megabytes a second. */
async function rateOf(local, pull) {
  const begun = performance.now();
  await pull();
  const seconds = (performance.now() - begun) / 1000;
  const { size } = statSync(local);
  if (size !== PULL_BYTES) throw new Error(`${local} was cut short: ${size} bytes`);
  return size / 1e6 / seconds;
}

async function catByKubectl(pod, { file, to }) {
  const fd = openSync(to, "w");
  try {
    const argv = ["nsenter", "-t", "1", "-m", "--", "cat", file];
    const child = spawn(KUBECTL, ["--kubeconfig", KUBECONFIG, "-n", "default", "exec", pod, "--", ...argv], {
      stdio: ["ignore", fd, "inherit"],
    });
    await new Promise((end, fail) => {
      child.on("error", fail);
      child.on("close", end);
    });
  } finally {
    closeSync(fd);
  }
}

/** What was deleted is still being ended by the kubelets: that is not to weigh on what is measured next. */
async function rested(one) {
  await sleep(REST_MS);
  return one();
}

async function median(times, one) {
  const results = [];
  for (let index = 0; index < times; index++) results.push(await one());
  return middle(results);
}

function middle(results) {
  return [...results].sort((a, b) => a - b)[Math.floor(results.length / 2)];
}

function judge(what, ratio, { most, least }) {
  const good = (most === undefined || ratio <= most) && (least === undefined || ratio >= least);
  if (!good) failed = true;
  const goal =
    most !== undefined ? `goal ≤ ${most}` : least !== undefined && least > 0 ? `goal ≥ ${least}` : "";
  console.log(`${what.padEnd(44)} ${ratio.toFixed(2)}   ${goal}${good ? "" : "   MISSED"}`);
}

function run(command, args) {
  return new Promise((end, fail) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (out += chunk));
    child.on("error", fail);
    child.on("close", (code) => (code === 0 ? end(out) : fail(new Error(out))));
  });
}
