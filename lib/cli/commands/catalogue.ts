import type { Command } from "commander";
import type { CatalogueEntry, RunbookDescription, Suggestion } from "../../api/runbooks.js";
import { visible, visibleLines } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { addClusterOptions, addOutputOption, clusterOf, type CommonOptions } from "../options.js";
import { describeDefault, flagName, valuesOf } from "../runbook-flags.js";
import { printJson } from "../../model/json.js";

/** list, suggest, show: what there is to run. They touch no node. */
export function addCatalogueCommands(program: Command, io: CommandIo): void {
  const list = program.command("list").description("runbooks at hand by what is seen, one line each");
  addOutputOption(addClusterOptions(list)).action(async (options: CommonOptions) => {
    const { listCatalogue } = await import("../../api/runbooks.js");
    const entries = await listCatalogue(process.cwd(), clusterOf(options));
    if (options.output === "json") io.terminal.out(printJson(entries));
    else {
      const { alignCells } = await import("../../text/table.js");
      io.terminal.out(renderCatalogue(entries, alignCells));
    }
  });

  const suggest = program
    .command("suggest")
    .description("which runbook to take: an error's text, or what you see in your own words");
  addOutputOption(addClusterOptions(suggest))
    .argument("<text...>", 'what is seen: "connection reset by peer"')
    .action(async (words: readonly string[], options: CommonOptions) => {
      const { suggestRunbooks } = await import("../../api/runbooks.js");
      const found = await suggestRunbooks(words.join(" "), process.cwd(), clusterOf(options));
      io.terminal.out(options.output === "json" ? printJson(found) : renderSuggestions(found));
    });

  const show = program.command("show").description("a runbook's inputs, permissions, steps and an example");
  addOutputOption(addClusterOptions(show))
    .argument("<runbook>", "name or file")
    .option(
      "--resolved",
      "what it comes to with what it extends and the cluster's overlays; who set each value",
    )
    .action(async (name: string, options: CommonOptions & { readonly resolved?: boolean }) => {
      if (options.resolved === true) {
        await showResolved(name, options, io);
        return;
      }
      const { describeRunbook } = await import("../../api/runbooks.js");
      const description = await describeRunbook(name, process.cwd(), clusterOf(options));
      if (options.output === "json") io.terminal.out(printJson(description));
      else io.terminal.out(renderDescription(description));
    });
}

/** Under each symptom its runbooks; one that has several stands under each of them. */
function renderCatalogue(
  entries: readonly CatalogueEntry[],
  align: (rows: readonly (readonly string[])[]) => string,
): string {
  const groups = new Map<string, string[][]>();
  const add = (when: string, { name, title }: CatalogueEntry): void => {
    groups.set(when, [...(groups.get(when) ?? []), [`  ${visible(name)}`, visible(title)]]);
  };
  for (const entry of entries) {
    for (const { when } of new Map(entry.symptoms.map((symptom) => [symptom.when, symptom])).values())
      add(when, entry);
  }
  for (const entry of entries) if (entry.symptoms.length === 0) add("Others", entry);
  // All rows at once, so that titles stand under each other.
  const rows = align([...groups.values()].flat()).split("\n");
  const sections = [...groups].map(
    ([when, { length }]) => `${visible(when)}:\n${rows.splice(0, length).join("\n")}\n`,
  );
  return sections.join("\n");
}

function renderSuggestions(found: readonly Suggestion[]): string {
  if (found.length === 0) {
    return "No runbook says that it is for this. All of them by what is seen: hopbook list\n";
  }
  const lines = found.flatMap(({ name, title, symptom, phrase, example }) => [
    `${name}: ${title}`,
    `  for: ${symptom}${phrase === symptom ? "" : ` ("${phrase}")`}`,
    `  ${example}`,
    "",
  ]);
  return visibleLines(lines.slice(0, -1).join("\n") + "\n");
}

async function showResolved(name: string, options: CommonOptions, io: CommandIo): Promise<void> {
  const { resolveNamedRunbook } = await import("../../api/runbooks.js");
  const { yaml, ...resolved } = await resolveNamedRunbook(name, {
    ...clusterOf(options),
    cwd: process.cwd(),
  });
  io.terminal.out(options.output === "json" ? printJson(resolved) : visibleLines(yaml));
}

function renderDescription(runbook: RunbookDescription): string {
  const lines = [`${runbook.name}: ${runbook.title}`, ""];
  if (runbook.description !== "") lines.push(...wrap(runbook.description), "");
  lines.push("inputs:");
  for (const [name, input] of Object.entries(runbook.inputs)) {
    const isOn = input.type === "boolean" && input.default === true;
    const fallback = input.type === "boolean" ? null : describeDefault(input.default);
    const marks = [
      isOn ? "boolean, default on" : input.type,
      input.required === true ? "required" : null,
      fallback,
    ];
    lines.push(
      `  --${isOn ? "[no-]" : ""}${flagName(name)} (${marks.filter((mark) => mark !== null).join(", ")})`,
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
