import { Option, type Command } from "commander";
import type { CheckedFile, FileFault } from "../../api/check.js";
import { EXIT } from "../../errors.js";
import { visible, visibleLines } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { printJson } from "../../model/json.js";

const FORMATS = ["text", "json", "sarif"] as const;

interface CheckOptions {
  readonly output: (typeof FORMATS)[number];
}

/** check: what is wrong with files, for people, editors and CI. It touches no node. */
export function addCheckCommand(program: Command, io: CommandIo): void {
  program
    .command("check")
    .description("validate runbooks, overlays, hop recipes, profiles and tests; all problems at once")
    .argument("<files...>", "YAML files, or folders: every hopbook document below them")
    .addOption(
      new Option("-o, --output <FORMAT>", "what stdout gets: json for editors, sarif for CI")
        .choices(FORMATS)
        .default("text"),
    )
    .action(async (files: string[], options: CheckOptions) => {
      const { checkFiles } = await import("../../api/check.js");
      const results = await checkFiles(files);
      await print(results, options, io);
      if (results.some((result) => result.error !== null)) io.setExitCode(EXIT.usage);
    });
}

async function print(
  results: readonly CheckedFile[],
  { output }: CheckOptions,
  { terminal }: CommandIo,
): Promise<void> {
  switch (output) {
    case "json": {
      const report = { apiVersion: "hopbook.dev/v1", kind: "CheckReport", files: results };
      terminal.out(printJson(report));
      return;
    }
    case "sarif": {
      const { reportSarif } = await import("../../api/check.js");
      terminal.out(reportSarif(results, { root: process.cwd() }));
      return;
    }
    case "text":
      for (const { file, kind, error } of results) {
        if (error === null) terminal.out(`${visible(file)}: valid ${kind}\n`);
        else terminal.err(`${describeFault(file, error)}\n`);
      }
  }
}

function describeFault(file: string, { message, detail, hint }: FileFault): string {
  // Problems with a place say all that the message says.
  const said = message.includes(file) ? message : `${file}: ${message}`;
  const lines = [
    detail?.startsWith(`${file}:`) === true ? null : said,
    detail,
    hint === null ? null : `hint: ${hint}`,
  ];
  return visibleLines(lines.filter((line) => line !== null).join("\n"));
}
