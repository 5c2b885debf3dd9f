import { createHash } from "node:crypto";
import { basename } from "node:path";
import { isFor, mergeDocuments, type Overlay, type Place, type SourceDocument } from "../document/index.js";
import { visible } from "../model/visible.js";
import { readChain, type BaseFinder } from "./extends.js";
import type { RunbookSource } from "./types.js";

export interface LoadOptions {
  /** Where the name behind `extends` is looked up; absent: only paths can be extended. */
  readonly findBases?: BaseFinder;
  /** What a cluster profile lays over runbooks, in its order; those for other runbooks are passed by. */
  readonly overlays?: readonly Overlay[];
}

export interface ResolvedDocument {
  readonly document: SourceDocument;
  /** The bottom one first. */
  readonly sources: readonly RunbookSource[];
}

/**
 * What a runbook comes to with what it extends below it and the overlays that are for it above it. One that stands by
 * itself is the document as it was read. Throws as readChain does, and DOCUMENT_INVALID where a patch does not fit.
 */
export async function resolveDocument(
  top: SourceDocument,
  { findBases = () => Promise.resolve([]), overlays = [] }: LoadOptions = {},
): Promise<ResolvedDocument> {
  const chain = await readChain(top, findBases);
  const name = nameOf(top);
  const [base, ...rest] = chain.map((document): Place => ({ document, path: [] })) as [Place, ...Place[]];
  const patches = [...rest, ...overlays.filter((overlay) => isFor(overlay, name)).map(({ patch }) => patch)];
  const inChain = new Set(chain);
  const sources = [...chain, ...patches.map(({ document }) => document)]
    .filter((document, index, all) => all.indexOf(document) === index)
    .map((document) => sourceOf(document, inChain.has(document) ? "runbook" : "overlay"));
  if (patches.length === 0) return { document: top, sources };
  const header = [
    "Resolved by hopbook of these, each laid over those before it:",
    // Only the file's own name: the same files at another place give the same text.
    ...sources.map(({ file, sha256 }) => `  ${visible(basename(file))}  sha256:${sha256}`),
  ];
  return { document: mergeDocuments([base, ...patches], { file: top.file, header }), sources };
}

/** What is known of a file that was read. */
export function sourceOf({ file, text }: SourceDocument, role: RunbookSource["role"]): RunbookSource {
  return { file, sha256: createHash("sha256").update(text).digest("hex"), role };
}

function nameOf({ data }: SourceDocument): string {
  const { name } = Object((data as { metadata?: unknown } | null)?.metadata) as { name?: unknown };
  return typeof name === "string" ? name : "";
}
