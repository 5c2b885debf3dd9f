import { readSnapshotArgv } from "../model/snapshot.js";
import type { PlannedCommand } from "../model/steps.js";
import { formatDuration, formatSize } from "../model/units.js";
import { visible } from "../model/visible.js";
import { measureColumns, padColumns } from "../text/columns.js";
import type { Plan, PlanCombination, PlanStep } from "./plan.js";
import { listStepOrigins } from "./render-origins.js";
import { renderScripts, Scripts } from "./scripts.js";

interface RenderPlanOptions {
  /** Every argv, and every script in full once. Default: how many commands of which effect, by node. */
  readonly full?: boolean;
  /** Types of the runbook's inputs, by name: a `size` is told as one, not as a number. */
  readonly types?: Readonly<Record<string, string>>;
}

/**
 * The plan for people. A constant script stands in the list by its name, and once at the end: by its sha256, with
 * `full` to the letter. Whatever came from a file or a node is made visible.
 */
export function renderPlan(plan: Plan, options: RenderPlanOptions = {}): string {
  const full = options.full === true;
  const scripts = new Scripts();
  const lines = [`plan of ${visible(plan.runbook.name)} on cluster ${visible(plan.cluster)}`];
  const width = Math.max(0, ...Object.keys(plan.inputs).map((name) => measureColumns(visible(name))));
  for (const [name, value] of Object.entries(plan.inputs))
    lines.push(`  ${padColumns(visible(name), width)} = ${visible(showInput(value, options.types?.[name]))}`);
  if (!full) lines.push("");
  for (const [index, step] of plan.steps.entries()) {
    if (full) lines.push("");
    lines.push(headOf(step));
    if (full) lines.push(...listStepOrigins(plan, index));
    lines.push(...(full ? listCommands(step.commands, scripts) : countCommands(step.commands, scripts)));
    lines.push(...listCombinations(step, full));
    for (const note of step.notes) lines.push(`  note: ${visible(note)}`);
  }
  lines.push(
    ...listAccess(plan.access ?? []),
    ...renderScripts(scripts, full),
    "",
    `digest ${plan.digest}`,
    "",
  );
  return lines.join("\n");
}

function listAccess(access: NonNullable<Plan["access"]>): string[] {
  if (access.length === 0) return [];
  const lines = access.map(({ node, via, image }) => {
    const brought = image === null ? "" : `, image ${visible(image)}`;
    return `  ${visible(node)} by ${visible(via)}${brought}`;
  });
  return ["", "ways in:", ...lines];
}

function headOf(step: PlanStep): string {
  const marks = [step.uses];
  if (step.phase === "discovery" && !step.deferred) {
    const isRead = step.commands.every(({ effect }) => effect === "read");
    marks.push(isRead ? "read-only, done for this plan" : "done for this plan");
  }
  if (step.always) marks.push("always");
  if (step.background) marks.push("in the background");
  if (step.needs.length > 0 && step.form !== "wait" && step.form !== "cancel")
    marks.push(`needs ${step.needs.join(", ")}`);
  if (step.strategy !== null) {
    const { maxParallel, failFast } = step.strategy;
    const count = step.combinations?.length;
    const combinations = count === 1 ? "1 combination" : `${count} combinations`;
    marks.push(
      `${count === undefined ? "matrix" : combinations}, ${maxParallel} at a time${failFast ? "" : ", all of them"}`,
    );
  }
  if (step.timeoutMs !== null) marks.push(`at most ${formatDuration(step.timeoutMs)}`);
  if (step.retry !== null) {
    const { count, delayMs } = step.retry;
    marks.push(`${count} more ${count === 1 ? "try" : "tries"}, ${formatDuration(delayMs)} apart`);
  }
  if (step.continueOnError) marks.push("may fail");
  if (step.deferred) marks.push("not known in full before the run");
  if (step.skipped !== null) marks.push(`skipped: ${step.skipped}`);
  return `${step.id}: ${visible(step.title)} (${visible(marks.join("; "))})`;
}

/** `node-a: 8 read (node/read), 1 change (node/mutate)`: one line a node. */
function countCommands(commands: readonly PlannedCommand[], scripts: Scripts): string[] {
  return [...groupBy(commands, ({ node }) => node)].map(([node, own]) => {
    for (const { argv } of own) scripts.collect(argv);
    const alike = groupBy(own, ({ effect, condition }) => `${effect} ${condition ?? ""}`);
    return `  ${visible(node)}: ${visible([...alike.values()].map(countAlike).join("; "))}`;
  });
}

function countAlike(commands: readonly PlannedCommand[]): string {
  const actions = [...new Set(commands.map(({ action }) => action))].join(", ");
  const [first] = commands;
  const when = first?.condition === undefined ? "" : ` [${first.condition}]`;
  return `${commands.length} ${first?.effect} (${actions})${when}`;
}

function listCommands(commands: readonly PlannedCommand[], scripts: Scripts): string[] {
  const lines: string[] = [];
  for (const [node, own] of groupBy(commands, (command) => command.node)) {
    lines.push(`  on ${visible(node)}:`);
    for (const { action, argv, condition, files = [] } of own) {
      const when = condition === undefined ? "" : `  [${visible(condition)}]`;
      const snapshot = readSnapshotArgv(argv);
      const runs = snapshot === null ? "" : ", which runs one after the other";
      lines.push(`    ${visible(action)}: ${scripts.render(snapshot?.head ?? argv)}${runs}${when}`);
      for (const command of snapshot?.commands ?? []) lines.push(`      ${scripts.render(command)}`);
      for (const file of files) lines.push(`      makes ${visible(file)}, and removes it`);
    }
  }
  return lines;
}

/** A few by name; a plan of 256 pods is not read line by line. */
const MAX_LISTED = 8;

function listCombinations({ combinations }: PlanStep, full: boolean): string[] {
  if (combinations === null) return [];
  const shown = full ? combinations : combinations.slice(0, MAX_LISTED);
  const rest = combinations.length - shown.length;
  return [...shown.map(lineOf), ...(rest > 0 ? [`  … and ${rest} more`] : [])];
}

function lineOf({ label, skipped, deferred, commandCount }: PlanCombination): string {
  const what = skipped !== null ? `skipped: ${skipped}` : deferred ? "known only in the run" : null;
  const commands = `${commandCount} ${commandCount === 1 ? "command" : "commands"}`;
  return `  [${visible(label)}] ${visible(what ?? commands)}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function showInput(value: unknown, type: string | undefined): string {
  if (type === "duration" && typeof value === "number") return formatDuration(value);
  if (type === "size" && typeof value === "number") return formatSize(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.length === 0 ? "(none)" : value.join(", ");
  }
  if (value === "") return "(none)";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
