import type { CauseInput, CauseResult } from "../../model/cause.js";
import { isUnsent, type Cause } from "../../model/findings.js";
import type { Candidate } from "./candidate.js";
import { CAUSES, codesOf } from "./causes.js";
import type { KernelWord } from "./kernel.js";
import { hearKernel } from "./kernel.js";
import { blameStray } from "./no-service.js";
import { listNotHad } from "./not-had.js";
import { DETECTORS } from "./registry.js";
import { findSpot } from "./spot.js";
import type { Spot } from "./spot.js";
import { describeNetns, StateReader } from "../../readings/reader.js";

export { CAUSES } from "./causes.js";

/** So many things that may have had a part are told, at most. */
const MOST_DOUBTS = 3;

/**
 * Why packets were lost, from the nodes' own words. A cause is said only when one piece of evidence is
 * stronger than all others and the kernel's word, where there is one, does not speak against it.
 */
export function findCause(input: CauseInput): CauseResult {
  const isOpen = input.status === "inconclusive" && !isUnsent(input);
  if (input.status === "delivered" || isOpen) return { cause: null, lookedAt: [], caveats: [] };
  const spot = findSpot(input);
  const state = new StateReader(input);
  // What the kernel drops there are copies of packets that the switch has.
  const isPassedBy = isSwitched(input, spot);
  const word = input.status === "rejected" || isPassedBy ? null : hearKernel(input, codesOf);
  const detectors = DETECTORS.filter(({ ofSwitched = false }) => ofSwitched || !isPassedBy);
  const found =
    spot === null ? [] : detectors.flatMap((detector) => detector.detect({ input, spot, state, word }));
  const candidates = found.filter(({ strength }) => strength > 0);
  const doubts = found.filter(({ strength }) => strength === 0).map(({ summary }) => summary);
  const { chosen, caveats } = decide(candidates, word, spot);
  const alone = candidates.length === 0 && spot !== null && word !== null ? believeKernel(word, spot) : null;
  const heard = input.drops
    .filter((trace) => trace.file !== null)
    .map((trace) => `${trace.node}: the kernel's drop events`);
  const cause = chosen ?? alone;
  return {
    cause: blameStray(input, cause) ?? cause,
    lookedAt: [...state.lookedAt, ...new Set(heard), ...listNotHad(input)],
    caveats: [...(alone === null ? caveats : []), ...(chosen === null ? doubts.slice(0, MOST_DOUBTS) : [])],
  };
}

/** Whether a switch has the packets there, past the node's own routes and rules. */
function isSwitched({ flow }: CauseInput, spot: Spot | null): boolean {
  return flow.switched !== undefined && spot?.netns?.pod === null;
}

function decide(
  candidates: readonly Candidate[],
  word: KernelWord | null,
  spot: Spot | null,
): { chosen: Cause | null; caveats: string[] } {
  const fitting = word === null ? [] : candidates.filter(({ code }) => word.codes.includes(code));
  // On the wire the word can be that of a host that merely saw the packets: it supports, but does not refute.
  const open = word === null || word.codes.length === 0 || spot?.kind === "wire";
  const agreeing = fitting.length > 0 || !open ? fitting : candidates;
  const said =
    word === null || (word.codes.length === 0 && word.reason === "NOT_SPECIFIED") ? [] : [word.sentence];
  const top = Math.max(...agreeing.map((candidate) => candidate.strength));
  const best = agreeing.filter((candidate) => candidate.strength === top);
  const [first] = best;
  if (first === undefined) {
    const against = candidates.map((candidate) => candidate.summary).join("; ");
    return {
      chosen: null,
      caveats: [...said, ...(against === "" ? [] : [`this does not fit the nodes' state: ${against}`])],
    };
  }
  if (new Set(best.map(({ code }) => code)).size > 1) {
    const fits = best.map(({ summary }) => summary).join("; ");
    return { chosen: null, caveats: [...said, `more than one cause fits: ${fits}`] };
  }
  const { code, summary, evidence } = first;
  return {
    chosen: { code, summary, evidence: [...evidence, ...(fitting.length > 0 ? said : [])] },
    caveats: [],
  };
}

/** Some reasons need no state beside them: no counter may tell which rule it was, but netfilter it was. */
function believeKernel(word: KernelWord, { netns }: Spot): Cause | null {
  if (netns === null || word.matched < word.of) return null;
  for (const [code, { reasons = [], alone }] of CAUSES) {
    if (alone === undefined || !reasons.includes(word.reason)) continue;
    return { code, summary: `${describeNetns(netns)}: ${alone}`, evidence: [word.sentence] };
  }
  return null;
}
