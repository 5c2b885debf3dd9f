import type { Findings } from "../model/findings.js";
import type { Terminal } from "./terminal.js";
import { printJson } from "../model/json.js";

/**
 * Findings on stdout. As JSON they say where the run's folder is (`run.folder`), which findings.json itself does not: a
 * folder can be moved.
 */
export async function printFindings(
  findings: Findings,
  to: {
    readonly dir: string | null;
    readonly output: "text" | "json" | undefined;
    readonly terminal: Terminal;
  },
): Promise<void> {
  const { dir, output, terminal } = to;
  if (output !== "json") {
    // Most commands have none to print; TAB is to be quick.
    const { reportText } = await import("../api/report.js");
    terminal.out(`\n${reportText(findings, terminal, dir)}`);
    return;
  }
  const run = dir === null ? findings.run : { ...findings.run, folder: dir };
  terminal.out(printJson({ ...findings, run }));
}
