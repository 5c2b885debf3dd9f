import type { FlowFinding, LegFinding, RateFinding } from "../../model/findings.js";
import { sayEnd, sayHop } from "../shared/words.js";

interface LegLoss {
  readonly direction: "request" | "reply";
  /** `node-a eth0`. */
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly missing: number;
  /** missing / sent, 0 to 1. */
  readonly share: number;
}

interface FlowLoss {
  readonly flow: string;
  /** In the order of the way, the request's legs first. */
  readonly legs: readonly LegLoss[];
  /** When most were lost, in seconds since the flow's first packet; null: none were, or no time is known. */
  readonly worstTime: { readonly fromSec: number; readonly toSec: number; readonly missing: number } | null;
}

export interface LossVerdict {
  readonly code: "ok" | "lossy" | "no-traffic" | "not-known";
  readonly summary: string;
  /** Of the leg that loses most, 0 to 1. */
  readonly worstShare: number;
  readonly flows: readonly FlowLoss[];
}

const MAX_SAID = 8;

/** The rate of loss between neighbouring hops, by what the pods sent by themselves. */
export function judgeLoss(flows: readonly FlowFinding[]): LossVerdict {
  const seen = flows.filter(({ hops }) =>
    hops.some(({ request, reply }) => request.packets + reply.packets > 0),
  );
  const judged = seen.map(judgeFlow);
  const legs = judged.flatMap((flow) => flow.legs.map((leg) => ({ ...leg, flow })));
  const worstShare = Math.max(0, ...legs.map(({ share }) => share));
  const all = { worstShare, flows: judged };
  const lossy = legs.filter(({ missing }) => missing > 0).sort((one, other) => other.share - one.share);
  if (lossy.length > 0) {
    const said = lossy
      .slice(0, MAX_SAID)
      .map((leg) => `${leg.flow.flow}: ${sayLeg(leg)}${sayTime(leg.flow)}`);
    const more = lossy.length > MAX_SAID ? [`${lossy.length - MAX_SAID} legs more`] : [];
    return { ...all, code: "lossy", summary: [...said, ...more].join("; ") };
  }
  if (seen.length === 0)
    return { ...all, code: "no-traffic", summary: "no packet passed any hop while it was watched" };
  const sent = Math.max(0, ...legs.map((leg) => leg.sent));
  if (sent === 0) {
    const [why = "no packet was seen at two hops"] = seen.flatMap(({ verdict }) => verdict.caveats);
    return { ...all, code: "not-known", summary: `whether packets are lost is not known: ${why}` };
  }
  const names = judged.slice(0, MAX_SAID).map(({ flow, legs: own }) => {
    return `${flow}: up to ${Math.max(0, ...own.map((leg) => leg.sent))} packets on each of ${own.length} legs`;
  });
  return { ...all, code: "ok", summary: `nothing was lost; ${names.join("; ")}` };
}

function judgeFlow(flow: FlowFinding): FlowLoss {
  const { from, to, protocol, legs = [], rate } = flow;
  return {
    flow: `${sayEnd(from)} → ${sayEnd(to)} (${protocol})`,
    legs: legs.map((leg) => ({
      ...{ direction: leg.direction, from: sayHop(leg.from), to: sayHop(leg.to) },
      ...{ sent: leg.sent, missing: leg.missing, share: leg.share },
    })),
    worstTime: rate === undefined || !legs.some(isLossy) ? null : worstTimeOf(rate),
  };
}

function isLossy({ missing }: LegFinding): boolean {
  return missing > 0;
}

/** The slot in which most are missing, both ways together. */
function worstTimeOf({ slotMs, request, reply }: RateFinding): FlowLoss["worstTime"] {
  const slots = request.missing.map((missing, slot) => missing + (reply.missing[slot] ?? 0));
  const missing = Math.max(0, ...slots);
  if (missing === 0) return null;
  const slot = slots.indexOf(missing);
  return { fromSec: (slot * slotMs) / 1000, toSec: ((slot + 1) * slotMs) / 1000, missing };
}

function sayLeg({ direction, from, to, sent, missing, share }: LegLoss): string {
  const what = direction === "request" ? "of what was sent" : "of the answers";
  return `${missing} of ${sent} packets (${(share * 100).toFixed(2)} %) ${what} are lost between ${from} and ${to}`;
}

function sayTime({ worstTime }: FlowLoss): string {
  if (worstTime === null) return "";
  const { fromSec, toSec, missing } = worstTime;
  return `, most of them (${missing}) ${fromSec.toFixed(1)} s to ${toSec.toFixed(1)} s after its first packet`;
}
