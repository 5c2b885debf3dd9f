import type { Argv } from "../model/access.js";
import type { PlannedCommand } from "../model/steps.js";
import { visible } from "../model/visible.js";
import type { Plan, PlanStep } from "./plan.js";

/**
 * The plan for people: every argv by node. A constant script stands in the list by its name and once in full
 * at the end, so that the values that differ can be seen. Whatever came from a file or a node is made visible.
 */
export function renderPlan(plan: Plan): string {
  const scripts: Scripts = new Map();
  const lines = [`plan of ${visible(plan.runbook.name)} on cluster ${visible(plan.cluster)}`];
  const width = Math.max(0, ...Object.keys(plan.inputs).map((name) => name.length));
  for (const [name, value] of Object.entries(plan.inputs))
    lines.push(`  ${visible(name).padEnd(width)} = ${visible(stringify(value))}`);
  for (const step of plan.steps) lines.push("", ...renderStep(step, scripts));
  if (scripts.size > 0) {
    lines.push("", "scripts (constant; values only by position):");
    for (const [text, name] of scripts) {
      lines.push(`--- ${visible(name)}`, ...text.trimEnd().split("\n").map(renderScriptLine));
    }
  }
  lines.push("", `digest ${plan.digest}`, "");
  return lines.join("\n");
}

/** Names by text: two texts never share a name. */
type Scripts = Map<string, string>;

function renderScriptLine(line: string): string {
  return `    ${visible(line.replaceAll("\t", "  "))}`;
}

function renderStep(step: PlanStep, scripts: Scripts): string[] {
  const marks = [step.uses, step.phase === "discovery" ? "read-only, done for this plan" : null];
  if (step.always) marks.push("always");
  if (step.skipped !== null) marks.push(`skipped: ${step.skipped}`);
  const lines = [
    `${step.id}: ${visible(step.title)} (${visible(marks.filter((mark) => mark !== null).join("; "))})`,
  ];
  for (const [node, commands] of groupByNode(step.commands)) {
    lines.push(`  on ${visible(node)}:`);
    for (const command of commands) {
      const condition = command.condition === undefined ? "" : `  [${visible(command.condition)}]`;
      lines.push(`    ${visible(command.action)}: ${renderArgv(command.argv, scripts)}${condition}`);
    }
  }
  for (const note of step.notes) lines.push(`  note: ${visible(note)}`);
  return lines;
}

function groupByNode(commands: readonly PlannedCommand[]): Map<string, PlannedCommand[]> {
  const groups = new Map<string, PlannedCommand[]>();
  for (const command of commands) groups.set(command.node, [...(groups.get(command.node) ?? []), command]);
  return groups;
}

/** The argv as JSON words where they need quotes; scripts by the name that stands in their `$0`. */
function renderArgv(argv: Argv, scripts: Scripts): string {
  return argv
    .map((word, index) => {
      // Only what a shell is given as its program is a script; a value with a line break is shown as it is.
      if (argv[index - 1] === "-c" && /^(ba)?sh$/.test(argv[index - 2] ?? "")) {
        return `<script ${visible(nameScript(word, { wanted: argv[index + 1] ?? "script", scripts }))}>`;
      }
      return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : visible(JSON.stringify(word));
    })
    .join(" ");
}

function nameScript(text: string, { wanted, scripts }: { wanted: string; scripts: Scripts }): string {
  const known = scripts.get(text);
  if (known !== undefined) return known;
  const taken = new Set(scripts.values());
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted} (${count})`;
  scripts.set(text, name);
  return name;
}

function stringify(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
