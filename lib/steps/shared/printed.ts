import type { ExecResult } from "../../model/access.js";
import type { PrintedFinding, PrintedLines } from "../../model/findings.js";
import type { StepContext } from "../../model/steps.js";

/** For people: all of it lies beside. */
const MOST_FIRST = 20;
const MOST_LAST = 10;
const MOST_CHARS = 400;

/**
 * Keeps what a command of the runbook's own printed: all of it under evidence/NODE/steps/, and what a report shows of it in
 * evidence/printed.json: `{printed: PrintedFinding[]}`. `words` and `on` are the runbook's, without what leads there.
 */
export async function keepPrinted(
  { node, argv, exitCode, stdout, stderr }: ExecResult,
  { words, on }: { readonly words: readonly string[]; readonly on: string },
  { sink, evidenceName }: Pick<StepContext, "sink" | "evidenceName">,
): Promise<void> {
  const place = `evidence/${node}/steps/${evidenceName}`;
  const file = `${place}.txt`;
  await sink.writeText(file, stdout, { node, argv, exitCode });
  if (stderr.length > 0) await sink.writeText(`${place}.stderr.txt`, stderr, { node, argv, exitCode });
  const record: PrintedFinding = {
    ...{ step: evidenceName, on, exitCode, file },
    argv: words.map((word) => word.slice(0, MOST_CHARS)),
    stdout: linesOf(stdout),
    stderr: linesOf(stderr),
  };
  await sink.appendJson("evidence/printed.json", { key: "printed", records: [record] });
}

/** The first and last lines, tabs and all: who shows them makes them visible. */
function linesOf(printed: Buffer): PrintedLines {
  const text = printed.toString("utf8").replace(/\s+$/, "");
  const lines = text === "" ? [] : text.split(/\r?\n/);
  const isWhole = lines.length <= MOST_FIRST + MOST_LAST;
  const cut = (some: readonly string[]): readonly string[] => some.map((line) => line.slice(0, MOST_CHARS));
  return {
    first: cut(isWhole ? lines : lines.slice(0, MOST_FIRST)),
    leftOut: isWhole ? 0 : lines.length - MOST_FIRST - MOST_LAST,
    last: cut(isWhole ? [] : lines.slice(-MOST_LAST)),
  };
}
