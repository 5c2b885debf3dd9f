import type { DecideInput } from "./input.js";
import { nameHop, type Doubts } from "./doubts.js";
import { hopOf } from "./route.js";

/** Why the hops show no request of ours: each reason that the evidence supports, or that there is none. */
export function explainSilence(doubts: Doubts, input: DecideInput): void {
  const { route, probes, found } = input;
  const first = route.requestOrder[0];
  if (first === undefined) {
    doubts.doubt("No hop of the request has a readable capture");
    return;
  }
  const hop = nameHop(hopOf(route, first));
  doubts.doubt(`No request of the flow was seen at ${hop} or at any hop behind it`);
  const listening = route.places[first]!.record?.listeningAtSec ?? null;
  const attempts = probes.flatMap((probe) => probe.attempts);
  const lastSent = Math.max(...attempts.map(({ sentAtSec }) => sentAtSec));
  if (listening !== null && attempts.length > 0 && lastSent < listening)
    doubts.doubt(`The capture at ${hop} began after the last request was sent`);
  const errors = new Set(attempts.filter(({ outcome }) => outcome === "error").map(({ detail }) => detail));
  for (const detail of errors) doubts.note(`The probe could not send: ${detail}`);
  for (const { error } of probes) if (error !== null) doubts.note(`The probe failed: ${error}`);
  const replies = Math.max(0, ...found.reply.packets);
  if (replies > 0) doubts.note(`${replies} replies were seen without a request`);
}

/** A place that a probe's packets never came to, and how many attempts there were. */
interface Unsent {
  readonly firstMissing: number;
  readonly attempts: number;
}

/**
 * Where nothing of our own probes was seen, though they were made while the capture of the pod that makes them went on and
 * had all that passed: they ended before its first device. What they were, or whether something in the pod took them, is not
 * known, so that it is no loss; but why is worth asking its network. null where that is not so.
 */
export function findUnsent({ route, probes, found }: DecideInput): Unsent | null {
  const [hop] = route.requestHops;
  const place = route.requestOrder[0];
  if (hop?.role !== "pod" || place === undefined || route.hopAt.get(place) !== hop) return null;
  const record = route.places[place]!.record;
  const attempts = probes.flatMap((probe) => probe.attempts);
  if (record?.listeningAtSec == null || record.endedEarly !== null || attempts.length === 0) return null;
  const firstSent = Math.min(...attempts.map(({ sentAtSec }) => sentAtSec));
  const isAnswered = Math.max(0, ...found.reply.packets) > 0;
  const { droppedByKernel, listeningAtSec } = record;
  if (firstSent < listeningAtSec || droppedByKernel !== 0 || isAnswered) return null;
  return { firstMissing: place, attempts: attempts.length };
}
