import type { Findings, FlowFinding, HopRef } from "../model/findings.js";

/** How a verdict differs from what the same evidence said before; empty where it does not. */
export function compareVerdicts(before: Findings, after: Findings): readonly string[] {
  const again = new Map(after.flows.map((flow) => [flow.id, flow]));
  const differences = before.flows.flatMap((flow) => {
    const other = again.get(flow.id);
    return other === undefined ? [`flow ${flow.id} is not told any more`] : compareFlows(flow, other);
  });
  if (before.flows.length !== after.flows.length)
    differences.push(`${before.flows.length} flows were told, and ${after.flows.length} are`);
  return differences;
}

function compareFlows(before: FlowFinding, after: FlowFinding): string[] {
  const facts = (flow: FlowFinding): readonly (readonly [what: string, value: string])[] => [
    ["status", flow.verdict.status],
    ["direction", flow.verdict.direction ?? "none"],
    ["place where packets were last seen", place(flow.verdict.lastSeen)],
    ["first place without them", place(flow.verdict.firstMissing)],
    ["cause", flow.verdict.cause?.code ?? "none"],
    ["lost packets", `${flow.verdict.lost.packets} of ${flow.verdict.lost.of}`],
    ["counts", flow.hops.map(({ request, reply }) => `${request.packets}/${reply.packets}`).join(" ")],
    ["findings", (flow.findings ?? []).map(({ code }) => code).join(" ") || "none"],
  ];
  const others = new Map(facts(after));
  return facts(before).flatMap(([what, value]) => {
    const other = others.get(what);
    return other === value ? [] : [`flow ${before.id}: ${what} was ${value}, and is ${other ?? "none"}`];
  });
}

function place(ref: HopRef | null): string {
  return ref === null ? "none" : `${ref.node} ${ref.role} ${ref.interface}`;
}
