import { CAUSES } from "../analysis/index.js";
import { code, HEAD, prose, table } from "./markdown.js";

/** docs/causes.md: what a verdict can give as the cause, and what of the kernel speaks for it. */
export function causesPage(): string {
  const rows = [...CAUSES].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    HEAD,
    "",
    "# Causes",
    "",
    "What `verdict.cause.code` in findings.json can be. A cause is said only where the nodes' own state shows it; the",
    "kernel's drop reasons, where they were traced, speak for it or against it.",
    "",
    ...table(
      ["cause", "means", "the kernel's words for it"],
      rows.map(([name, { title, reasons = [], locations = [] }]) => [
        code(name),
        prose(title),
        [...reasons, ...locations].map(code).join(", "),
      ]),
    ),
  ].join("\n");
}
