import type { DetectorFinding } from "../../model/findings.js";
import type { FlowFacts } from "./facts.js";

/** A finding that a detector can make. */
interface FindingKind {
  /** What it stands for, in a sentence without a full stop. */
  readonly title: string;
  /** Where it is described: an RFC, a man page, a page of the kernel's documentation. */
  readonly reference: string | null;
}

/** What a detector says; its reference is its kind's. */
export type Said = Omit<DetectorFinding, "reference">;

/** One in a file of this folder, and a line in registry.ts. Pure: it reads facts, and nothing else. */
export interface FlowDetector {
  /** All that it can say, by code: stable names, which findings hold. */
  readonly kinds: Readonly<Record<string, FindingKind>>;
  readonly detect: (facts: FlowFacts) => readonly Said[];
}
