import t, { type Test } from "tap";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs } from "../fixtures/patience.js";
import { Bench, ENDS, folderOf, type Outcome } from "./bench.js";
import { LISTENING, startCli } from "./cli.js";

/** The step language on real nodes: a matrix over pods, a background that is cancelled, and finally on every way out. */

const bench = await Bench.open("language");
t.teardown(() => bench.close());

const CLUSTER = ["--cluster", bench.lab.files.profile, "--yes"];
const RUNBOOKS = join(import.meta.dirname, "../../runbooks");
const WATCH = readFileSync(join(RUNBOOKS, "watch-path.yaml"), "utf8");

interface Environment {
  readonly steps: Readonly<Record<string, { readonly outputs: unknown }>>;
}

interface CombinationOutput {
  readonly matrix: Readonly<Record<string, string>>;
  readonly status: string;
  readonly outputs: Readonly<Record<string, unknown>> | null;
}

function readRun<T>(outDir: string, file: string): T {
  return JSON.parse(readFileSync(join(folderOf(outDir), file), "utf8")) as T;
}

const outputsOf = (outDir: string, step: string): unknown =>
  readRun<Environment>(outDir, "evidence/environment.json").steps[step]?.outputs;

const checksOf = (outDir: string): Record<string, string> =>
  Object.fromEntries(readRun<Findings>(outDir, "findings.json").checks.map(({ id, status }) => [id, status]));

function expectFinally(t: Test, outDir: string): void {
  const links = outputsOf(outDir, "links") as readonly CombinationOutput[];
  t.strictSame(
    links.map(({ matrix, status }) => [matrix["node"], status]),
    bench.lab.nodes.map(({ name }) => [name, "done"]),
    "finally read every node's links",
  );
  for (const { name } of bench.lab.nodes) {
    t.ok(
      readdirSync(join(folderOf(outDir), "evidence", name, "steps")).length > 0,
      `evidence of ${name} is kept`,
    );
  }
}

/** The captures that the watch brought, by their size in the folder. */
function capturesOf(outDir: string): readonly string[] {
  const dir = join(folderOf(outDir), "captures");
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".pcap"));
}

t.test("pod-interfaces: a matrix over pods", async (t) => {
  const ended: Outcome = await bench.hopbook(
    ...["run", "pod-interfaces", ...CLUSTER, "--pod", "shop/client", "--pod", "shop/web"],
  );
  t.equal(ended.exitCode, 0, ended.stderr);
  const links = outputsOf(ended.outDir, "links") as readonly CombinationOutput[];
  t.match(links, [
    { matrix: { pod: "shop/client" }, status: "done", outputs: { exitCode: 0, node: "node-a", clean: true } },
    { matrix: { pod: "shop/web" }, status: "done", outputs: { exitCode: 0, node: "node-b", clean: true } },
  ]);
  for (const { outputs } of links) t.match(outputs?.["stdout"], /"ifname":"eth0".*"dropped":0/s);
  t.strictSame(checksOf(ended.outDir), { clean: "pass" });
  t.ok(existsSync(join(folderOf(ended.outDir), "evidence/node-a/steps/links.0.txt")));
  await bench.expectClean(t, ended.outDir);

  const again = await bench.hopbook("analyze", folderOf(ended.outDir), "--output", "json");
  t.match(
    JSON.parse(again.stdout),
    { checks: [{ id: "clean", status: "pass" }] },
    "judged again with no cluster",
  );
});

t.test("pod-interfaces: a pod that is not there keeps the others from nothing", async (t) => {
  const ended = await bench.hopbook(
    ...["run", "pod-interfaces", ...CLUSTER, "--pod", "shop/nobody", "--pod", "shop/web"],
  );
  t.equal(ended.exitCode, 6, ended.stderr);
  const links = outputsOf(ended.outDir, "links") as readonly CombinationOutput[];
  t.strictSame(
    links.map(({ status }) => status),
    ["failed", "done"],
  );
  t.strictSame(checksOf(ended.outDir), { clean: "warn" });
});

t.test("watch-path: the watch is cancelled, its captures are kept, and finally ran", async (t) => {
  const ended = await bench.hopbook("run", "watch-path", ...CLUSTER, ...ENDS);
  t.equal(ended.exitCode, 0, ended.stderr);
  t.match(outputsOf(ended.outDir, "watch"), {
    captures: Array.from({ length: 8 }, () => ({ packets: Number })),
  });
  t.equal(capturesOf(ended.outDir).length, 8);
  t.strictSame(checksOf(ended.outDir), { watched: "pass", delivered: "pass" });
  expectFinally(t, ended.outDir);
  await bench.expectClean(t, ended.outDir);
});

t.test("a failure: what was watched is kept, and finally ran", async (t) => {
  const cwd = bench.makeFolder();
  const broken = "  - id: broken\n    run: [ip, link, show, nosuch0]\n    on: node/node-a\n\n";
  writeFileSync(join(cwd, "broken.yaml"), WATCH.replace("  # Ends the watch", `${broken}  # Ends the watch`));
  const cli = startCli(bench.cli, ["run", "./broken.yaml", ...CLUSTER, ...ENDS], { cwd });
  const ended = await cli.done;
  const outDir = join(cwd, "artifacts");
  t.equal(ended.exitCode, 6, ended.stderr);
  t.match(ended.stderr, /error\[COMMAND_FAILED\]: Cannot run ip on node-a: exit code 1/);
  t.match(ended.stderr, /nosuch0/);
  t.equal(capturesOf(outDir).length, 8);
  expectFinally(t, outDir);
  await bench.expectClean(t, outDir);
});

t.test("SIGINT while it watches: the captures are kept, and finally ran", async (t) => {
  const cwd = bench.makeFolder();
  const args = ["run", "watch-path", ...CLUSTER, ...ENDS, "--no-traffic", "--watch", "60s"];
  const cli = startCli(bench.cli, args, { cwd });
  t.ok(await cli.said(LISTENING), cli.stderr());
  const sentMs = performance.now();
  cli.child.kill("SIGINT");
  const ended = await cli.done;
  t.ok(performance.now() - sentMs < mostMs(8000), "soon");
  const outDir = join(cwd, "artifacts");
  t.equal(ended.exitCode, 130, ended.stderr);
  t.equal(capturesOf(outDir).length, 8);
  expectFinally(t, outDir);
  await bench.expectClean(t, outDir);
});
