import type { PlannedCommand } from "../model/steps.js";
import { canonicalJson, type PlanStep } from "./plan.js";
import type { SealedPlan } from "./seal.js";

const MAX_LINES = 40;

/** How a plan that was made again differs from the one that was agreed to: a line each; empty where they are the same. */
export function describeDrift(agreed: SealedPlan, now: SealedPlan): string[] {
  if (agreed.digest === now.digest) return [];
  const lines = [
    ...describeSources(agreed, now),
    ...describeEnds(agreed.ends, now.ends),
    ...describeSteps(agreed.steps, now.steps),
    ...describeFiles(agreed, now),
  ];
  if (!same(agreed.permissions.declared, now.permissions.declared))
    lines.push("the runbook declares other permissions");
  if (!same(agreed.inputs, now.inputs)) lines.push(...describeInputs(agreed.inputs, now.inputs));
  // Whatever it is, it is something: a digest that differs is never passed over.
  if (lines.length === 0) lines.push(`digest: ${agreed.digest} → ${now.digest}`);
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more`];
}

function describeSources(agreed: SealedPlan, now: SealedPlan): string[] {
  const lines: string[] = [];
  if (agreed.runbook.sha256 !== now.runbook.sha256 || !same(agreed.sources, now.sources)) {
    const files = changedFiles(agreed.sources, now.sources);
    lines.push(`the runbook's text changed${files.length === 0 ? "" : `: ${files.join(", ")}`}`);
  }
  const scripts = changedFiles(agreed.scripts, now.scripts);
  if (scripts.length > 0) lines.push(`a script's text changed: ${scripts.join(", ")}`);
  if (agreed.profileSha256 !== now.profileSha256) lines.push(`the cluster profile ${now.cluster} changed`);
  return lines;
}

/** Where commands would go to other places than was agreed to: a line each. */
export function describeEnds(agreed: SealedPlan["ends"] = [], now: SealedPlan["ends"] = []): string[] {
  const before = new Map(agreed.map(({ of, settings }) => [of, settings]));
  const after = new Map(now.map(({ of, settings }) => [of, settings]));
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((of) => {
    const [old, is] = [before.get(of), after.get(of)];
    if (old === undefined) return [`${of}: it is new`];
    if (is === undefined) return [`${of}: it is gone`];
    // What nobody could tell, then or now, is the same by its words alone.
    if (is["unresolved"] !== undefined) return [`${of}: ${is["unresolved"]}`];
    return [...new Set([...Object.keys(old), ...Object.keys(is)])]
      .filter((key) => old[key] !== is[key])
      .map((key) => `${of}: ${key}: ${show(old[key])} → ${show(is[key])}`);
  });
}

function changedFiles(
  agreed: readonly { readonly file: string; readonly sha256: string }[],
  now: readonly { readonly file: string; readonly sha256: string }[],
): string[] {
  const before = new Map(agreed.map(({ file, sha256 }) => [file, sha256]));
  const after = new Map(now.map(({ file, sha256 }) => [file, sha256]));
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
}

function describeInputs(agreed: SealedPlan["inputs"], now: SealedPlan["inputs"]): string[] {
  const names = [...new Set([...Object.keys(agreed), ...Object.keys(now)])];
  return names
    .filter((name) => !same(agreed[name], now[name]))
    .map((name) => `input ${name}: ${show(agreed[name])} → ${show(now[name])}`);
}

function describeSteps(agreed: readonly PlanStep[], now: readonly PlanStep[]): string[] {
  const before = new Map(agreed.map((step) => [step.id, step]));
  const after = new Map(now.map((step) => [step.id, step]));
  const gone = agreed.filter(({ id }) => !after.has(id)).map(({ id }) => `step ${id}: it is gone`);
  const lines = now.flatMap((step) => {
    const old = before.get(step.id);
    return old === undefined ? [`step ${step.id}: it is new`] : describeStep(old, step);
  });
  const order = agreed.map(({ id }) => id).filter((id) => after.has(id));
  const orderNow = now.map(({ id }) => id).filter((id) => before.has(id));
  return [...gone, ...lines, ...(same(order, orderNow) ? [] : ["the steps come in another order"])];
}

function describeStep(old: PlanStep, now: PlanStep): string[] {
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(`step ${now.id}: ${text}`);
  if (old.skipped !== now.skipped)
    say(
      `${old.skipped === null ? "would run" : "skipped"} → ${now.skipped === null ? "would run" : "skipped"}`,
    );
  for (const line of describeCommands(old.commands, now.commands)) say(line);
  if (lines.length === 0 && !same(old, now)) {
    const keys = Object.keys(now) as (keyof PlanStep)[];
    for (const key of keys.filter((name) => !same(old[name], now[name])))
      say(`${key}: ${show(old[key])} → ${show(now[key])}`);
  }
  return lines;
}

/** Commands that are there in both, in any number, are no difference; the others are set against each other. */
function describeCommands(old: readonly PlannedCommand[], now: readonly PlannedCommand[]): string[] {
  const rest = new Map<string, number>();
  for (const command of old) rest.set(canonicalJson(command), (rest.get(canonicalJson(command)) ?? 0) + 1);
  const added = now.filter((command) => {
    const key = canonicalJson(command);
    const count = rest.get(key) ?? 0;
    if (count > 0) rest.set(key, count - 1);
    return count === 0;
  });
  const removed = old.filter((command) => {
    const key = canonicalJson(command);
    const count = rest.get(key) ?? 0;
    if (count > 0) rest.set(key, count - 1);
    return count > 0;
  });
  const lines: string[] = [];
  for (const command of added) {
    const at = removed.findIndex(({ node, action }) => node === command.node && action === command.action);
    const [before] = at === -1 ? [] : removed.splice(at, 1);
    lines.push(before === undefined ? `new: ${showCommand(command)}` : describeChange(before, command));
  }
  return [...lines, ...removed.map((command) => `gone: ${showCommand(command)}`)];
}

function describeChange(old: PlannedCommand, now: PlannedCommand): string {
  const head = `${now.node}, ${now.action}`;
  const changes = now.argv.flatMap((word, index) =>
    word === old.argv[index] ? [] : [`${show(old.argv[index])} → ${show(word)}`],
  );
  if (now.argv.length === old.argv.length && changes.length > 0 && changes.length <= 3)
    return `${head}: ${now.argv[0]} … ${changes.join(", ")}`;
  return `${head}: ${showArgv(old.argv)} → ${showArgv(now.argv)}`;
}

function showCommand({ node, action, argv }: PlannedCommand): string {
  return `${node}, ${action}: ${showArgv(argv)}`;
}

function showArgv(argv: readonly string[]): string {
  return cut(argv.map((word) => (word.includes("\n") ? "<script>" : word)).join(" "), 160);
}

function describeFiles(agreed: SealedPlan, now: SealedPlan): string[] {
  return same(agreed.files, now.files) ? [] : ["other files would be made on the nodes"];
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  return text.includes("\n") ? "<script>" : cut(text, 120);
}

function cut(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…`;
}
