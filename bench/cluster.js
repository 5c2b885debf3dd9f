// hopbook on a real cluster against the same done by hand with kubectl, in one run.
//   KUBECONFIG=FILE KUBECTL=kubectl IMAGE=registry/tools:1 node bench/cluster.js
// The cluster has the pods shop/client and shop/web on two nodes (npm run cluster:up makes such a one).
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, closeSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openAccess } from "../dist/access/registry.js";
import { openKube } from "../dist/kube/index.js";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { KUBECONFIG, KUBECTL = "kubectl", IMAGE } = process.env;
if (KUBECONFIG === undefined || IMAGE === undefined) {
  console.error("usage: KUBECONFIG=FILE KUBECTL=kubectl IMAGE=registry/tools:1 node bench/cluster.js");
  process.exit(2);
}
const GOALS = { byHand: 1 / 5, warmSeconds: 1.5, pull: { megabytesPerSecond: 60, overKubectl: 0.9 } };
const PULL_BYTES = 200 * 1000 * 1000;
const LEASE = { runId: "bench", owner: "bench@hopbook", durationMs: 10 * 60_000 };
const dir = mkdtempSync(join(tmpdir(), "hopbook-bench-"));
let failed = false;
try {
  const profile = join(dir, "hopbook.yaml");
  writeFileSync(profile, profileText("0s"));
  const warmProfile = join(dir, "warm.yaml");
  writeFileSync(warmProfile, profileText("5m"));

  const hops = readHops(profile);
  const six = chooseSix(hops);
  const [byHand, together] = [await listenByHand(six, "after"), await listenByHand(six, "beside")];
  console.log(`six hops by hand, one after the other    ${byHand.toFixed(2)} s`);
  console.log(`six hops by hand, all at the same time   ${together.toFixed(2)} s`);
  const cold = await median(3, () => listenByHopbook(profile));
  console.log(
    `hopbook, ${hops.length} hops, pods to be made         ${cold.toFixed(2)} s (its own start included)`,
  );
  judge("hopbook's time over that by hand", cold / byHand, { most: GOALS.byHand });
  judge("the same, over six pods at the same time", cold / together, {});
  await listenByHopbook(warmProfile);
  const warm = await median(3, () => listenByHopbook(warmProfile));
  console.log(`hopbook, ${hops.length} hops, warm pods               ${warm.toFixed(2)} s`);
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

function readHops(profile) {
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
  return JSON.parse(found.stdout).hops;
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
    const netns = hop.netns.kind === "path" ? [`--net=/host${hop.netns.path.replace("/var/run/", "/run/")}`] : ["-t", "1", "-n"];
    const tcpdump = ["nsenter", ...netns, "tcpdump", "-i", hop.interface, "-w", "/dev/null", "tcp"];
    const made = await run(KUBECTL, [
      ...["--kubeconfig", KUBECONFIG, "-n", "default", "debug", `node/${hop.node}`, "--profile=sysadmin"],
      ...[`--image=${IMAGE}`, "--", "timeout", "120", ...tcpdump],
    ]);
    const name = /pod (node-debugger-\S+)/.exec(made)?.[1] ?? "";
    names.push(name);
    for (let tries = 0; tries < 300; tries++) {
      const log = await run(KUBECTL, ["--kubeconfig", KUBECONFIG, "-n", "default", "logs", name]).catch(
        () => "",
      );
      if (log.includes("listening on")) return;
    }
    throw new Error(`${name} does not listen`);
  };
  if (how === "after") for (const hop of hops) await one(hop);
  else await Promise.all(hops.map(one));
  const seconds = (performance.now() - begun) / 1000;
  kubectl(["-n", "default", "delete", "pod", "--grace-period=0", "--force", ...names]);
  return seconds;
}

/** Seconds from the command's start until all hops listen. */
async function listenByHopbook(profile) {
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

function target(node) {
  return {
    name: node,
    access: { via: "debugPod", kube: { kubeconfig: [KUBECONFIG] }, image: IMAGE, keepWarmMs: 300_000 },
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

async function benchPull() {
  const access = await openAccess(target("node-a"), { openKube, lease: LEASE });
  const file = "/var/tmp/hopbook-bench.bin";
  try {
    const size = String(PULL_BYTES);
    await access.exec(["sh", "-c", 'head -c "$1" /dev/urandom >"$2"', "sh", size, file], {
      ...{ action: "bench", timeoutMs: 14_000 },
    });
    const pod = JSON.parse(
      kubectl(["get", "pods", "-n", "default", "-l", "app.kubernetes.io/managed-by=hopbook", "-o", "json"]),
    ).items.find((item) => item.spec.nodeName === "node-a").metadata.name;
    const local = join(dir, "pulled");
    const ours = await median(3, async () => {
      const begun = performance.now();
      await access.pull(file, local, { action: "bench", timeoutMs: 60_000 });
      return PULL_BYTES / 1e6 / ((performance.now() - begun) / 1000);
    });
    const theirs = await median(3, async () => {
      const fd = openSync(join(dir, "theirs"), "w");
      const begun = performance.now();
      const argv = ["nsenter", "-t", "1", "-m", "--", "cat", file];
      const child = spawn(
        KUBECTL,
        ["--kubeconfig", KUBECONFIG, "-n", "default", "exec", pod, "--", ...argv],
        {
          stdio: ["ignore", fd, "inherit"],
        },
      );
      await new Promise((end) => child.on("close", end));
      closeSync(fd);
      if (statSync(join(dir, "theirs")).size !== PULL_BYTES)
        throw new Error("kubectl exec … cat was cut short");
      return PULL_BYTES / 1e6 / ((performance.now() - begun) / 1000);
    });
    const same = readFileSync(local).equals(readFileSync(join(dir, "theirs")));
    console.log(
      `200 MB pulled: hopbook ${ours.toFixed(0)} MB/s, kubectl exec … cat ${theirs.toFixed(0)} MB/s, same bytes: ${same}`,
    );
    judge("hopbook's rate over kubectl's", ours / theirs, {
      least: ours >= GOALS.pull.megabytesPerSecond ? 0 : GOALS.pull.overKubectl,
    });
  } finally {
    await access.exec(["rm", "-f", file], { action: "bench", timeoutMs: 5000 });
    await access.close();
  }
}

async function median(times, one) {
  const results = [];
  for (let index = 0; index < times; index++) results.push(await one());
  return results.sort((a, b) => a - b)[Math.floor(times / 2)];
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
