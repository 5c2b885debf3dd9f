import type { CauseInput } from "../../model/cause.js";
import type { CauseCode } from "./codes.js";
import type { KernelWord } from "./kernel.js";
import type { Spot } from "./spot.js";
import type { StateReader } from "./state.js";

/**
 * 3: a counter equals the loss, or a state that explains other candidates; 2: state that must lose the packets;
 * 1: it fits; 0: it may have had a part, which is worth a caveat and is no cause.
 */
export type Strength = 0 | 1 | 2 | 3;

/** What a detector has found. */
export interface Candidate {
  readonly code: CauseCode;
  readonly summary: string;
  readonly evidence: readonly string[];
  readonly strength: Strength;
}

export interface DetectorInput {
  readonly input: CauseInput;
  readonly spot: Spot;
  readonly state: StateReader;
  /** The kernel's word for the loss, where there is one. */
  readonly word: KernelWord | null;
}

export type Detector = (given: DetectorInput) => readonly Candidate[];
