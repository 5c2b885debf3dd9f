import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { FlowEvidence, StateRecord } from "../../lib/model/evidence.js";
import { auditFlow, auditRun } from "../../lib/verdict/audit-flow.js";

const RUNS = join(import.meta.dirname, "../../docs/example-runs");

function looksOf(run: string): {
  readonly flow: FlowEvidence;
  readonly state: StateRecord[];
  readonly readText: (file: string) => string;
} {
  const read = (file: string): string => readFileSync(join(RUNS, run, file), "utf8");
  const { flows } = JSON.parse(read("evidence/flows.json")) as { flows: [FlowEvidence] };
  const { state } = JSON.parse(read("evidence/state.json")) as { state: StateRecord[] };
  return { flow: flows[0], state, readText: read };
}

t.test("a run's flow by what the run read: before it where nothing was read after it", async (t) => {
  const { flow, ...looks } = looksOf("healthy");
  t.ok(looks.state.every(({ phase }) => phase === "before"));
  const audit = auditRun(flow, looks);
  t.equal(audit?.status, "undecided");
  t.notOk(audit?.statements.some(({ severity }) => severity === "fault" || severity === "warning"));
  t.ok(audit?.statements.some(({ check, severity }) => check === "links" && severity === "fine"));
  t.equal(auditFlow(flow, looks), null, "what was read before the packets is no word about them by itself");
});

t.test("the rule that drops them stands there, once", async (t) => {
  const { flow, ...looks } = looksOf("policy-drop");
  const faults = auditRun(flow, looks)?.statements.filter(({ severity }) => severity === "fault") ?? [];
  t.match(faults, [
    { check: "rules", place: { node: "node-b" }, evidence: [{ command: "iptables-save -c" }] },
  ]);
});

t.test("where nothing was read nothing is said", async (t) => {
  const { flow, ...looks } = looksOf("healthy");
  t.equal(auditRun(flow, { ...looks, state: [] }), null);
  t.equal(auditRun({ ...flow, hops: [] }, looks), null);
});
