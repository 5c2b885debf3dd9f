import type { MarkFinding, PrintedFinding, PrintedLines } from "../../model/findings.js";
import { formatDuration } from "../../model/units.js";
import { quoteShellWord } from "../../model/shell-word.js";

/** A column of a terminal's tab stop. */
const TAB = 8;

interface PrintedBlock {
  /** `links: ip -s link on node/node-a: exit code 0` */
  readonly head: string;
  /** Of both outputs, those of stderr begin with `stderr: `. Nothing in them is visible yet. */
  readonly lines: readonly string[];
}

/** What a command printed, for any format. */
export function describePrinted(printed: PrintedFinding): PrintedBlock {
  const { step, on, argv, exitCode, stdout, stderr, file } = printed;
  const how = exitCode === null ? "was ended" : `exit code ${exitCode}`;
  const lines = [
    ...describeLines(stdout, file),
    ...describeLines(stderr, file).map((line) => `stderr: ${line}`),
  ];
  return {
    head: `${step}: ${argv.map(quoteShellWord).join(" ")} on ${on}: ${how}`,
    lines: lines.length === 0 ? ["(it printed nothing)"] : lines,
  };
}

function describeLines({ first, leftOut, last }: PrintedLines, file: string): readonly string[] {
  const rest = leftOut === 0 ? [] : [`… ${leftOut} more lines: ${file}`];
  return [...first, ...rest, ...last].map(expandTabs);
}

/** `2026-11-20T21:44:54.123Z trigger, reset: packet: …` */
export function describeMark({ kind, at, step, text, tookMs }: MarkFinding): string {
  const took = tookMs === undefined ? "" : ` (after ${formatDuration(tookMs)})`;
  return `${at} ${kind}, ${step}: ${text}${took}`;
}

function expandTabs(line: string): string {
  let shown = "";
  for (const char of line) shown += char === "\t" ? " ".repeat(TAB - (shown.length % TAB)) : char;
  return shown;
}
