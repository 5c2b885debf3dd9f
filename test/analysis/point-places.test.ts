import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzeRun } from "../../lib/analysis/index.js";
import type { CapturesFile, FlowEvidence, PointEvidence } from "../../lib/model/evidence.js";

const HEALTHY = join(import.meta.dirname, "../../docs/example-runs/healthy");
const read = <T>(name: string): T => JSON.parse(readFileSync(join(HEALTHY, "evidence", name), "utf8")) as T;

/** The captures of a recorded run as if nobody knew how they lie. */
function makeRun(dir: string, change: (points: PointEvidence[]) => readonly PointEvidence[]): string {
  const [flow] = read<{ flows: readonly [FlowEvidence] }>("flows.json").flows;
  const points = flow.hops.map(({ id, node, role, interface: name, mtuBytes, pcap }): PointEvidence => {
    const end = [flow.from, flow.to].find((one) => role === "pod" && one.node === node);
    return {
      ...{ id, node, role, interface: name, mtuBytes, pcap, pod: end?.pod ?? null },
      ...{ ips: end === undefined ? [] : [end.ip], name: `${name}@${node}` },
    };
  });
  cpSync(join(HEALTHY, "captures"), join(dir, "captures"), { recursive: true });
  mkdirSync(join(dir, "evidence"));
  const files = {
    "run.json": read("run.json"),
    "captures.json": read<CapturesFile>("captures.json"),
    "flows.json": { flows: [] },
    "points.json": { filter: "", points: change(points) },
  };
  for (const [name, value] of Object.entries(files))
    writeFileSync(join(dir, "evidence", name), JSON.stringify(value));
  return dir;
}

t.test(
  "captures at points: flows are found, their way through the points by the packets, ends by the points' pods",
  async (t) => {
    const dir = makeRun(t.testdir(), (points) => points.toReversed());
    const { flows } = await analyzeRun(dir);
    const [flow] = flows;
    t.match(flow, {
      from: { pod: "shop/client", node: "node-a" },
      to: { pod: "shop/web", node: "node-b" },
      verdict: { status: "delivered" },
    });
    const recorded = read<{ flows: readonly [FlowEvidence] }>("flows.json").flows[0].hops;
    t.strictSame(
      flow?.hops.map(({ interface: name }) => name),
      recorded.map((hop) => `${hop.interface}@${hop.node}`),
    );
  },
);

t.test("points through which no packet went beside those that show it make no loss", async (t) => {
  const dir = makeRun(t.testdir(), (points) => points.filter(({ role }) => role === "pod" || role === "nic"));
  const { flows } = await analyzeRun(dir);
  t.equal(flows[0]?.verdict.status, "delivered");
});

t.test("a point whose capture is not there, or leads elsewhere, is left out", async (t) => {
  const dir = makeRun(t.testdir(), (points) => [
    ...points,
    { ...points[0]!, id: "gone", pcap: "captures/node-a/gone.pcap" },
  ]);
  const { flows } = await analyzeRun(dir);
  t.equal(flows[0]?.hops.length, 8);
  const damaged = makeRun(t.testdir({ other: {} }), (points) => [
    { ...points[0]!, pcap: "../../etc/passwd" },
  ]);
  const { run } = await analyzeRun(damaged);
  t.match(run.incomplete, [/evidence\/points\.json/]);
});
