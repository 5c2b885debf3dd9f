import { dirname, relative, resolve } from "node:path";
import {
  assertBounded,
  listOrigins,
  renderAnnotated,
  type DocumentPath,
  type Origin,
  type Problem,
} from "../document/index.js";
import { visible } from "../model/visible.js";
import type { Runbook } from "./types.js";

/** Who set each value of a runbook, by JSON pointer: `/steps/0/with/count`. Lists and mappings are told by their values. */
export function originsOf({ document }: Pick<Runbook, "document">): Record<string, Omit<Origin, "text">> {
  return listOrigins(document);
}

/**
 * The runbook as one file that stands by itself: what it extends and what a profile lays over it are in it, and a
 * comment names the sources. It reads back as the same data. One that was not merged is its file's own text.
 */
export function renderResolved({ document }: Pick<Runbook, "document">): string {
  return document.text;
}

/** The same with `# FILE:LINE` behind each value; `nameOf` says how a file is called. */
export function renderProvenance(
  { document, sources }: Pick<Runbook, "document" | "sources">,
  { nameOf }: { readonly nameOf: (file: string) => string },
): string {
  assertBounded(document);
  const header = sources.map(({ file, sha256 }) => `${visible(nameOf(file))}  sha256:${sha256}`);
  const note = (path: DocumentPath): string => {
    const { file, line } = document.origin(path);
    return `${visible(nameOf(file))}:${line}`;
  };
  return renderAnnotated(document.data, { header, note });
}

/** The file that set a value: a relative path in it is relative to that one. */
export function fileOf({ document }: Pick<Runbook, "document">, path: DocumentPath): string {
  return document.origin(path).file;
}

/** Scripts that are not in the folder of the file that names them: a runbook brings what it runs. */
export function findScriptProblems(runbook: Pick<Runbook, "document" | "steps" | "finally">): Problem[] {
  return [...runbook.steps, ...runbook.finally].flatMap((step) => {
    const { file } = step.with;
    if (step.form !== "script" || typeof file !== "string") return [];
    const path = [...step.path, "script"];
    const folder = resolve(dirname(fileOf(runbook, path)));
    if (!/^\.\.(\/|$)/.test(relative(folder, file))) return [];
    const message = "a script must be in the folder of the file that names it, or below";
    return [{ path, message, suggestion: "move it there" }];
  });
}
