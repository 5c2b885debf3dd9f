import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzeRun } from "../../lib/analysis/index.js";
import { describePoints } from "../../lib/analysis/point-places.js";
import { interfaceBlock, packetBlock, sectionHeader } from "../packets/pcapng.js";
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

/** A capture of all interfaces of a node, with packets of the first `count` of them. */
function anyPoint(dir: string, count: number): PointEvidence {
  const described = Array.from({ length: count }, () => interfaceBlock("LE", { linktype: 1, name: null }));
  const packets = described.map((_, at) =>
    packetBlock("LE", { interface: at, units: BigInt(at), bytes: Buffer.alloc(14) }),
  );
  mkdirSync(join(dir, "captures"));
  writeFileSync(
    join(dir, "captures/any.pcapng"),
    Buffer.concat([sectionHeader("LE"), ...described, ...packets]),
  );
  return {
    ...{ id: "any", node: "node-a", role: "nic", interface: "any", mtuBytes: null, pod: null, ips: [] },
    ...{ name: "any@node-a", pcap: "captures/any.pcapng" },
  };
}

t.test("where all interfaces were captured each is a place, by the name that is known of it", async (t) => {
  const dir = t.testdir();
  const point = anyPoint(dir, 2);
  const named = describePoints([{ ...point, links: { 0: "lo", 1: "eth0" } }], dir);
  t.strictSame(
    named.paths.flat().map((hop) => hop.interface),
    ["lo@node-a", "eth0@node-a"],
  );
  t.strictSame(
    [...named.devices],
    [
      ["any~lo", 0],
      ["any~eth0", 1],
    ],
  );
  const known = describePoints([{ ...point, roles: { 1: "bridge" } }], dir);
  t.strictSame(
    known.paths.flat().map((hop) => hop.role),
    ["nic", "bridge"],
    "what it is, where that is known",
  );
  const bare = describePoints([{ ...point, name: "shop/client/any@node-a" }], dir);
  t.strictSame(
    bare.paths.flat().map((hop) => hop.interface),
    ["shop/client/interface 0@node-a", "shop/client/interface 1@node-a"],
  );
});

t.test(
  "of more interfaces than are looked at the rest is said, and a capture behind a link is not read",
  async (t) => {
    const dir = t.testdir();
    const many = describePoints([anyPoint(dir, 34)], dir);
    t.match(many.leftOut, [/^Of the 34 interfaces at any@node-a only the 32 busiest/]);
    const other = t.testdir({ other: {} });
    const linked = join(other, "run");
    mkdirSync(linked);
    const point = anyPoint(linked, 2);
    symlinkSync(join(linked, "captures/any.pcapng"), join(linked, "captures/link.pcapng"));
    const { paths, devices } = describePoints([{ ...point, pcap: "captures/link.pcapng" }], linked);
    t.strictSame(
      paths.flat().map((hop) => hop.interface),
      ["any@node-a"],
    );
    t.equal(devices.size, 0);
  },
);

t.test("a Service that was asked for stays beside the backend that is followed", async (t) => {
  const dir = t.testdir();
  cpSync(HEALTHY, dir, { recursive: true });
  const { flows } = read<{ flows: readonly FlowEvidence[] }>("flows.json");
  const service = {
    ...{ name: "shop/web", clusterIp: { ip: "10.96.0.20", port: 80 } },
    backend: { ip: "192.168.218.65", port: 8080 },
  };
  const changed = flows.map((flow) => ({ ...flow, to: { ...flow.to, service } }));
  writeFileSync(join(dir, "evidence/flows.json"), JSON.stringify({ flows: changed }));
  t.match((await analyzeRun(dir)).flows[0]?.to, { pod: "shop/web", service });
});
