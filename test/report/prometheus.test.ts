import t from "tap";
import { renderPrometheus } from "../../lib/report/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { ALL_SAMPLES, buildMany, everyThird } from "./many.js";
import { buildFindings, healthy } from "./samples.js";

/** A sample of the text format: name, labels with escaped values, a number. */
const SAMPLE = /^([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (-?[\d.]+(?:e-?\d+)?)$/;

interface Read {
  readonly series: readonly string[];
  readonly metrics: readonly string[];
  value(...parts: string[]): number | undefined;
}

function read(findings: Findings): Read {
  const lines = renderPrometheus(findings).trimEnd().split("\n");
  const samples = lines.filter((line) => !line.startsWith("#"));
  const parsed = samples.map((line) => SAMPLE.exec(line) ?? [line]);
  return {
    series: parsed.map(([line, name = `NO SAMPLE: ${String(line)}`, labels = ""]) => `${name}{${labels}}`),
    metrics: parsed.map(([, name = ""]) => name),
    value: (...parts) => {
      const [, , , number] = parsed.find(([line = ""]) => parts.every((part) => line.includes(part))) ?? [];
      return number === undefined ? undefined : Number(number);
    },
  };
}

t.test("loss and delay of each leg, what became of flows and checks", async (t) => {
  const check = { id: "delivered", status: "fail", message: "lost" } as const;
  const found = read(buildFindings([everyThird, healthy], { checks: [check] }));
  const [leg] = (everyThird.legs ?? []).filter(({ missing }) => missing > 0);
  if (leg === undefined) throw new Error("It lost packets on no leg");
  const place = [
    `from_hop="${leg.from.node}/${leg.from.role}/${leg.from.interface}"`,
    `direction="${leg.direction}"`,
  ];
  t.equal(found.value("hopbook_leg_missing_packets", ...place), leg.missing);
  t.equal(found.value("hopbook_leg_sent_packets", ...place), leg.sent);
  t.equal(
    found.value("hopbook_leg_delay_seconds", ...place, 'stat="median"'),
    (leg.delayUs?.median ?? NaN) / 1e6,
  );
  t.equal(found.value("hopbook_flow_status", `flow="${everyThird.id}"`, 'status="lost"'), 1);
  t.equal(found.value("hopbook_flow_status", `flow="${everyThird.id}"`, 'status="delivered"'), 0);
  t.equal(found.value("hopbook_check_status", 'check="delivered"', 'status="fail"'), 1);
  t.equal(found.value("hopbook_run_complete"), 1);
  t.equal(found.value("hopbook_run_start_time_seconds"), Date.parse("2026-11-20T21:44:54Z") / 1000);
});

t.test("an audit's statements are counted by how grave they are; a flow without one has none", async (t) => {
  const found = read(ALL_SAMPLES["audited"] ?? buildFindings([]));
  const count = (severity: string): number | undefined =>
    found.value("hopbook_audit_statements", `severity="${severity}"`);
  t.strictSame(["fault", "warning", "doubt", "fine"].map(count), [1, 1, 2, 1]);
  t.notOk(read(buildFindings([healthy])).metrics.includes("hopbook_audit_statements"));
});

t.test(
  "whatever flows are called, each line is a sample and each series there once, its metric's together",
  async (t) => {
    for (const findings of [
      ...Object.values(ALL_SAMPLES),
      buildFindings([healthy, healthy]),
      buildFindings(buildMany(3000)),
    ]) {
      const { series, metrics } = read(findings);
      t.same(
        series.filter((line) => line.includes("NO SAMPLE")),
        [],
      );
      t.equal(new Set(series).size, series.length);
      const runs = metrics.filter((name, index) => name !== metrics[index - 1]);
      t.equal(new Set(runs).size, runs.length);
    }
  },
);

t.test("of thousands of flows the worst are told, and how many are not", async (t) => {
  const many = buildFindings(buildMany(3000));
  const found = read(many);
  t.ok((found.value("hopbook_flows_left_out") ?? 0) >= many.flows.length - 100);
  t.ok(found.series.length < 10_000);
});
