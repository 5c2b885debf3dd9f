import type { TestCaseResult, TestReport } from "../model/runbook-test.js";
import { visible } from "../model/visible.js";
import { makePaint } from "../text/paint.js";
import { escapeMarkup } from "./escape.js";

/** TAP 14 (testanything.org), with the differences of a case as its YAML diagnostics. */
export function renderTap({ cases }: TestReport): string {
  const lines = ["TAP version 14", `1..${cases.length}`];
  for (const [index, result] of cases.entries()) {
    const name = visible(titleOf(result)).replaceAll("\\", "\\\\").replaceAll("#", "\\#");
    const took = `# time=${result.durationMs.toFixed(0)}ms`;
    lines.push(`${result.ok ? "ok" : "not ok"} ${index + 1} - ${name} ${took}`);
    if (result.ok) continue;
    // JSON strings are YAML strings.
    lines.push("  ---", "  differences:");
    for (const line of result.differences) lines.push(`    - ${JSON.stringify(visible(line))}`);
    lines.push(
      "  at:",
      `    file: ${JSON.stringify(visible(result.file))}`,
      `    line: ${result.line}`,
      "  ...",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** JUnit XML as CI systems read it: a suite a file. */
export function renderTestJunit({ cases }: TestReport): string {
  const files = [...new Set(cases.map(({ file }) => file))];
  const suites = files.map((file) =>
    renderSuite(
      file,
      cases.filter((result) => result.file === file),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hopbook test">\n${suites.join("")}</testsuites>\n`;
}

function renderSuite(file: string, cases: readonly TestCaseResult[]): string {
  const failures = cases.filter(({ ok }) => !ok).length;
  const seconds = cases.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const head = `name="${escapeMarkup(file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`;
  return `  <testsuite ${head} time="${seconds.toFixed(3)}">\n${cases.map(renderCase).join("")}  </testsuite>\n`;
}

function renderCase({ name, file, line, ok, differences, durationMs }: TestCaseResult): string {
  const seconds = (durationMs / 1000).toFixed(3);
  const open = `    <testcase classname="hopbook.test" name="${escapeMarkup(name)}" file="${escapeMarkup(file)}" time="${seconds}"`;
  if (ok) return `${open}/>\n`;
  const message = escapeMarkup(differences[0] ?? "");
  const text = [`${file}:${line}`, ...differences].map((each) => escapeMarkup(each)).join("\n");
  return `${open}>\n      <failure type="difference" message="${message}">${text}</failure>\n    </testcase>\n`;
}

/** For people. */
export function renderTestText(
  { cases, passed, failed }: TestReport,
  target: { readonly color: boolean; readonly unicode: boolean },
): string {
  const paint = makePaint(target.color);
  const lines = cases.flatMap((result) => {
    const title = visible(titleOf(result));
    if (result.ok) return [`${paint("green", target.unicode ? "✓" : "ok")} ${title}`];
    const place = `    at ${visible(result.file)}:${result.line}`;
    return [
      `${paint("red", target.unicode ? "✗" : "FAILED")} ${title}`,
      ...result.differences.map((line) => `    ${visible(line)}`),
      place,
    ];
  });
  return `${lines.join("\n")}\n\n${passed} passed, ${failed} failed\n`;
}

function titleOf({ file, name }: TestCaseResult): string {
  return `${file.split("/").at(-1) ?? file}: ${name}`;
}
