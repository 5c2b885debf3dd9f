import { fitsName } from "../model/names.js";
import { explainProblems } from "./explain.js";
import type { Place } from "./layer.js";
import { valueAt } from "./merged.js";
import { findPatchProblems } from "./patch-problems.js";
import { assertValid } from "./schema.js";
import type { SourceDocument } from "./source.js";

/** What is laid over some runbooks. */
export interface Overlay {
  /** Names; `*` stands for any letters. */
  readonly runbooks: readonly string[];
  readonly patch: Place;
}

interface OverlayData {
  readonly target: { readonly runbooks: readonly string[] };
}

/** A file of the kind RunbookOverlay. Throws DOCUMENT_INVALID. */
export function readOverlay(document: SourceDocument): Overlay {
  const { target } = assertValid<OverlayData>(document, "runbook-overlay");
  return makeOverlay({ runbooks: target.runbooks, patch: { document, path: ["patch"] } });
}

/** An overlay whose form was checked. Throws DOCUMENT_INVALID where it says how to merge in a way that makes no sense. */
export function makeOverlay(overlay: Overlay): Overlay {
  const problems = findPatchProblems(overlay.patch, valueAt(overlay.patch));
  if (problems.length > 0) throw explainProblems(overlay.patch.document, problems);
  return overlay;
}

/** Whether an overlay is for a runbook of this name. */
export function isFor({ runbooks }: Overlay, name: string): boolean {
  return runbooks.some((pattern) => fitsName(pattern, name));
}
