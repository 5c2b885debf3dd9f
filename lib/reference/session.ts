import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { analyzeRunFolder } from "../verdict/analyze.js";
import { renderText } from "../report/text.js";
import { makePaint } from "../text/paint.js";

const COLUMNS = 100;

/** Blocks of the report that a first look needs, by how they begin; for what is left out stands a mark. */
const SHOWN = /^(?:hopbook |LOST|── .* TCP|node-|Evidence|What to do now)/;

/**
 * What a terminal of 100 columns shows of a recorded run, with its colours as escape sequences: the command as it was
 * typed, the steps that its plan has, and the report of what its evidence says today, without its details.
 */
export async function sessionLines(runDir: string): Promise<string[]> {
  const { command } = await readJson<{ readonly command: readonly string[] }>(runDir, "evidence/run.json");
  const { steps } = await readJson<{
    readonly steps: readonly { readonly title: string; readonly skipped: string | null }[];
  }>(runDir, "plan.json");
  const paint = makePaint(true);
  const done = steps
    .filter((step) => step.skipped === null)
    .map((step) => `${paint("green", "✓")} ${step.title}`);
  const report = renderText(await analyzeRunFolder(runDir), { color: true, unicode: true, width: COLUMNS });
  return [
    ...wrapCommand(command).map((line) => paint("bold", line)),
    ...done,
    "",
    ...shorten(report, paint("dim", "⋮")),
  ];
}

/** As far as the first flow's last block that is shown. */
function shorten(report: string, mark: string): string[] {
  const shown: string[] = [];
  let flows = 0;
  for (const block of report.trimEnd().split("\n\n")) {
    // eslint-disable-next-line no-control-regex
    const text = block.replaceAll(/\x1b\[\d+m/g, "").trimStart();
    if (text.startsWith("── ")) flows += 1;
    if (flows > 1) break;
    if (SHOWN.test(text)) shown.push(...block.split("\n"), "");
    else if (shown.at(-2) !== mark) shown.push(mark, "");
  }
  return shown[shown.length - 2] === mark ? shown.slice(0, -1) : [...shown, mark];
}

/** Options stand with their values; a line that is full goes on in the next one, as a shell reads it. */
function wrapCommand(command: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "$";
  for (const part of command.join(" ").split(/ (?=--)/)) {
    if (line.length + part.length + 3 > COLUMNS) {
      lines.push(`${line} \\`);
      line = "   ";
    }
    line += ` ${part}`;
  }
  return [...lines, line];
}

async function readJson<T>(dir: string, name: string): Promise<T> {
  return JSON.parse(await readFile(join(dir, name), "utf8")) as T;
}
