import { parseLinks } from "../../../linux/links.js";
import { parseQdiscs, type Qdisc } from "../../../linux/tc.js";
import { describeNetns, type Netns } from "../../../readings/reader.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { weighGrowth } from "../growth.js";

/** A queue that is full, or that limits a rate as CNIs' bandwidth limits do, threw away as many as were lost. */
export const queue: Detector = {
  causes: {
    "queue-drop": {
      title: "The queue of a device on the way threw the packets away",
      reasons: [
        ...["QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CAKE_FLOOD"],
        ...["FQ_BAND_LIMIT", "FQ_FLOW_LIMIT", "FQ_HORIZON_LIMIT"],
      ],
      alone: "a device's queue threw the packets away: it was full, or limits a rate",
    },
    "tc-drop": {
      title: "A filter of traffic control, or an eBPF program at a device, dropped the packets",
      reasons: ["TC_INGRESS", "TC_EGRESS"],
      alone: "a filter of traffic control at a device, or an eBPF program there, dropped the packets",
    },
  },
  ofSwitched: true,
  detect: detectQueue,
};

/** What stands before a device's way in and out and holds filters: they count what these drop, and queue nothing. */
const FILTERING = new Set(["clsact", "ingress"]);

function detectQueue(given: DetectorInput): readonly Candidate[] {
  const { spot, state } = given;
  const at = placeOf(given);
  if (at === null) return [];
  const before = readQueues(given, at, "before");
  const redirecting = new Set(
    state
      .readings(at, "links")
      .flatMap(({ text }) => parseLinks(text))
      .flatMap(({ name, kind }) => (kind === "ifb" ? [name] : [])),
  );
  return readQueues(given, at, "after").flatMap((now): Candidate[] => {
    const { kind, drops } = now;
    const dev = String(now.dev);
    const isFilter = FILTERING.has(kind);
    const isOnWay = dev === spot.outDevice || (isFilter ? dev === spot.inDevice : redirecting.has(dev));
    const was = before.find(
      (each) => each.dev === now.dev && each.kind === kind && each.handle === now.handle,
    );
    if (!isOnWay || was === undefined) return [];
    const code = isFilter ? "tc-drop" : "queue-drop";
    const weight = weighGrowth(drops - was.drops, given, {
      code,
      counts: (other) => other.spot.outDevice === spot.outDevice,
      // It is the queue that they were to pass, so that the kernel's word for them is of it.
      isOwn: true,
    });
    if (weight === null) return [];
    const counted = `${describeNetns(at)}: tc -s qdisc show dev ${dev}: ${kind}: dropped ${weight.text}`;
    const what = isFilter ? "a filter at" : `the queue (${kind}) of`;
    const summary = `${describeNetns(at)}: ${what} ${dev} ${isFilter ? "dropped the packets" : "threw the packets away"}`;
    return [
      {
        code,
        summary: weight.strength === 0 ? counted : summary,
        evidence: [counted],
        strength: weight.strength,
      },
    ];
  });
}

/** Where the packets were last on their way out of a device; what a NIC has shown has left its queue. */
function placeOf({ spot }: DetectorInput): Netns | null {
  return spot.kind === "pod-in" || spot.kind === "wire" ? null : spot.netns;
}

/** Of each device the one that counts for all below it. */
function readQueues({ state }: DetectorInput, at: Netns, phase: "before" | "after"): readonly Qdisc[] {
  return state
    .readings(at, "queues", { phase })
    .flatMap(({ text }) => parseQdiscs(text))
    .filter(({ kind, isRoot }) => isRoot || FILTERING.has(kind));
}
