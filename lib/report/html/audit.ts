import type { FlowFinding } from "../../model/findings.js";
import { escapeMarkup as esc } from "../escape.js";
import { AUDIT_TITLE, summariseAudit, type AuditItem } from "../flow-audit.js";
import { endSentence } from "../words.js";
import { keepNames, markCode } from "./names.js";

/** All of them are in findings.json. */
const MAX_ITEMS = 24;

/** What should happen by the nodes' state, beside what the packets show did. */
export function renderAudit({ audit }: FlowFinding): string {
  if (audit === undefined) return "";
  const { items, rest } = summariseAudit(audit);
  const more = items.length > MAX_ITEMS ? [`${items.length - MAX_ITEMS} more in findings.json`] : [];
  const list = items.slice(0, MAX_ITEMS).map(renderItem).join("");
  const notes = [...more, ...rest].map((text) => `<p class="meta">${esc(endSentence(text))}</p>`).join("");
  return `<div class="block audit"><h3>${esc(AUDIT_TITLE)}</h3>${list}${notes}</div>`;
}

function renderItem({ severity, sentence, evidence, next }: AuditItem): string {
  const tone = severity === "fault" ? "bad" : "warn";
  const lines = evidence.map((line) => `<li>${esc(line)}</li>`).join("");
  const step = next === null ? "" : `<p class="next"><b>Next:</b> ${markCode(endSentence(next))}</p>`;
  return `<div class="finding ${tone}"><p><span class="badge-status">${severity}</span> ${keepNames(endSentence(sentence))}</p>${step}${lines === "" ? "" : `<ul class="evidence">${lines}</ul>`}</div>`;
}
