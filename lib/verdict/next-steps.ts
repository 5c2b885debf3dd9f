import type { NextSteps } from "../catalogue/next-steps.js";
import {
  isUnsent,
  type CheckFinding,
  type Findings,
  type FindingsEnd,
  type FlowFinding,
} from "../model/findings.js";
import { quoteShellWord } from "../model/shell-word.js";
import { isSameHop } from "../report/legs.js";
import { isEgress, leftAs, nameEnd } from "../report/words.js";

type BreakPlace = NonNullable<NextSteps["verdicts"][number]["at"]>;

/**
 * Findings whose verdicts say what a person does now: by the cause, else by the verdict and where it broke. Of the cluster
 * they say nothing, so that the same evidence gives the same findings: reports do.
 */
export function addNextSteps(findings: Findings, steps: NextSteps): Findings {
  const flows = findings.flows.map((flow) => {
    const known = factsOf(flow);
    const next = chooseSteps(flow, steps).flatMap((step) => fill(withFamily(step, flow), known) ?? []);
    return next.length === 0 ? flow : { ...flow, verdict: { ...flow.verdict, next } };
  });
  return { ...findings, flows };
}

/** Checks that say what a person does now, by what their outcomes are called; the run's inputs stand in the words. */
export function addStepsOfChecks(
  checks: readonly CheckFinding[],
  { outcomes }: NextSteps,
  inputs: Readonly<Record<string, unknown>>,
): CheckFinding[] {
  const known = Object.entries(inputs).flatMap(([name, value]): [string, string][] => {
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === "string" && first !== "" && !first.startsWith("-") ? [[name, first]] : [];
  });
  return checks.map((check) => {
    const own = check.code !== undefined && Object.hasOwn(outcomes, check.code) ? outcomes[check.code] : [];
    const next = (own ?? []).flatMap((step) => fill(step, new Map(known)) ?? []);
    return next.length === 0 ? check : { ...check, next };
  });
}

function chooseSteps(flow: FlowFinding, { causes, verdicts }: NextSteps): readonly string[] {
  const { cause, status } = flow.verdict;
  // Whatever else the captures held and is well is nobody's concern.
  if (status === "delivered" && flow.probe === null) return [];
  const own = cause !== null && Object.hasOwn(causes, cause.code) ? causes[cause.code] : undefined;
  if (own !== undefined) return own;
  const place = placeOf(flow);
  const fitting = verdicts.find((one) => one.status === status && (one.at === undefined || one.at === place));
  return fitting?.next ?? [];
}

function placeOf(flow: FlowFinding): BreakPlace | null {
  const { lastSeen, firstMissing, status } = flow.verdict;
  if (status === "unanswered" && isEgress(flow)) return "outside";
  if (status === "unanswered" && isFarEndUnseen(flow)) return "unseen";
  if (status === "unanswered" && flow.from.pod !== null && flow.from.pod === flow.to.pod) return "hairpin";
  if (status === "unanswered" && isAtNode(flow)) return "host";
  if (status === "rejected" && isByAnother(flow)) return "router";
  if (status === "rejected" && flow.verdict.rejectedBy?.ip === flow.from.ip) return "client";
  if (isUnsent(flow.verdict)) return "sender";
  if (status === "lost" && isBare(flow)) return "bare";
  if (lastSeen === null || firstMissing === null) return null;
  if (lastSeen.node !== firstMissing.node) return "wire";
  return [lastSeen, firstMissing].some(({ role }) => role === "pod") ? "pod" : "node";
}

/** Whatever its place shows did not show it within the far end's own network. */
function isFarEndUnseen({ unentered = [], verdict: { lastSeen } }: FlowFinding): boolean {
  return lastSeen?.role !== "pod" && unentered.some(({ end }) => end === "to");
}

/** Captures alone: no run, whose nodes have names. */
function isBare({ from, to, verdict }: FlowFinding): boolean {
  return verdict.lookedAt.length === 0 && [from, to].every(({ pod, node }) => pod === null && node === null);
}

/** Whether it was the node's own server that was asked. */
function isAtNode({ to, verdict: { lastSeen } }: FlowFinding): boolean {
  return to.pod === null && to.node !== null && lastSeen?.node === to.node;
}

/** By ICMP, from an address that is not the destination's: the refusal says nothing of a program there. */
function isByAnother({ to, verdict: { rejectedBy } }: FlowFinding): boolean {
  const own = [to.ip, to.otherIp, to.service?.backend.ip, to.service?.clusterIp.ip];
  return rejectedBy !== null && rejectedBy.how.startsWith("ICMP") && !own.includes(rejectedBy.ip);
}

type Facts = ReadonlyMap<string, string>;

function factsOf(flow: FlowFinding): Facts {
  const { from, to, verdict, hops } = flow;
  const { lastSeen, firstMissing } = verdict;
  const [toNamespace, toPod] = to.pod?.split("/") ?? [];
  const shown = [...hops, ...(flow.replyHops ?? [])].find(
    (hop) => lastSeen !== null && isSameHop(hop, lastSeen),
  );
  const isWatched = from.pod !== null || from.node !== null;
  const facts: Readonly<Record<string, string | null | undefined>> = {
    from: isWatched ? endWord({ ...from, port: null }) : null,
    to: isWatched ? endWord(to) : null,
    fromIp: from.ip,
    toIp: to.ip,
    ...{ toNamespace, toPod },
    toPort: to.port === null ? null : String(to.port),
    pod: podAt(flow),
    leftAs: leftAs(flow),
    leftUnchanged: from.pod !== null && leftAs(flow) === null ? from.ip : null,
    rejectedBy: verdict.rejectedBy?.ip,
    rejectedHow: verdict.rejectedBy?.how,
    lastNode: lastSeen?.node,
    lastInterface: lastSeen?.interface,
    missingNode: firstMissing?.node,
    missingInterface: firstMissing?.interface,
    pcap: shown?.pcap,
  };
  // A name that begins with a dash would be a flag of the command it is pasted in.
  const isSound = (value: string | null | undefined): value is string =>
    value != null && !value.startsWith("-");
  return new Map(Object.entries(facts).flatMap(([name, value]) => (isSound(value) ? [[name, value]] : [])));
}

/** As `run` takes an end: a Service by its address, which needs no API to be found. */
function endWord(end: FindingsEnd): string {
  const { pod, node, port, service } = end;
  if (service !== undefined) return nameEnd({ pod: null, node: null, ...service.clusterIp });
  return pod === null && node !== null && port === null ? `node/${node}` : nameEnd(end);
}

function podAt({ from, to, verdict: { lastSeen, direction } }: FlowFinding): string | null {
  const isAtSender = lastSeen?.role === "pod";
  return isAtSender === (direction === "request") ? from.pod : to.pod;
}

/** Between ends of both IP families the same run follows the same one: another way would prove nothing. */
function withFamily(step: string, { from, to }: FlowFinding): string {
  if (from.otherIp === undefined && to.otherIp === undefined) return step;
  const family = to.ip.includes(":") ? 6 : 4;
  return step.replaceAll(/--from \{from\}\s+--to \{to\}/g, `$& --family ${family}`);
}

/** null where it names what is not known. Within backticks stands what is pasted into a shell. */
function fill(step: string, facts: Facts): string | null {
  let isWhole = true;
  const parts = step.split("`").map((part, index) =>
    part.replaceAll(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
      const value = facts.get(name);
      if (value === undefined) isWhole = false;
      const said = value ?? "";
      return index % 2 === 1 ? quoteShellWord(said) : said;
    }),
  );
  return isWhole ? parts.join("`") : null;
}
