import { assertValid, readDocument } from "../document/index.js";
import type { VerdictStatus } from "../model/findings.js";
import { NEXT_STEPS_FILE } from "./places.js";

/** schemas/next-steps.json: words for people, of which hopbook runs none. */
export interface NextSteps {
  readonly causes: Readonly<Record<string, readonly string[]>>;
  /** By the code of a check's outcome. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
  /** The first that fits is taken. */
  readonly verdicts: readonly {
    readonly status: VerdictStatus;
    readonly at?:
      | "pod"
      | "node"
      | "wire"
      | "outside"
      | "unseen"
      | "host"
      | "router"
      | "hairpin"
      | "sender"
      | "bare"
      | "client";
    readonly next: readonly string[];
  }[];
}

/** What a person does after each verdict. Throws FILE_UNREADABLE or DOCUMENT_INVALID. */
export async function loadNextSteps(): Promise<NextSteps> {
  return assertValid<NextSteps>(await readDocument(NEXT_STEPS_FILE), "next-steps");
}
