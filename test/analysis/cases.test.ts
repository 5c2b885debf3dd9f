import t from "tap";
import { analyzePcaps } from "../../lib/analysis/index.js";
import type { FlowFinding } from "../../lib/model/findings.js";
import { fitsFlow, listCases, nameOf } from "./cases/cases.js";

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
        flows.some((one) => fitsFlow(one, flow)),
        JSON.stringify(flow),
        { found },
      );
    if (healthy !== true) return;
    const alarms = flows.filter(({ verdict }) => !["delivered", "inconclusive"].includes(verdict.status));
    t.strictSame(alarms.map(describe), [], "no alarm");
  });
}

t.test("where an address changed, though the client resets the changed one all along", async (t) => {
  const one = listCases().find(({ name }) => name === "bridge-skips-nat");
  const { flows } = await analyzePcaps(one?.paths ?? []);
  const [rewrite] = flows.flatMap(({ rewrites = [] }) => rewrites);
  t.strictSame([nameOf(rewrite?.before ?? null), nameOf(rewrite?.after ?? null)], ["n1.cni0", "n1.cni0"]);
});
