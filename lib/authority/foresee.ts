import type { Argv } from "../model/access.js";
import type { ScriptModule } from "../model/sandbox.js";
import {
  evaluateCondition,
  fileOf,
  interpolateValue,
  type Runbook,
  type RunbookStep,
} from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import type { RunbookPart } from "./bound-grant.js";

/** What can be said of a step before any node is touched: from the file and the inputs alone. */
export interface ForeseenStep {
  readonly id: string;
  readonly uses: string;
  /** Named actions that its kind may use. */
  readonly actions: readonly string[];
  /** The command of a `run` step, where it is known by now. */
  readonly argv: Argv | null;
  /** Of a `run` step whose words are known and whose place is not: as it would be on a node, and in a pod. */
  readonly either: readonly Argv[];
  /** `no`: its condition is false already; `maybe`: it depends on what is found. */
  readonly wanted: "yes" | "no" | "maybe";
  /** The input that its condition asks for. */
  readonly switchedBy: string | null;
  readonly continueOnError: boolean;
  readonly background: boolean;
  /** null: no limit of its own. */
  readonly timeoutMs: number | null;
  /** Where it stands in the document. */
  readonly path: readonly (string | number)[];
  /** Names of its `with`, be their values known or not. */
  readonly given: readonly string[];
  /** Values of its `with` that are known and plain: limits, counts. */
  readonly values: Readonly<Record<string, string | number | boolean>>;
  /** Those that are lists of texts. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** Every step of a runbook, as far as the inputs say. Inputs with secrets are left unsaid. */
export function foresee(
  runbook: Runbook,
  inputs: Readonly<Record<string, unknown>>,
): readonly ForeseenStep[] {
  const plain = Object.fromEntries(
    Object.entries(inputs).filter(([name]) => runbook.inputs[name]?.secret !== true),
  );
  return [...runbook.steps, ...runbook.finally].map((step) => ({
    id: step.id,
    uses: step.uses,
    actions: STEP_KINDS.get(step.uses)?.actions ?? [],
    ...(step.form === "run" ? knownCommands(step, { runbook, inputs: plain }) : { argv: null, either: [] }),
    wanted: isWanted(step, { runbook, inputs: plain }),
    switchedBy: /\binputs\.([A-Za-z][A-Za-z0-9_]*)/.exec(step.if ?? "")?.[1] ?? null,
    continueOnError: step.continueOnError,
    ...{
      background: step.background,
      timeoutMs: step.timeoutMs,
      path: step.path,
      given: Object.keys(step.with),
    },
    ...knownValues(step, { runbook, inputs: plain }),
  }));
}

interface Known {
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, unknown>>;
}

function valueOf(step: RunbookStep, key: string, { runbook, inputs }: Known): unknown {
  const place = { document: runbook.document, path: [...step.path, "with", key] };
  try {
    return interpolateValue(step.with[key], { inputs }, place);
  } catch {
    // It needs what an earlier step finds.
    return undefined;
  }
}

function knownCommands(step: RunbookStep, known: Known): Pick<ForeseenStep, "argv" | "either"> {
  const nothing = { argv: null, either: [] };
  const words = valueOf(step, "argv", known);
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) return nothing;
  const [program, ...args] = words;
  if (program === undefined) return nothing;
  const onNode: Argv = [program, ...args];
  // In a pod it enters the pod's network namespace, whose path is not known yet.
  const inPod: Argv = ["nsenter", "--net=/proc/1/ns/net", "--", program, ...args];
  const on = valueOf(step, "on", known);
  if (typeof on !== "string") return { argv: null, either: [onNode, inPod] };
  return { argv: on.startsWith("node/") ? onNode : inPod, either: [] };
}

function isWanted(step: RunbookStep, { runbook, inputs }: Known): ForeseenStep["wanted"] {
  if (step.if === undefined) return "yes";
  try {
    return evaluateCondition(step, { inputs }, runbook.document) ? "yes" : "no";
  } catch {
    return "maybe";
  }
}

function knownValues(step: RunbookStep, known: Known): Pick<ForeseenStep, "values" | "lists"> {
  const entries = Object.keys(step.with).map((key) => [key, valueOf(step, key, known)] as const);
  const values = entries.filter((entry): entry is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof entry[1]),
  );
  const lists = entries.filter((entry): entry is [string, string[]] => {
    const [, value] = entry;
    return Array.isArray(value) && value.every((item) => typeof item === "string");
  });
  return { values: Object.fromEntries(values), lists: Object.fromEntries(lists) };
}

/** The runbook's own file first, then those that it extends or that are laid over it. */
export function sourceFilesOf({ document, sources }: Pick<Runbook, "document" | "sources">): string[] {
  return [...new Set([document.file, ...sources.map(({ file }) => file)])];
}

/** The files that the cluster profile lays over the runbook: those above it. */
export function overlayFilesOf({ document, sources }: Pick<Runbook, "document" | "sources">): string[] {
  const own = sources.findIndex(({ file }) => file === document.file);
  return sources.slice(own + 1).map(({ file }) => file);
}

/**
 * Each file of the runbook but those that the cluster profile lays over it and what only they bring. `scripts`: all files
 * of each script, by the path of the first, as far as that could be said.
 */
export function partsOf(
  runbook: Runbook,
  scripts: ReadonlyMap<string, readonly ScriptModule[]>,
): RunbookPart[] {
  const { document, sources } = runbook;
  const laidOver = new Set(overlayFilesOf(runbook));
  const own = [...sources]
    .filter(({ file }) => !laidOver.has(file) && !scripts.has(file))
    .sort((one, other) => Number(other.file === document.file) - Number(one.file === document.file));
  const ofScripts = [...runbook.steps, ...runbook.finally].flatMap((step): readonly RunbookPart[] => {
    const { file } = step.with;
    if (step.uses !== "script/run" || typeof file !== "string") return [];
    if (laidOver.has(fileOf(runbook, [...step.path, "script"]))) return [];
    return scripts.get(file) ?? [{ file, sha256: null }];
  });
  return [...own, ...ofScripts].map(({ file, sha256 }) => ({ file, sha256 }));
}
