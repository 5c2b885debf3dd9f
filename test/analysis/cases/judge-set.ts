import type { Findings, FlowFinding } from "../../../lib/model/findings.js";
import type { ExpectedFlow, Scenario } from "../../lab/captures/scenario.js";
import { fitsFlow, nameOf } from "./cases.js";

type Truth = Readonly<Record<string, number>>;

/** What is not as it should be, in words; empty: all is. */
export function judgeSet({ flows }: Findings, scenario: Scenario, truth: Truth): readonly string[] {
  const meant = scenario.flows.map((wanted) => flows.find((flow) => fits(flow, wanted, truth)));
  const missing = scenario.flows.filter((_, index) => meant[index] === undefined);
  const others = flows.filter((flow) => !meant.includes(flow) && isAlarm(flow));
  if (missing.length === 0 && others.length === 0) return [];
  return [
    ...missing.map((wanted) => `wanted ${JSON.stringify(wanted)} ${JSON.stringify(truth)}`),
    ...others.map((flow) => `alarm ${describe(flow)}`),
    ...flows.map((flow) => `found ${describe(flow)}`),
  ];
}

function fits(flow: FlowFinding, wanted: ExpectedFlow, truth: Truth): boolean {
  const { verdict } = flow;
  const { packets, of } = verdict.lost;
  const codes = flow.findings?.map(({ code }) => code) ?? [];
  return (
    fitsFlow(flow, wanted) &&
    (wanted.counted !== true || (packets === truth["lost"] && of === truth["seen"])) &&
    (wanted.missing ?? []).every(([way, from, to, packets]) =>
      (flow.legs ?? []).some(
        (leg) =>
          leg.direction === way &&
          nameOf(leg.from) === from &&
          nameOf(leg.to) === to &&
          leg.missing === packets,
      ),
    ) &&
    (wanted.findings ?? []).every((code) => codes.includes(code)) &&
    !(wanted.silent ?? []).some((code) => codes.includes(code)) &&
    (wanted.outcome === undefined ||
      (flow.exchanges ?? []).some(({ outcome }) => outcome.includes(wanted.outcome!)))
  );
}

/** What would call a person: verdicts other than delivered, and all that a detector says but its notes. */
export function listAlarms({ flows }: Findings): readonly string[] {
  return flows
    .filter(
      ({ verdict, findings = [] }) =>
        verdict.status !== "delivered" || findings.some(({ severity }) => severity !== "note"),
    )
    .map(describe);
}

/** Neither a healthy flow nor a note. */
function isAlarm({ verdict, findings = [], exchanges = [] }: FlowFinding): boolean {
  return (
    verdict.status !== "delivered" ||
    findings.some(({ severity }) => severity !== "note") ||
    exchanges.some(({ kind }) => kind === "error" || kind === "none")
  );
}

function describe({ protocol, from, to, verdict, findings = [], exchanges = [] }: FlowFinding): string {
  const { status, direction, lastSeen, firstMissing, lost, rejectedBy, caveats } = verdict;
  const way = `${nameOf(lastSeen)} > ${nameOf(firstMissing)}`;
  const said = [
    ...findings.map(({ code, severity, summary }) => `${severity} ${code}: ${summary}`),
    ...exchanges.map(({ kind, outcome, count }) => `${count} ${kind} ${outcome}`),
    ...(rejectedBy === null ? [] : [`by ${rejectedBy.ip} ${rejectedBy.how}`]),
    ...caveats,
  ];
  const head = `${protocol} ${from.ip} ${to.ip}:${to.port} ${status} ${direction} ${way} ${lost.packets}/${lost.of}`;
  return [head, ...said].join("\n      ");
}
