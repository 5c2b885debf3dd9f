import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { HopbookError } from "../../errors.js";
import type { Findings } from "../../model/findings.js";
import type { CommandIo } from "../io.js";
import { addOutputOption, type CommonOptions } from "../options.js";

/** analyze, report: from evidence alone, with no cluster. */
export function addAnalyzeCommands(program: Command, io: CommandIo): void {
  addOutputOption(program.command("analyze").description("the verdict again, from evidence alone"))
    .argument(
      "<run folder|pcap...>",
      "a run folder, or captures of one path in the order that packets pass them",
    )
    .action(async (paths: string[], options: CommonOptions) => {
      const findings = await analyze(paths);
      const { reportText } = await import("../../api/report.js");
      const { exitCodeOfFindings } = await import("../../api/analyze.js");
      io.terminal.out(
        options.output === "json"
          ? `${JSON.stringify(findings, null, 2)}\n`
          : reportText(findings, io.terminal),
      );
      io.setExitCode(exitCodeOfFindings(findings));
    });

  program
    .command("report")
    .description("a run's report again: text, Markdown, HTML, JSON or JUnit")
    .argument("<run folder>", "a folder that hopbook run made")
    .option("-f, --format <FORMAT>", "text, md, html, json or junit", "text")
    .action(async (dir: string, options: { format: string }) => {
      const { renderReport, REPORT_FORMATS } = await import("../../api/report.js");
      const format = REPORT_FORMATS.find((known) => known === options.format);
      if (format === undefined) {
        throw new HopbookError("USAGE", `Cannot write a report as ${options.format}`, {
          hint: `--format takes ${REPORT_FORMATS.join(", ")}`,
        });
      }
      io.terminal.out(await renderReport(dir, { format, terminal: io.terminal }));
    });
}

async function analyze(paths: readonly string[]): Promise<Findings> {
  const { analyzePcapFiles, analyzeRunFolder } = await import("../../api/analyze.js");
  const [first] = paths;
  if (first !== undefined && paths.length === 1 && (await isFolder(first))) return analyzeRunFolder(first);
  return analyzePcapFiles(paths);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file or folder" : "";
    throw new HopbookError("FILE_UNREADABLE", `Cannot read ${path}: ${reason || String(error)}`, {
      where: { file: path },
      cause: error,
    });
  }
}
