import type { CheckFinding, CheckStatus, Findings } from "../../model/findings.js";
import { partsOf } from "../check-words.js";
import type { RankedFlow } from "../ranking.js";
import { describeVerdict, endSentence } from "../words.js";
import { CHECK_TONE, toneOf, type Tone } from "./tone.js";

const WORST: readonly CheckStatus[] = ["fail", "incomplete", "warn", "pass", "skipped"];

/** What a run came to in one sentence, whose first word has the colour. */
export interface Headline {
  readonly tone: Tone;
  readonly word: string;
  readonly rest: string;
  /** The flow that it is about; null: it is a check's. */
  readonly isOfFlow: boolean;
}

/**
 * Of the worst flow; of the worst check where no flow was followed, all went well and the check did not pass, or all checks passed
 * and the one flow does not say the same: what is tried may be left unanswered by all that is well, and one of many says little.
 */
export function chooseHeadline({ checks, flows }: Findings, worst: RankedFlow | undefined): Headline {
  const tone = worst === undefined ? "quiet" : toneOf(worst.flow);
  const isOneWell = tone === "good" && flows.length === 1;
  const check = WORST.flatMap((status) => checks.filter((one) => one.status === status))[0];
  if (
    check !== undefined &&
    (worst === undefined || (tone === "good" && isTrouble(check)) || (check.status === "pass" && !isOneWell))
  ) {
    const [said = ""] = partsOf(check.message);
    return {
      ...{ tone: CHECK_TONE[check.status], word: check.status.toUpperCase() },
      ...{ rest: `: ${endSentence(said)}`, isOfFlow: false },
    };
  }
  const sentence = worst === undefined ? "No flow was followed." : endSentence(describeVerdict(worst.flow));
  const word = /^[A-Z]{2,}/.exec(sentence)?.[0] ?? "";
  return { tone, word, rest: sentence.slice(word.length), isOfFlow: worst !== undefined };
}

function isTrouble({ status }: CheckFinding): boolean {
  return ["fail", "incomplete", "warn"].includes(status);
}
