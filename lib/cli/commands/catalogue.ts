import type { Command } from "commander";
import type { FileFault, RunbookDescription } from "../../api/catalogue.js";
import { EXIT } from "../../errors.js";
import { visible, visibleLines } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { addOutputOption, type CommonOptions } from "../options.js";
import { describeDefault, flagName, valuesOf } from "../runbook-flags.js";

/** list, show, check: what there is to run. They touch no node. */
export function addCatalogueCommands(program: Command, io: CommandIo): void {
  addOutputOption(program.command("list").description("runbooks at hand, one line each")).action(
    async (options: CommonOptions) => {
      const { listCatalogue } = await import("../../api/catalogue.js");
      const entries = await listCatalogue(process.cwd());
      if (options.output === "json") io.terminal.out(`${JSON.stringify(entries, null, 2)}\n`);
      else {
        const width = Math.max(...entries.map((entry) => entry.name.length));
        for (const entry of entries)
          io.terminal.out(`${visible(entry.name).padEnd(width)}  ${visible(entry.title)}\n`);
      }
    },
  );

  addOutputOption(
    program.command("show").description("a runbook's inputs, permissions, steps and an example"),
  )
    .argument("<runbook>", "name or file")
    .action(async (name: string, options: CommonOptions) => {
      const { describeRunbook } = await import("../../api/catalogue.js");
      const description = await describeRunbook(name, process.cwd());
      if (options.output === "json") io.terminal.out(`${JSON.stringify(description, null, 2)}\n`);
      else io.terminal.out(renderDescription(description));
    });

  addOutputOption(program.command("check").description("validate runbooks, hop recipes and cluster profiles"))
    .argument("<files...>", "YAML files")
    .action(async (files: string[], options: CommonOptions) => {
      const { checkFiles } = await import("../../api/catalogue.js");
      const results = await checkFiles(files);
      const failed = results.filter((result) => result.error !== null);
      if (options.output === "json") {
        io.terminal.out(
          `${JSON.stringify({ apiVersion: "hopbook.dev/v1", kind: "CheckReport", files: results }, null, 2)}\n`,
        );
      } else {
        for (const { file, kind, error } of results) {
          if (error === null) io.terminal.out(`${visible(file)}: valid ${kind}\n`);
          else io.terminal.err(`${describeFault(file, error)}\n`);
        }
      }
      if (failed.length > 0) io.setExitCode(EXIT.usage);
    });
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

function renderDescription(runbook: RunbookDescription): string {
  const lines = [`${runbook.name}: ${runbook.title}`, ""];
  if (runbook.description !== "") lines.push(...wrap(runbook.description), "");
  lines.push("inputs:");
  for (const [name, input] of Object.entries(runbook.inputs)) {
    const isOn = input.type === "boolean" && input.default === true;
    const fallback = input.type === "boolean" ? null : describeDefault(input.default);
    const marks = [
      isOn ? "on by default" : input.type,
      input.required === true ? "required" : null,
      fallback,
    ];
    lines.push(
      `  --${isOn ? "no-" : ""}${flagName(name)} (${marks.filter((mark) => mark !== null).join(", ")})`,
    );
    lines.push(...wrap(input.description ?? "").map((line) => `      ${line}`));
    const values = valuesOf(input);
    if (values.length > 0) lines.push(`      values: ${values.join(", ")}`);
  }
  lines.push("", "permissions it declares:", ...runbook.permissions.map((line) => `  ${line}`));
  lines.push("", "steps:");
  for (const step of runbook.steps) {
    lines.push(
      `  ${step.id}: ${step.title} (${step.uses}${step.phase === "discovery" ? ", while planning" : ""})`,
    );
  }
  lines.push("", "checks:", ...runbook.checks.map((check) => `  ${check.id}: ${check.title}`));
  lines.push("", "example:", `  ${runbook.example}`, "");
  return visibleLines(lines.join("\n"));
}

function wrap(text: string, width = 88): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
