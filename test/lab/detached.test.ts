import t from "tap";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, execInPod, upLab } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs, waitUntil } from "../fixtures/patience.js";
import { buildCli, runCli, startCli, type CliRun } from "./cli.js";
import { findProcesses, takeSnapshot, waitUntilClean } from "./hygiene.js";
import { holdBack } from "./slow.js";

/** Runs that go on without their client: on the nodes alone, by ssh and locally, and collected by whoever comes. */

const work = mkdtempSync(join(tmpdir(), "hopbook-detached-"));
const cli = buildCli();
const name = `detached-${process.pid}`;
const lab = await upLab({ name, topology: "calico-vxlan" });
const { profile, sshProfile } = lab.files;
const clean = takeSnapshot(lab);

t.teardown(async () => {
  await downLab({ name });
  cli.remove();
  rmSync(work, { recursive: true, force: true });
});

/** Each subtest takes some seconds, and minutes on a machine that is busy; none may hang what runs beside it. */
const LIMITS = { timeout: 400_000 };

let places = 0;
/** A folder as a machine of its own would have it. */
function machine(): string {
  const dir = join(work, `m${(places += 1)}`);
  mkdirSync(dir);
  return dir;
}

const ENDS = ["--from", "shop/client", "--to", "shop/web:8080"];

function hopbook(cwd: string, cluster: string, ...args: readonly string[]): Promise<CliRun> {
  return runCli(cli, [...args, "--cluster", cluster, "--yes"], { cwd });
}

async function detach(cwd: string, cluster: string, ...args: readonly string[]): Promise<string> {
  const run = await hopbook(cwd, cluster, "run", "trace-path", ...ENDS, "--detach", ...args);
  t.equal(run.exitCode, 0, run.stderr);
  return run.stdout.trim();
}

const folderOf = (cwd: string): string =>
  join(cwd, "artifacts", readdirSync(join(cwd, "artifacts")).sort().at(-1) ?? "");
const readJson = (dir: string, path: string): unknown => JSON.parse(readFileSync(join(dir, path), "utf8"));

/** Everything about a folder that does not hang on when it was made. */
function shapeOf(dir: string): unknown {
  const manifest = readJson(dir, "manifest.json") as { files: Record<string, unknown>[] };
  const findings = readJson(dir, "findings.json") as Findings;
  return {
    listing: readdirSync(dir, { recursive: true, encoding: "utf8" }).sort(),
    manifest: manifest.files.map(({ path, node, exitCode, truncated }) => ({
      path,
      node,
      exitCode,
      truncated,
    })),
    environment: Object.keys(readJson(dir, "evidence/environment.json") as object),
    run: { ...findings.run, id: "", startedAt: "" },
    checks: findings.checks,
    flows: findings.flows.map(({ from, to, probe, verdict, hops }) => ({
      ...{ from, to, probe, status: verdict.status, direction: verdict.direction, cause: verdict.cause },
      hops: hops.map((hop) => [hop.node, hop.interface, hop.request.packets > 0, hop.reply.packets > 0]),
    })),
  };
}

t.test("what is collected is what an attended run leaves", LIMITS, async (t) => {
  const [attended, starter, collector] = [machine(), machine(), machine()];
  const args = ["--no-kernel-drops", "--probe", "ping"];
  const whole = await hopbook(attended, profile, "run", "trace-path", ...ENDS, "--no-record", ...args);
  t.equal(whole.exitCode, 0, whole.stderr);

  const id = await detach(starter, sshProfile, "--for", "10m", ...args);
  const listed = await hopbook(starter, sshProfile, "runs", "-ojson");
  const { runs } = JSON.parse(listed.stdout) as { runs: Record<string, unknown>[] };
  t.match(runs, [{ id, state: "capturing", runbook: "trace-path", target: "shop/client" }]);

  // Another machine, another way in.
  const collected = await hopbook(collector, profile, "collect", id);
  t.equal(collected.exitCode, 0, collected.stderr);
  t.strictSame(shapeOf(folderOf(collector)), shapeOf(folderOf(attended)));
  const again = await runCli(cli, ["analyze", folderOf(collector), "-ojson"], { cwd: collector });
  t.same(
    JSON.parse(again.stdout),
    readJson(folderOf(collector), "findings.json"),
    "and is judged alike again",
  );

  const twice = await hopbook(collector, profile, "collect", id);
  t.equal(twice.exitCode, 2);
  t.match(twice.stderr, /it was collected/);
  const gone = await hopbook(starter, sshProfile, "status", id);
  t.match(gone.stdout, /: lost/, "who started it sees that the nodes have it no more");
  t.strictSame((await waitUntilClean(clean, lab, { withinMs: mostMs(5000) })).left, []);
});

