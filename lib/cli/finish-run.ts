import type { RunReport } from "../api/run.js";
import { asHopbookError } from "../errors.js";
import type { CommandIo } from "./io.js";
import type { CommonOptions } from "./options.js";
import { printFindings } from "./print-findings.js";
import { renderError } from "./render-error.js";

/** What a person sees of a run that has ended, and its exit code. */
export async function finishRun(report: RunReport, { output }: CommonOptions, io: CommandIo): Promise<void> {
  const { terminal } = io;
  await printFindings(report.findings, { dir: report.dir, output, terminal });
  const { error } = report.outcome;
  if (error !== null) terminal.err(`\n${renderError(asHopbookError(error), terminal)}`);
  terminal.err(`\nevidence: ${report.dir}\nreport:   ${report.dir}/report.html\n`);
  io.setExitCode(report.exitCode);
}
