import type { EvidenceHop, FlowEvidence, ProbeRecord } from "../../model/evidence.js";
import type { Confidence } from "../../model/findings.js";
import type { ClockEstimate } from "../follow/clocks/clock.js";
import { countGone } from "./coverage.js";
import type { Observation } from "./observation.js";
import { hopOf, type Route } from "./route.js";

/** Clock differences below this do not matter to anything that is said. */
const NOTABLE_CLOCK_US = 1000;

/** Collects what speaks against a verdict; its weight makes the confidence. */
export class Doubts {
  readonly caveats: string[] = [];
  private readonly reasons = new Set<string>();

  /** Worth knowing, and no reason to doubt the verdict. */
  note(text: string): void {
    if (!this.caveats.includes(text)) this.caveats.push(text);
  }

  /** A reason to doubt the verdict: one makes it medium, two make it low. */
  doubt(text: string): void {
    this.note(text);
    this.reasons.add(text);
  }

  /** The reasons, as they were found. */
  get weighty(): readonly string[] {
    return [...this.reasons];
  }

  get confidence(): Confidence {
    if (this.reasons.size === 0) return "high";
    return this.reasons.size === 1 ? "medium" : "low";
  }
}

export function nameHop(hop: { readonly node: string; readonly interface: string }): string {
  return `${hop.node} ${hop.interface}`;
}

/** What is known of the whole flow's evidence, whatever the verdict. */
export function noteEvidence(
  doubts: Doubts,
  found: Observation,
  at: { route: Route; flow: FlowEvidence },
): void {
  const { route } = at;
  for (const { hop, reason } of route.blind) doubts.doubt(`No capture at ${nameHop(hop)}: ${reason}`);
  for (const [place, hop] of route.hopAt) {
    const { damage } = found.readings[place]!;
    if (damage !== null) doubts.doubt(`The capture at ${nameHop(hop)} is damaged: ${damage}`);
  }
  for (const [place, hop] of route.hopAt) {
    const { record } = route.places[place]!;
    const gone = record === null ? 0 : countGone(record, found.readings[place]!);
    if (gone > 0)
      doubts.doubt(
        `The capture at ${nameHop(hop)} has ${gone} packets less than the ${record?.captured} that tcpdump wrote`,
      );
  }
  for (const [place, hop] of route.hopAt) {
    const endedEarly = route.places[place]!.record?.endedEarly ?? null;
    if (endedEarly !== null) doubts.doubt(`The capture at ${nameHop(hop)} ended early: ${endedEarly}`);
  }
  const nodes = new Set([...route.hopAt.values()].map(({ node }) => node));
  for (const { node, aheadUs, method } of found.clocks)
    if (nodes.has(node) && Math.abs(aheadUs) >= NOTABLE_CLOCK_US)
      doubts.note(describeClock(node, aheadUs, method));
  noteOthers(doubts, found);
  noteSilentHops(doubts, found, route);
}

const CLOCK_METHODS: Readonly<Record<ClockEstimate["method"], string>> = {
  pairs: "matched requests and replies",
  between: "packets that came to it and went on",
  "one-way": "one direction only",
  starts: "when their captures began",
  none: "nothing",
};

function describeClock(node: string, aheadUs: number, method: ClockEstimate["method"]): string {
  const way = aheadUs > 0 ? "ahead of" : "behind";
  const from = CLOCK_METHODS[method];
  return `The clock of ${node} is ${(Math.abs(aheadUs) / 1000).toFixed(1)} ms ${way} the first node's, by ${from}; times are corrected`;
}

function noteOthers(doubts: Doubts, found: Observation): void {
  if (found.others > 0)
    doubts.note(`${found.others} packets of other conversations between the same ends were seen`);
}

function noteSilentHops(doubts: Doubts, found: Observation, route: Route): void {
  for (const tally of [found.request, found.reply]) {
    const word = tally.direction === 0 ? "request" : "reply";
    for (const [place, packets] of tally.silent) {
      const hop = hopOf(route, place);
      doubts.note(
        `Silent hop ${nameHop(hop)}: ${packets} ${word} packets were seen before and behind it, not there`,
      );
    }
    if (tally.ways.length === 0) continue;
    for (const place of route.passedBy[word]) {
      if (tally.silent.has(place) || tally.packets[place]! > 0) continue;
      doubts.note(
        `Silent hop ${nameHop(hopOf(route, place))}: ${word} packets may pass it unseen, so it proves nothing`,
      );
    }
  }
}

/** What the capture at the hop behind a break may have missed of what it did not show. */
export function doubtCapture(doubts: Doubts, place: number, route: Route): void {
  const { record } = route.places[place]!;
  if (record === null) return;
  const name = nameHop(hopOf(route, place));
  const dropped = record.droppedByKernel ?? 0;
  const unread =
    record.received === null || record.captured === null ? 0 : record.received - record.captured - dropped;
  if (dropped > 0) doubts.doubt(`tcpdump at ${name} dropped ${dropped} packets in the kernel`);
  else if (record.droppedByKernel === null)
    doubts.doubt(`tcpdump at ${name} did not say how many packets it dropped`);
  if (unread > 0) doubts.doubt(`tcpdump at ${name} left ${unread} packets of its filter unwritten`);
}

/** Blind hops between two neighbours of the captures: the break may be on either side of them. */
export function doubtGap(
  doubts: Doubts,
  way: readonly EvidenceHop[],
  between: readonly [EvidenceHop, EvidenceHop],
): void {
  const [start, end] = between.map((hop) => way.findIndex(({ id }) => id === hop.id));
  for (const hop of way.slice(start! + 1, end)) {
    if (hop.passedBy !== undefined) continue;
    doubts.doubt(`The loss may be on either side of ${nameHop(hop)}, which has no capture`);
  }
}

/** A break with a node on one side of it, or both, of which the pod alone was seen: it may be anywhere in between. */
export function doubtUnseen(
  doubts: Doubts,
  unseen: readonly string[],
  between: readonly [EvidenceHop, EvidenceHop],
): void {
  const nodes = [...new Set(between.map(({ node }) => node))];
  const dark = nodes.filter((node) => unseen.includes(node));
  if (dark.length === 0) return;
  const where = dark.length === nodes.length ? "the two pods" : between.map(nameHop).join(" and ");
  doubts.doubt(`Nothing between ${where} was captured: ${dark.join(" and ")} could not be entered`);
}

/** What our own programs saw of it, where that says something else. */
export function noteProbes(doubts: Doubts, probes: readonly ProbeRecord[], delivered: boolean): void {
  for (const { error, attempts, kind } of probes) {
    if (error !== null) doubts.note(`The ${kind} probe failed: ${error}`);
    const failed = attempts.filter(({ outcome }) => outcome === "error" || outcome === "timeout");
    if (delivered && failed.length > 0) {
      const detail = failed[0]!.detail === "" ? failed[0]!.outcome : failed[0]!.detail;
      doubts.doubt(`${failed.length} of ${attempts.length} ${kind} attempts failed all the same: ${detail}`);
    }
  }
}
