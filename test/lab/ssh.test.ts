import t, { type Test } from "tap";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import { downLab, execInNode, execInOperator, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import type { FlowFinding, Findings, HopRef } from "../../lib/model/findings.js";
import { mostMs, waitUntil } from "../fixtures/patience.js";
import { buildCli, LISTENING, startCli } from "./cli.js";
import { findOwnProcesses, findProcesses, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { must } from "./slow.js";

/** Whole runs by ssh: the same findings as locally, one connection a node, nothing left here or there. */

const work = mkdtempSync(join(tmpdir(), "hopbook-ssh-"));
const cli = buildCli();
const name = `ssh-${process.pid}`;
const lab = await upLab({ name, topology: "calico-vxlan" });
const ENDS = ["--from", "shop/client", "--to", "shop/web:8080"];

t.teardown(async () => {
  await downLab({ name });
  cli.remove();
  rmSync(work, { recursive: true, force: true });
});

function trace(cluster: string): Promise<RunReport> {
  return runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: ["shop/web:8080"], probe: ["ping", "http"] },
    cluster,
    cwd: work,
    out: join(work, "out"),
    grants: { yes: true },
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
}

const place = (hop: HopRef | null): string =>
  hop === null ? "-" : `${hop.node} ${hop.role} ${hop.interface}`;

/** What must be the same however the nodes are reached. ACKs of a TCP stack vary, so only pings are counted. */
function essence(flow: FlowFinding): unknown {
  const { verdict } = flow;
  const counts = flow.hops.map((hop) => [hop.request.packets, hop.reply.packets]);
  return {
    probe: flow.probe,
    status: verdict.status,
    direction: verdict.direction,
    lastSeen: place(verdict.lastSeen),
    firstMissing: place(verdict.firstMissing),
    cause: verdict.cause?.code ?? null,
    hops: flow.hops.map(place),
    counts: flow.probe === "ping" ? counts : counts.map((pair) => pair.map((count) => count > 0)),
  };
}

t.test("the same findings by ssh as locally", async (t) => {
  const before = takeSnapshot(lab);
  for (const fault of [null, "forward-drop-b", "fdb-missing", "reply-drop-b"]) {
    if (fault !== null) await setFault({ name, fault, on: true });
    const local = await trace(lab.files.profile);
    const ssh = await trace(lab.files.sshProfile);
    if (fault !== null) await setFault({ name, fault, on: false });
    t.strictSame(ssh.findings.run.incomplete, [], `${fault ?? "healthy"}: nothing is missing`);
    t.equal(ssh.findings.flows.length, 2);
    t.strictSame(
      ssh.findings.flows.map(essence),
      local.findings.flows.map(essence),
      `${fault ?? "healthy"}: the same`,
    );
    t.equal(ssh.exitCode, local.exitCode);
    t.equal(ssh.exitCode, fault === null ? 0 : 3);
  }
  t.strictSame(
    (await waitUntilClean(before, lab, { withinMs: mostMs(10_000), outDir: join(work, "out") })).left,
    [],
  );
});

interface Begun {
  readonly cli: ReturnType<typeof startCli>;
  readonly outDir: string;
  readonly tmp: string;
  readonly countSsh: () => number;
}

let runs = 0;

/** An ssh that counts how often it is started. */
function countStarts(home: string): { readonly path: string; readonly count: () => number } {
  const log = join(home, "started");
  mkdirSync(join(home, "bin"), { recursive: true });
  const found = execFileSync("sh", ["-c", "command -v ssh"], { encoding: "utf8" }).trim();
  writeFileSync(join(home, "bin/ssh"), `#!/bin/sh\necho x >>'${log}'\nexec ${found} "$@"\n`, { mode: 0o755 });
  writeFileSync(log, "");
  return {
    path: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`,
    count: () => readFileSync(log, "utf8").length / 2,
  };
}

function begin(at: LabState, ...args: readonly string[]): Begun {
  const home = join(work, `r${(runs += 1)}`);
  const [outDir, tmp] = [join(home, "out"), join(home, "tmp")];
  mkdirSync(tmp, { recursive: true });
  const starts = countStarts(home);
  const words = ["run", "trace-path", "--cluster", at.files.sshProfile, "--yes", "--out", outDir, ...args];
  const env = { TMPDIR: tmp, PATH: starts.path };
  return { cli: startCli(cli, words, { cwd: home, env }), outDir, tmp, countSsh: starts.count };
}

const folderOf = (outDir: string): string => join(outDir, readdirSync(outDir)[0] ?? "");
const readFindings = (outDir: string): Findings =>
  JSON.parse(readFileSync(join(folderOf(outDir), "findings.json"), "utf8")) as Findings;

async function countConnections(node: string): Promise<number> {
  const { stdout } = await execInNode(lab, node, ["ss", "-Htn", "state", "established", "sport = :22"]);
  return stdout.split("\n").filter((line) => line !== "").length;
}

t.test("one connection a node, and none left", async (t) => {
  const before = takeSnapshot(lab);
  const { cli: running, tmp, outDir, countSsh } = begin(lab, ...ENDS, "--probe", "ping", "--count", "10");
  t.ok(await running.said("Capture at every hop"), running.stderr());
  for (const node of lab.nodes) {
    t.equal(await countConnections(node.name), 1, `all of it goes over one connection to ${node.name}`);
  }
  t.equal(readdirSync(tmp).length, lab.nodes.length, "a private folder for each connection");
  for (const folder of readdirSync(tmp)) t.equal(statSync(join(tmp, folder)).mode & 0o777, 0o700);
  const ended = await running.done;
  t.equal(ended.exitCode, 0, ended.stderr);
  // The connection, where it leads (ssh -G), two streams, and two more shells at most.
  const started = countSsh();
  t.ok(started > 0 && started <= 6 * lab.nodes.length, `${started} times ssh on ${lab.nodes.length} nodes`);
  t.strictSame(readdirSync(tmp), [], "no folder is left");
  t.strictSame(findOwnProcesses(tmp), [], "no ssh is left");
  const { left } = await waitUntilClean(before, lab, { withinMs: mostMs(10_000), outDir });
  t.strictSame(left, [], "nothing is left on the nodes");
});

t.test("what ssh sends does not feed back into a capture", async (t) => {
  // The operator's ssh to the node is the flow itself: all that it would show is the transport, which is left out.
  const ends = ["--from", "10.77.0.1", "--to", "node/node-a:22"];
  const { cli: running, outDir } = begin(lab, ...ends, "--no-traffic", "--watch", "4s");
  t.ok(await running.said(LISTENING), running.stderr());
  const other = 'exec 3<>"/dev/tcp/$1/22"; read -r banner <&3; echo "$banner"';
  const login = await execInOperator(lab, ["bash", "-c", other, "connect", "10.77.0.11"]);
  t.match(login.stdout, /^SSH-2\.0/, "another connection to the same sshd");
  const ended = await running.done;
  t.notMatch(ended.stderr, /error\[/);
  judgeSizes(t, outDir);
  const [flow] = readFindings(outDir).flows;
  const seen = flow?.hops[0]?.request.packets ?? 0;
  t.ok(seen > 0 && seen < 20, `only the other one is captured: ${seen} packets`);
});

function judgeSizes(t: Test, outDir: string): void {
  const captures = join(folderOf(outDir), "captures");
  const files = readdirSync(captures, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".pcap"),
  );
  t.ok(files.length > 0, "there are captures");
  for (const file of files) {
    const { size } = statSync(join(captures, file));
    t.ok(size < 20_000, `${file} has ${size} bytes`);
  }
}

t.test("an sshd that is killed in mid-capture", async (t) => {
  const lost = `ssh-${process.pid}-lost`;
  t.teardown(() => downLab({ name: lost }));
  const own = await upLab({ name: lost, topology: "calico-vxlan" });
  const before = takeSnapshot(own);
  const args = [...ENDS, "--probe", "ping", "--count", "10", "--interval", "300ms"];
  const { cli: running, outDir, tmp } = begin(own, ...args);
  t.ok(await running.said(LISTENING), running.stderr());
  t.ok(await waitUntil(() => findProcesses(own, "ping -").length > 0), "it makes traffic");
  const killAll =
    'for d in /proc/[0-9]*; do read -r name <"$d/comm" && [ "$name" = sshd ] && kill -KILL "${d#/proc/}"; done; :';
  await must(own, "node-b", ["sh", "-c", killAll]);
  const ended = await running.done;
  t.equal(ended.exitCode, 6, ended.stderr);
  t.match(ended.stderr, /node-b.*(lost|ended early)/);
  const findings = readFindings(outDir);
  t.equal(findings.run.complete, false);
  const [flow] = findings.flows;
  t.not(flow?.verdict.status, "lost", "what could not be seen is not called lost");
  const near = flow?.hops.filter((hop) => hop.node === "node-a") ?? [];
  t.equal(near.length, 4);
  for (const hop of near) t.equal(hop.request.packets, 10, `node-a ${hop.role}: its evidence is whole`);
  const { left, afterMs } = await waitUntilClean(before, own, { withinMs: mostMs(30_000), outDir });
  t.strictSame(left, [], `the node cleans up by itself, ${afterMs} ms after the end`);
  t.strictSame(readdirSync(tmp), []);
  t.strictSame(findOwnProcesses(tmp), []);
});

t.test("a node that is gone in mid-capture", async (t) => {
  const lost = `ssh-${process.pid}-gone`;
  t.teardown(() => downLab({ name: lost }));
  const own = await upLab({ name: lost, topology: "calico-vxlan" });
  const { cli: running, outDir } = begin(
    own,
    ...ENDS,
    "--probe",
    "ping",
    "--count",
    "10",
    "--interval",
    "300ms",
  );
  t.ok(await running.said(LISTENING), running.stderr());
  t.ok(await waitUntil(() => findProcesses(own, "ping -").length > 0), "it makes traffic");
  process.kill(own.nodes[1]?.pid ?? 0, "SIGKILL");
  const ended = await running.done;
  t.equal(ended.exitCode, 6, ended.stderr);
  t.ok(ended.durationMs < mostMs(60_000), `in ${Math.round(ended.durationMs)} ms`);
  const [flow] = readFindings(outDir).flows;
  t.not(flow?.verdict.status, "lost");
  t.equal(flow?.hops[0]?.request.packets, 10, "node-a's evidence is kept");
});