t.test("captures of what pods do by themselves end when their time is over", LIMITS, async (t) => {
  const cwd = machine();
  const id = await detach(cwd, sshProfile, "--no-traffic", "--watch", "8s");
  await execInPod(lab, "shop/client", ["curl", "-s", "-o", "/dev/null", "http://192.168.218.65:8080/"]);
  let status = "";
  // Of the run, and of each of its nodes.
  const ended = (): number => status.split(": ended").length - 1;
  const haveEnded = async (): Promise<boolean> => {
    status = (await hopbook(cwd, sshProfile, "status", id)).stdout;
    return ended() === 3;
  };
  t.ok(await waitUntil(haveEnded, { everyMs: 1000 }), status);
  // Their own limit is some seconds behind the time that was asked for.
  await waitUntil(() => findProcesses(lab, "tcpdump -Z root").length === 0, { everyMs: 500 });
  t.strictSame(findProcesses(lab, "tcpdump -Z root"), []);
  const collected = await hopbook(cwd, sshProfile, "collect", id);
  t.equal(collected.exitCode, 0, collected.stderr);
  const findings = readJson(folderOf(cwd), "findings.json") as Findings;
  t.strictSame(findings.run.incomplete, [], "that is no early end");
  t.equal(findings.flows[0]?.verdict.status, "delivered");
});

t.test("stop ends them, and they wait; watch-path is left in the background", LIMITS, async (t) => {
  const cwd = machine();
  const words = ["run", "watch-path", ...ENDS, "--no-traffic", "--watch", "1h", "--detach"];
  const run = await hopbook(cwd, profile, ...words);
  t.equal(run.exitCode, 0, run.stderr);
  const id = run.stdout.trim();
  await execInPod(lab, "shop/client", ["curl", "-s", "-o", "/dev/null", "http://192.168.218.65:8080/"]);
  const stopped = await hopbook(cwd, profile, "stop", id.slice(0, 6));
  t.equal(stopped.exitCode, 0, stopped.stderr);
  t.strictSame(findProcesses(lab, "tcpdump -Z root"), []);
  t.match((await hopbook(cwd, profile, "status", folderOf(cwd))).stdout, /: ended/, "by its folder");
  const collected = await hopbook(cwd, profile, "collect", id, "-ojson");
  t.equal(collected.exitCode, 0, collected.stderr);
  const { checks, run: record } = JSON.parse(collected.stdout) as Findings;
  t.match(checks, [
    { id: "watched", status: "pass" },
    { id: "delivered", status: "pass" },
  ]);
  t.strictSame(record.incomplete, []);
  t.ok(
    readdirSync(join(folderOf(cwd), "evidence"), { recursive: true, encoding: "utf8" }).some((file) =>
      file.includes("links"),
    ),
    "finally ran",
  );
});

