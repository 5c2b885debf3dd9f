import type { Findings } from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { describeMark, describePrinted } from "./words.js";

/** Of each; all of them are in findings.json. */
const MAX_ITEMS = 32;

/** What happened meanwhile, and what the runbook's own commands printed: a section each. */
export function renderSteps({ marks = [], printed = [] }: Findings): string {
  const notes = marks.slice(0, MAX_ITEMS).map((mark) => `<li>${esc(describeMark(mark))}</li>`);
  const blocks = printed.slice(0, MAX_ITEMS).map((one) => {
    const { head, lines } = describePrinted(one);
    return `<p class="sentence">${esc(head)}</p><pre class="printed">${lines.map(esc).join("\n")}</pre>`;
  });
  return [
    notes.length === 0
      ? ""
      : `<section><h3>Meanwhile</h3><ul>${notes.join("")}</ul>${restOf(marks.length)}</section>`,
    blocks.length === 0
      ? ""
      : `<section><h3>What commands printed</h3>${blocks.join("")}${restOf(printed.length)}</section>`,
  ].join("");
}

function restOf(count: number): string {
  return count > MAX_ITEMS ? `<p class="meta">and ${count - MAX_ITEMS} more in findings.json</p>` : "";
}
