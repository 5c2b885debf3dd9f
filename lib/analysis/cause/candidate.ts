import type { CauseInput } from "../../model/cause.js";
import type { KernelWord } from "./kernel.js";
import type { Spot } from "./spot.js";
import type { StateReader } from "../../readings/reader.js";

/**
 * 3: a counter equals the loss, or a state that explains other candidates; 2: state that must lose the packets;
 * 1: it fits; 0: it may have had a part, which is worth a caveat and is no cause.
 */
export type Strength = 0 | 1 | 2 | 3;

/** What a detector has found. */
export interface Candidate {
  /** One of the causes that the detector declares. */
  readonly code: string;
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

/** A cause that a detector can say. */
export interface CauseKind {
  /** What it stands for, in a sentence without a full stop. */
  readonly title: string;
  /** The kernel's drop reasons that speak for it (include/net/dropreason-core.h). */
  readonly reasons?: readonly string[];
  /** The kernel's functions that do, where the reason does not tell. */
  readonly locations?: readonly string[];
  /** What one of these reasons alone says, with no state beside it. */
  readonly alone?: string;
}

/** One in a file of detectors/, and a line in registry.ts. */
export interface Detector {
  /** All that it can say, by code: stable names, which findings hold. */
  readonly causes: Readonly<Record<string, CauseKind>>;
  /** It speaks of devices, or of the switch itself: also where a switch takes packets past the node's own tables. */
  readonly ofSwitched?: true;
  detect(given: DetectorInput): readonly Candidate[];
}
