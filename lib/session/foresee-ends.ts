import { interpolateValue, type Runbook, type RunbookStep } from "../runbook/index.js";

/** The step kind whose ends have to be there, or nothing comes of the run. */
const DISCOVERY = "path/discover";
/** Keys of other steps' inputs that may name an end. */
const END_KEYS = ["from", "to", "on", "pod", "pods"] as const;
const MAX_ENDS = 64;

/** Ends that a runbook's steps name, as far as the inputs say: where ways in may be needed. */
interface ForeseenEnds {
  /** Of paths: `from` first. */
  readonly paths: readonly { readonly from: string; readonly to: readonly string[] }[];
  /** What looks like an end, and may be none. */
  readonly others: readonly string[];
}

export function foreseeEnds(runbook: Runbook, inputs: Readonly<Record<string, unknown>>): ForeseenEnds {
  const plain = Object.fromEntries(
    Object.entries(inputs).filter(([name]) => runbook.inputs[name]?.secret !== true),
  );
  const read = (step: RunbookStep, key: string): string[] =>
    textsOf(valueOf(step, key, { runbook, inputs: plain }));
  const steps = [...runbook.steps, ...runbook.finally];
  const paths = steps
    .filter(({ uses }) => uses === DISCOVERY)
    .flatMap((step) => read(step, "from").map((from) => ({ from, to: read(step, "to").slice(0, MAX_ENDS) })));
  const others = steps
    .filter(({ uses }) => uses !== DISCOVERY)
    .flatMap((step) => END_KEYS.flatMap((key) => read(step, key)));
  return { paths: paths.slice(0, MAX_ENDS), others: [...new Set(others)].slice(0, MAX_ENDS) };
}

function valueOf(
  step: RunbookStep,
  key: string,
  { runbook, inputs }: { readonly runbook: Runbook; readonly inputs: Readonly<Record<string, unknown>> },
): unknown {
  const place = { document: runbook.document, path: [...step.path, "with", key] };
  try {
    return interpolateValue(step.with[key], { inputs }, place);
  } catch {
    // It needs what an earlier step finds.
    return undefined;
  }
}

function textsOf(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each): each is string => typeof each === "string" && each !== "");
}
