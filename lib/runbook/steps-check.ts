import { nearest, type Problem } from "../document/index.js";
import type { Runbook, RunbookStep } from "./types.js";

type Path = Problem["path"];
type StepData = Readonly<Record<string, unknown>>;

const FORMS = ["uses", "run", "script", "wait", "cancel"] as const;
/** Longer than any capture may run, and far from where timers overflow. */
const MAX_TIMEOUT_MS = 24 * 3_600_000;
const MAX_DELAY_MS = 3_600_000;
const MAX_COMBINATIONS = 256;
/** CEL reads these as words of its own, or JavaScript's objects know them. */
const RESERVED = [
  "in",
  "true",
  "false",
  "null",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "valueOf",
];

/** What a schema cannot say of a step: which of its keys go together. `data` is the step as the file has it. */
export function findFormProblems(data: StepData, path: Path): Problem[] {
  // In the order of the file: the first one is what was meant, as far as anybody can tell.
  const present = Object.keys(data).filter((key) => (FORMS as readonly string[]).includes(key));
  const [form, ...others] = present;
  if (form === undefined) {
    const message = `a step needs one of ${FORMS.join(", ")}`;
    return [{ path, at: "key", message, suggestion: "say what the step does", rule: "step-form" }];
  }
  const problems = others.map((other): Problem => {
    const message = `a step has one of ${FORMS.join(", ")}, and this one has ${form} already`;
    return {
      path: [...path, other],
      at: "key",
      message,
      suggestion: "make two steps of it",
      rule: "step-form",
    };
  });
  if (problems.length > 0) return problems;
  const refuse = (key: string, message: string): void => {
    problems.push({ path: [...path, key], at: "key", message, rule: "conflicting-key" });
  };
  if (Object.hasOwn(data, "with") && form !== "uses")
    refuse("with", `"with" goes with uses, not with ${form}`);
  if (Object.hasOwn(data, "env") && form !== "script")
    refuse("env", `"env" goes with script, not with ${form}`);
  if (Object.hasOwn(data, "on") && form !== "run") refuse("on", `"on" goes with run, not with ${form}`);
  if (form === "run" && !Object.hasOwn(data, "on")) {
    const message = '"run" needs "on": where the command runs';
    problems.push({
      path: [...path, "run"],
      at: "key",
      message,
      suggestion: "add on: node/NAME or on: namespace/pod",
      rule: "conflicting-key",
    });
  }
  if (form === "wait" || form === "cancel") {
    for (const key of ["strategy", "retry", "background", "outputs"]) {
      if (Object.hasOwn(data, key))
        refuse(key, `a step that ${form === "wait" ? "waits" : "cancels"} takes no "${key}"`);
    }
  }
  return problems;
}

/** What steps say of each other, and numbers that a pattern lets through. */
export function findStepProblems(runbook: Runbook): Problem[] {
  const all = [...runbook.steps, ...runbook.finally];
  return all.flatMap((step, index) => [
    ...findReferenceProblems(step, { before: all.slice(0, index), after: all.slice(index) }),
    ...findTimeProblems(step),
    ...(step.strategy === null ? [] : findMatrixProblems(step, step.strategy.matrix)),
    ...findReserved(Object.keys(step.outputs), [...step.path, "outputs"]),
    ...(step.background && runbook.finally.includes(step) ? [describeLateBackground(step)] : []),
  ]);
}

function describeLateBackground({ path }: RunbookStep): Problem {
  const message = "a step of finally cannot run in the background: nothing waits for it";
  return { path: [...path, "background"], at: "key", message, rule: "background-step" };
}

function findReferenceProblems(
  step: RunbookStep,
  { before, after }: { readonly before: readonly RunbookStep[]; readonly after: readonly RunbookStep[] },
): Problem[] {
  const lists: [string, readonly string[]][] = [["needs", step.needs]];
  if (step.control !== null) lists.push([step.control.type, step.control.steps]);
  return lists.flatMap(([key, ids]) =>
    ids.flatMap((id, index): Problem[] => {
      const path = [...step.path, key, index];
      const found = before.find((other) => other.id === id);
      if (found === undefined) return [describeUnknown(id, path, { key, before, after })];
      if (key === "needs" || found.background) return [];
      const message = `the step "${id}" does not run in the background, so there is nothing to ${key} for`;
      const said = key === "cancel" ? message.replace("cancel for", "cancel") : message;
      return [{ path, message: said, suggestion: `give "${id}" background: true`, rule: "background-step" }];
    }),
  );
}

function describeUnknown(
  id: string,
  path: Path,
  { key, before, after }: { key: string; before: readonly RunbookStep[]; after: readonly RunbookStep[] },
): Problem {
  const [self] = after;
  if (self?.id === id) return { path, message: "a step cannot name itself here", rule: "later-step" };
  if (after.some((other) => other.id === id)) {
    return { path, message: `the step "${id}" stands below: ${key} names steps above`, rule: "later-step" };
  }
  const names = before.filter((one) => key === "needs" || one.background).map((one) => one.id);
  const near = nearest(id, names);
  const suggestion = near === undefined ? {} : { suggestion: `did you mean "${near}"?` };
  return { path, message: `there is no step "${id}" above`, rule: "unknown-step", ...suggestion };
}

function findTimeProblems({ path, timeoutMs, retry }: RunbookStep): Problem[] {
  const problems: Problem[] = [];
  const bound = (at: Path, ms: number, limits: { least: number; most: number; words: string }): void => {
    if (ms >= limits.least && ms <= limits.most) return;
    problems.push({
      path: at,
      message: `${JSON.stringify(at.at(-1))} must be ${limits.words}`,
      rule: "out-of-range",
    });
  };
  if (timeoutMs !== null) {
    bound([...path, "timeout"], timeoutMs, { least: 1, most: MAX_TIMEOUT_MS, words: "from 1ms to 24h" });
  }
  if (retry !== null) {
    bound([...path, "retry", "delay"], retry.delayMs, { least: 0, most: MAX_DELAY_MS, words: "at most 1h" });
  }
  return problems;
}

function findMatrixProblems(
  { path }: RunbookStep,
  matrix: Readonly<Record<string, readonly unknown[] | string>>,
): Problem[] {
  const place = [...path, "strategy", "matrix"];
  const names = Object.keys(matrix);
  const problems = findReserved(names, place);
  const lists = Object.values(matrix).filter((values) => typeof values !== "string");
  const product = lists.reduce((size, values) => size * values.length, 1);
  if (product > MAX_COMBINATIONS) {
    const message = `the matrix has ${product} combinations, more than ${MAX_COMBINATIONS}`;
    problems.push({ path: place, at: "key", message, rule: "matrix-size" });
  }
  const seen = new Map<string, string>();
  for (const name of names) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined) {
      const message = `"${name}" and "${other}" differ by the size of letters alone`;
      problems.push({ path: [...place, name], at: "key", message, rule: "duplicate-id" });
    }
    seen.set(name.toLowerCase(), name);
  }
  return problems;
}

/** Names that expressions could not be written with. */
export function findReserved(names: readonly string[], path: Path): Problem[] {
  return names
    .filter((name) => RESERVED.includes(name))
    .map((name) => ({
      path: [...path, name],
      at: "key",
      message: `"${name}" cannot be a name: it means something else in expressions`,
      rule: "reserved-name",
    }));
}
