import t, { type Test } from "tap";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downLab, execInNode, upLab } from "../../lib/lab/index.js";
import { mostMs, waitUntil } from "../fixtures/patience.js";
import { Bench, ENDS, expectError, expectEvidence } from "./bench.js";
import { LISTENING, runCli, startCli } from "./cli.js";
import { findProcesses, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { hideTool, must } from "./slow.js";

/** Nodes that are not as they should be: an error that helps, the evidence that there is, and nothing left there. */

const bench = await Bench.open("badnode");
const { lab, cli } = bench;
t.teardown(() => bench.close());

t.test(
  "a node without tcpdump: the other one's hops are captured; where both lack it, nothing can be",
  async (t) => {
    const restore = await hideTool(lab, "node-b", "tcpdump");
    const half = await bench.run(...ENDS);
    t.equal(half.exitCode, 6, half.stderr);
    t.match(half.stderr, /nothing could be captured on node-b: it has no tcpdump/);
    const flow = expectEvidence(t, half.outDir)?.flows[0];
    t.equal(flow?.verdict.status, "delivered");
    t.ok(flow?.hops.every(({ node }) => node === "node-a"));
    const restoreNear = await hideTool(lab, "node-a", "tcpdump");
    const ended = await bench.run(...ENDS);
    await restoreNear();
    await restore();
    expectError(t, ended, {
      exit: 5,
      says: [/TOOL_MISSING/, /on node-[ab]/, /tcpdump/, /apt-get install tcpdump/],
    });
    expectEvidence(t, ended.outDir);
    await bench.expectClean(t, ended.outDir);
  },
);

const SMALL = "/run/small";

/** A profile whose captures go to a small tmpfs of each node: of the second one with a size of its own. */
async function mountSmall(sizeMiB: number, secondMiB = sizeMiB): Promise<string> {
  for (const [index, node] of lab.nodes.entries()) {
    const script = 'mkdir -p "$1" && mount -t tmpfs -o "size=$2m" tmpfs "$1"';
    await must(lab, node.name, [
      "sh",
      "-c",
      script,
      "mount",
      SMALL,
      String(index === 0 ? sizeMiB : secondMiB),
    ]);
  }
  const file = join(lab.dir, "small.yaml");
  writeFileSync(file, `${readFileSync(lab.files.profile, "utf8")}workDir: ${SMALL}\n`);
  return file;
}

async function unmountSmall(t: Test): Promise<void> {
  for (const node of lab.nodes) {
    const { stdout } = await execInNode(lab, node.name, [
      "find",
      SMALL,
      "-mindepth",
      "1",
      "!",
      "-name",
      "fill",
    ]);
    t.equal(stdout, "", `nothing is left on ${node.name}'s small disk`);
    await must(lab, node.name, ["umount", SMALL]);
  }
}

t.test("a node's disk that is full", async (t) => {
  const small = await mountSmall(16);
  const refused = await bench.run(...ENDS, "--cluster", small);
  expectError(t, refused, { exit: 5, says: [/NODE_DISK_FULL/, /MiB are free/, /workDir|maxBytes/] });
  expectEvidence(t, refused.outDir);
  await bench.expectClean(t, refused.outDir);
  await unmountSmall(t);
});

t.test("one node whose disk is full: the other one's hops are captured", async (t) => {
  const half = await bench.run(...ENDS, "--cluster", await mountSmall(160, 16));
  t.equal(half.exitCode, 6, half.stderr);
  t.match(half.stderr, /nothing is captured on node-b: Cannot capture on node-b: .*MiB are free/);
  const findings = expectEvidence(t, half.outDir);
  t.equal(findings?.run.complete, false);
  t.not(findings?.flows[0]?.verdict.status, "lost", "what was not captured is not called lost");
  const nearPod = findings?.flows[0]?.hops.find((hop) => hop.node === "node-a" && hop.role === "pod");
  t.ok((nearPod?.request.packets ?? 0) > 0, "the other node's evidence is there");
  await bench.expectClean(t, half.outDir);
  await unmountSmall(t);
});

t.test("a node's disk that fills up", async (t) => {
  for (const [how, sizeMiB, fillMiB] of [
    ["to the floor", 160, 120],
    ["to the last byte", 160, 1000],
  ] as const) {
    await t.test(how, async (t) => {
      const cluster = await mountSmall(sizeMiB);
      const cwd = bench.makeFolder();
      const args = ["run", "trace-path", ...ENDS, "--yes", "--cluster", cluster, "--probe", "ping"];
      const started = startCli(cli, [...args, "--count", "20", "--interval", "300ms"], { cwd });
      t.ok(await started.said(LISTENING), started.stderr());
      const fill = ["dd", "if=/dev/zero", `of=${SMALL}/fill`, "bs=1M", `count=${fillMiB}`];
      await execInNode(lab, "node-b", fill);
      const ended = await started.done;
      t.equal(ended.exitCode, 6, ended.stderr);
      t.match(ended.stderr, /node-b.*ended early: (free disk floor|.*No space)/);
      const findings = expectEvidence(t, join(cwd, "artifacts"));
      t.equal(findings?.run.complete, false);
      t.not(findings?.flows[0]?.verdict.status, "lost", "what was not captured is not called lost");
      const nearPod = findings?.flows[0]?.hops.find((hop) => hop.node === "node-a" && hop.role === "pod");
      t.equal(nearPod?.request.packets, 20, "the other node's evidence is whole");
      await bench.expectClean(t, join(cwd, "artifacts"));
      await unmountSmall(t);
    });
  }
});

t.test("a pod that goes half way", async (t) => {
  const gone = `bad-${process.pid}-gone`;
  t.teardown(() => downLab({ name: gone }));
  const own = await upLab({ name: gone, topology: "calico-vxlan" });
  const clean = takeSnapshot(own);
  const cwd = bench.makeFolder();
  const args = ["run", "trace-path", ...ENDS, "--yes", "--cluster", own.files.profile, "--probe", "ping"];
  const started = startCli(cli, [...args, "--count", "20", "--interval", "300ms"], { cwd });
  t.ok(await started.said(LISTENING), started.stderr());
  t.ok(await waitUntil(() => findProcesses(own, "ping -").length > 0), "it makes traffic");
  const web = own.nodes[1]?.pods.find((pod) => pod.name === "web");
  if (web === undefined) throw new Error("no pod web");
  const end = 'kill -KILL "$1"; umount -l "$2"; rm -f "$2"';
  await must(own, "node-b", ["sh", "-c", end, "end", String(web.pid), web.netnsPath]);
  const ended = await started.done;
  t.ok([3, 6].includes(ended.exitCode ?? -1), `exit code ${ended.exitCode}; ${ended.stderr}`);
  t.match(ended.stderr, /ended early: network namespace is gone|ended early/);
  const findings = expectEvidence(t, join(cwd, "artifacts"));
  t.equal(findings?.run.complete, false);
  const { left } = await waitUntilClean(clean, own, {
    withinMs: mostMs(10_000),
    outDir: join(cwd, "artifacts"),
  });
  t.strictSame(left, [], "nothing is left on the nodes");

  const after = await runCli(cli, args, { cwd: bench.makeFolder() });
  t.ok([3, 6].includes(after.exitCode ?? -1), `exit code ${after.exitCode}; ${after.stderr}`);
  t.match(after.stderr, /shop\/web on node-b could not be looked into: .*is gone/);
  t.strictSame((await waitUntilClean(clean, own, { withinMs: mostMs(10_000) })).left, []);
});
