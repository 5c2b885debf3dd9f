import type { Audit, AuditStatement } from "../../model/audit/audit.js";
import type { FlowFinding } from "../../model/findings.js";
import { sayBreak, sayEnd, sayRefusal } from "../shared/words.js";

type PairCode = "admitted" | "denied" | "other" | "read-otherwise" | "not-known";

interface PairVerdict {
  readonly from: string;
  readonly to: string;
  readonly code: PairCode;
  /** What became of what was sent. */
  readonly tried: string;
  /** What the rules say; null: nothing against it. */
  readonly read: string | null;
}

export interface PoliciesVerdict {
  /** `ok`: each gets through to each. */
  readonly code: "ok" | Exclude<PairCode, "admitted">;
  readonly summary: string;
  readonly pairs: readonly PairVerdict[];
}

/** What a person has to look at first. */
const WORST = ["denied", "other", "read-otherwise", "not-known"] as const;
const MAX_SAID = 12;

/** Who gets through to whom by what was sent, and by the rules that were read on the nodes. `audits` are of the flows' paths. */
export function judgePolicies(flows: readonly FlowFinding[], audits: readonly Audit[]): PoliciesVerdict {
  const pairs = flows.filter(({ probe }) => probe !== null).map((flow) => judgePair(flow, audits));
  const code = WORST.find((one) => pairs.some((pair) => pair.code === one)) ?? "ok";
  const through = pairs.filter((pair) => pair.code === "admitted");
  const counts = [...WORST].flatMap((one) => {
    const count = pairs.filter((pair) => pair.code === one).length;
    return count === 0 ? [] : [`${count} ${COUNTED[one][count === 1 ? 0 : 1]}`];
  });
  const ways = pairs.length === 1 ? "1 way gets" : `${pairs.length} ways get`;
  const head = [`${through.length} of ${ways} through`, ...counts].join(", ");
  const bad = pairs.filter((pair) => pair.code !== "admitted");
  const said = (bad.length === 0 ? through : bad).slice(0, MAX_SAID).map(sayPair);
  if (pairs.length === 0) return { code: "not-known", summary: "nothing was sent", pairs };
  return { code, summary: [head, ...said].join("; "), pairs };
}

/** Of one, and of several. */
const COUNTED = {
  denied: ["ends at a rule", "end at a rule"],
  other: ["ends elsewhere", "end elsewhere"],
  "read-otherwise": ["gets through a rule that says no", "get through a rule that says no"],
  "not-known": ["is not known", "are not known"],
} as const;

function judgePair(flow: FlowFinding, audits: readonly Audit[]): PairVerdict {
  const { status, caveats } = flow.verdict;
  const rule = ruleOf(flow, audits);
  const pair = {
    from: sayEnd(flow.from),
    to: sayEnd(flow.to),
    read: rule === undefined ? null : sayRule(rule),
  };
  if (status === "inconclusive") {
    return { ...pair, code: "not-known", tried: `is not known: ${caveats[0] ?? "nothing was seen of it"}` };
  }
  if (status === "delivered") {
    const isDenied = rule?.severity === "fault";
    return { ...pair, code: isDenied ? "read-otherwise" : "admitted", tried: "gets through" };
  }
  const tried = `is ${status}${sayOutcome(flow)}`;
  return { ...pair, code: rule !== undefined && isItsEnd(rule, flow) ? "denied" : "other", tried };
}

/** A rule further on, or one that hangs on what nobody saw, is not what a refusal or a loss elsewhere comes from. */
function isItsEnd(
  { severity, place }: AuditStatement,
  { verdict: { status, lastSeen, firstMissing } }: FlowFinding,
): boolean {
  if (severity !== "fault" && status !== "lost") return false;
  return (
    lastSeen === null || firstMissing === null || [lastSeen.node, firstMissing.node].includes(place.node)
  );
}

/** The rule that stops it by what was read: one that is certain before one that hangs on what the node does not say. */
function ruleOf(flow: FlowFinding, audits: readonly Audit[]): AuditStatement | undefined {
  const audit = audits.find(
    ({ from, to, port, protocol }) =>
      from.ip === flow.from.ip && to.ip === flow.to.ip && port === flow.to.port && protocol === flow.protocol,
  );
  const rules = audit?.statements.filter(({ check }) => check === "rules") ?? [];
  return (
    rules.find(({ severity }) => severity === "fault") ??
    rules.find(({ severity, next }) => severity === "doubt" && next !== null)
  );
}

function sayRule({ place: { node, pod }, what }: AuditStatement): string {
  return `${pod ?? node}: ${what}`;
}

function sayPair({ from, to, tried, read }: PairVerdict): string {
  return `${from} → ${to} ${tried}${read === null ? "" : ` (read on ${read})`}`;
}

function sayOutcome(flow: FlowFinding): string {
  return flow.verdict.rejectedBy === null ? sayBreak(flow) : sayRefusal(flow);
}
