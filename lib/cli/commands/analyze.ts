import { Option, type Command } from "commander";
import { stat } from "node:fs/promises";
import { HopbookError } from "../../errors.js";
import { unreadable } from "../../files/failure.js";
import type { Findings } from "../../model/findings.js";
import type { AnalyzeFilesOptions } from "../../api/analyze.js";
import { visible } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { addOutputOption, collect, type CommonOptions } from "../options.js";
import { printJson } from "../../model/json.js";

interface AnalyzeFlags extends Pick<CommonOptions, "output">, AnalyzeFilesOptions {
  readonly html?: string;
  readonly force?: boolean;
}

/** What only captures have. */
const OF_CAPTURES = ["from", "to", "port", "protocol", "name", "links"] as const;

/** analyze, report: from evidence alone, with no cluster. */
export function addAnalyzeCommands(program: Command, io: CommandIo): void {
  const command = program
    .command("analyze")
    .description(
      "all flows of captures, the worst first, also of those in a folder that others collected; or a run's verdict again, from its folder alone",
    )
    .argument(
      "<folder|pcap...>",
      "a run folder; captures of one path, best in the order that packets pass them; or a must-gather, sosreport, sysdump or folder with captures, unpacked",
    )
    .option("--from <IP>", "of captures only the flows of this client")
    .option("--to <IP[:PORT]>", "only the flows to this server, also by an address that it is translated to")
    .option("--port <PORT>", "only the flows to this port")
    .addOption(
      new Option("--protocol <NAME>", "only the flows of this protocol").choices(["icmp", "tcp", "udp"]),
    )
    .option(
      "--name <PATTERN>",
      `how the files are called: node and iface stand for names, * for anything (default: "node.iface.pcap")`,
    )
    .option(
      "--links <FILE>",
      "what `ip -j link` printed on the node, for the names in a capture of all devices (tcpdump -i any); may be given again, one for each capture",
      collect,
    )
    .option("--html <FILE>", "write the report as a page as well")
    .option("--force", "overwrite that file");
  addOutputOption(command).action(async (paths: string[], flags: AnalyzeFlags) => {
    const findings = await analyze(paths, flags);
    const { reportText, writeHtmlFile } = await import("../../api/report.js");
    const { exitCodeOfFindings } = await import("../../api/analyze.js");
    io.terminal.out(flags.output === "json" ? printJson(findings) : reportText(findings, io.terminal));
    if (flags.html !== undefined) {
      const file = await writeHtmlFile(findings, { file: flags.html, force: flags.force === true });
      io.terminal.err(`\nreport: ${visible(file)}\n`);
    }
    io.setExitCode(exitCodeOfFindings(findings));
  });

  program
    .command("report")
    .description(
      "a run's report again: text, Markdown, HTML, JSON, JUnit, SARIF, for Prometheus, or in short for a chat",
    )
    .argument("<run folder>", "a folder that hopbook run made")
    .option("-f, --format <FORMAT>", "text, md, html, json, junit, sarif, prometheus or summary", "text")
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

async function analyze(paths: readonly string[], flags: AnalyzeFlags): Promise<Findings> {
  const { analyzeBundle, analyzePcapFiles, analyzeRunFolder, isRunFolder } =
    await import("../../api/analyze.js");
  const folders = await Promise.all(paths.map(isFolder));
  const [first] = paths;
  if (first === undefined || !folders.includes(true)) return analyzePcapFiles(paths, flags);
  if (paths.length > 1) {
    throw new HopbookError(
      "USAGE",
      `Cannot analyze ${paths[folders.indexOf(true)]} and other paths: it is a folder`,
      {
        hint: "Name one folder, or capture files: hopbook analyze DIR/*.pcap",
      },
    );
  }
  if (!isRunFolder(first)) return analyzeBundle(first, flags);
  const flag = OF_CAPTURES.find((name) => flags[name] !== undefined);
  if (flag !== undefined) {
    throw new HopbookError(
      "USAGE",
      `Cannot take --${flag} with a folder: its run says which flows it is about`,
      {
        hint: `Name its captures, to see all that is in them: hopbook analyze ${first}/captures/*/*.pcap`,
      },
    );
  }
  return analyzeRunFolder(first);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}
