import t from "tap";
import { analyzePcaps } from "../../lib/analysis/index.js";
import type { FlowFinding, HopRef } from "../../lib/model/findings.js";
import { listCases, type ExpectedFlow } from "./cases/cases.js";

const nameOf = (hop: HopRef | null): string => hop?.interface.replace(/\.pcap$/, "") ?? "-";

function fits(flow: FlowFinding, wanted: ExpectedFlow): boolean {
  const { verdict } = flow;
  const [lastSeen, firstMissing] = wanted.between ?? [];
  return (
    flow.protocol === wanted.protocol &&
    (wanted.port === undefined || flow.to.port === wanted.port) &&
    (wanted.to === undefined || flow.to.ip === wanted.to) &&
    wanted.statuses.includes(verdict.status) &&
    (wanted.direction === undefined || verdict.direction === wanted.direction) &&
    (lastSeen === undefined || nameOf(verdict.lastSeen) === lastSeen) &&
    (firstMissing === undefined || nameOf(verdict.firstMissing) === firstMissing) &&
    (wanted.lost === undefined || verdict.lost.packets === wanted.lost)
  );
}

function describe({ protocol, from, to, verdict }: FlowFinding): string {
  const { status, direction, lastSeen, firstMissing, lost } = verdict;
  const way = `${nameOf(lastSeen)} > ${nameOf(firstMissing)}`;
  return `${protocol} ${from.ip} ${to.ip}:${to.port} ${status} ${direction} ${way} ${lost.packets}/${lost.of}`;
}

for (const { name, what, paths, flows: wanted, healthy } of listCases()) {
  void t.test(`${name}: ${what}`, async (t) => {
    const { flows } = await analyzePcaps(paths);
    const found = flows.map(describe);
    for (const flow of wanted)
      t.ok(
        flows.some((one) => fits(one, flow)),
        JSON.stringify(flow),
        { found },
      );
    if (healthy !== true) return;
    const alarms = flows.filter(({ verdict }) => !["delivered", "inconclusive"].includes(verdict.status));
    t.strictSame(alarms.map(describe), [], "no alarm");
  });
}
