import type { Findings } from "../../model/findings.js";
import { escapeMarkdown as md, escapeMarkdownCode as code } from "../escape.js";
import { describeMark, describePrinted } from "./words.js";

/** Of each; all of them are in findings.json. */
const MAX_ITEMS = 32;

/** What happened meanwhile, and what the runbook's own commands printed. */
export function renderSteps({ marks = [], printed = [] }: Findings): string[] {
  const notes = marks.slice(0, MAX_ITEMS).map((mark) => `- ${md(describeMark(mark))}`);
  const blocks = printed.slice(0, MAX_ITEMS).map((one) => {
    const { head, lines } = describePrinted(one);
    // A fenced block would end where a line says so: a code span a line has a fence of its own.
    return [md(head), lines.map((line) => `- ${code(line)}`).join("\n")].join("\n\n");
  });
  return [
    ...(notes.length === 0 ? [] : ["## Meanwhile", `${notes.join("\n")}${restOf(marks.length)}`]),
    ...(blocks.length === 0 ? [] : ["## What commands printed", ...blocks, restOf(printed.length).trim()]),
  ];
}

function restOf(count: number): string {
  return count > MAX_ITEMS ? `\n- and ${count - MAX_ITEMS} more in findings.json` : "";
}