t.test("two clients: one wins; a client that dies while it collects loses nothing", LIMITS, async (t) => {
  const [one, two] = [machine(), machine()];
  const id = await detach(one, profile, "--for", "5m", "--probe", "ping");
  const undo = await holdBack(lab, { tool: "cat", when: "*.pcap" });
  const first = startCli(cli, ["collect", id, "--cluster", profile, "--yes"], { cwd: one });
  t.ok(await waitUntil(() => findProcesses(lab, "cat -- /var/tmp").length > 0), first.stderr());
  const second = await hopbook(two, profile, "collect", id);
  t.equal(second.exitCode, 2, second.stderr);
  t.match(second.stderr, /RUN_BUSY|another client does/);
  first.child.kill("SIGKILL");
  await first.done;
  await undo();
  // The nodes see that it died some time later.
  let collected = second;
  await waitUntil(
    async () => {
      collected = await hopbook(two, profile, "collect", id);
      return !collected.stderr.includes("RUN_BUSY");
    },
    { everyMs: 500 },
  );
  t.equal(collected.exitCode, 0, collected.stderr);
  t.strictSame((await waitUntilClean(clean, lab, { withinMs: mostMs(8000) })).left, []);
});

t.test("a client that is killed before it left takes all with it", LIMITS, async (t) => {
  const cwd = machine();
  const undo = await holdBack(lab, { tool: "tcpdump", when: "*-w*" });
  const words = [
    "run",
    "trace-path",
    ...ENDS,
    "--no-traffic",
    "--detach",
    "--for",
    "5m",
    "--cluster",
    sshProfile,
    "--yes",
  ];
  const running = startCli(cli, words, { cwd });
  t.ok(await waitUntil(() => findProcesses(lab, "tcpdump -Z root").length > 0), running.stderr());
  running.child.kill("SIGKILL");
  await running.done;
  await undo();
  t.strictSame((await waitUntilClean(clean, lab, { withinMs: mostMs(30_000) })).left, []);
});

t.test("what a node lost is told, and the rest is kept", LIMITS, async (t) => {
  const cwd = machine();
  const id = await detach(cwd, profile, "--for", "5m", "--probe", "ping");
  // By their environment: tcpdump's words say nothing of the run.
  const find = `grep -lsF HOPBOOK_RUN=${id} /proc/[0-9]*/environ`;
  const { stdout } = await execInNode(lab, "node-b", ["sh", "-c", find]);
  const pids = [...stdout.matchAll(/^\/proc\/(\d+)\/environ$/gm)].map(([, pid = ""]) => pid);
  t.ok(pids.length > 3);
  // None may clear up after another.
  for (const signal of ["STOP", "KILL"]) {
    await execInNode(lab, "node-b", ["kill", `-${signal}`, ...pids]);
  }
  const isLost = async (): Promise<boolean> =>
    (await hopbook(cwd, profile, "status", id)).stdout.includes("node-b: lost");
  t.ok(await waitUntil(isLost, { everyMs: 500 }), "its loss is told");
  const collected = await hopbook(cwd, profile, "collect", id);
  const findings = readJson(folderOf(cwd), "findings.json") as Findings;
  t.equal(findings.run.complete, false);
  t.match(findings.run.incomplete.join("\n"), /died before it was ended/);
  t.ok(readdirSync(join(folderOf(cwd), "captures", "node-b")).length > 0, "what was written can be had");
  t.not(collected.exitCode, 0);
  t.strictSame((await waitUntilClean(clean, lab, { withinMs: mostMs(5000) })).left, []);
});

t.test("what cannot be left is refused before a node is touched", LIMITS, async (t) => {
  const cwd = machine();
  const long = await hopbook(cwd, profile, "run", "trace-path", ...ENDS, "--detach", "--for", "48h");
  t.equal(long.exitCode, 4);
  t.match(long.stderr, /declares captures of/);
  const alone = await hopbook(cwd, profile, "run", "trace-path", ...ENDS, "--for", "1h");
  t.equal(alone.exitCode, 2);
  const unknown = await hopbook(cwd, profile, "collect", "abcdefabcdef");
  t.equal(unknown.exitCode, 2);
  t.match(unknown.stderr, /no node keeps it/);
});
