import { dirname, resolve } from "node:path";
import type { DocumentPath } from "../document/index.js";
import { parseDuration } from "../model/units.js";
import type { RunbookStep, StepStrategy } from "./types.js";

/** A step as the schema lets it stand in the file. */
export interface StepData {
  readonly id: string;
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly run?: readonly string[];
  readonly on?: string;
  readonly script?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly wait?: readonly string[];
  readonly cancel?: readonly string[];
  readonly if?: string;
  readonly needs?: readonly string[];
  readonly strategy?: Partial<StepStrategy> & Pick<StepStrategy, "matrix">;
  readonly background?: boolean;
  readonly timeout?: string;
  readonly retry?: { readonly count: number; readonly delay?: string };
  readonly continueOnError?: boolean;
  readonly outputs?: Readonly<Record<string, string>>;
}

const DEFAULT_RETRY_DELAY_MS = 1000;

/** A step of the file with its defaults. `file` is the runbook's: a script's path is relative to it. */
export function readStep(
  step: StepData,
  { path, file }: { readonly path: RunbookStep["path"]; readonly file: string },
): RunbookStep {
  return {
    id: step.id,
    name: step.name,
    ...readBody(step, file),
    if: step.if,
    needs: step.needs ?? [],
    strategy: step.strategy === undefined ? null : { maxParallel: 1, failFast: true, ...step.strategy },
    background: step.background ?? false,
    timeoutMs: step.timeout === undefined ? null : (parseDuration(step.timeout) as number),
    retry:
      step.retry === undefined
        ? null
        : {
            count: step.retry.count,
            delayMs: parseDuration(step.retry.delay ?? "") ?? DEFAULT_RETRY_DELAY_MS,
          },
    continueOnError: step.continueOnError ?? false,
    outputs: step.outputs ?? {},
    path,
  };
}

type StepBody = Pick<RunbookStep, "uses" | "form" | "control" | "with">;

function readBody(step: StepData, file: string): StepBody {
  if (step.run !== undefined) {
    const on = step.on === undefined ? {} : { on: step.on };
    return { uses: "command/run", form: "run", control: null, with: { argv: step.run, ...on } };
  }
  if (step.script !== undefined) {
    const script = resolve(dirname(file), step.script);
    return {
      uses: "script/run",
      form: "script",
      control: null,
      // The kind has a limit of its own, which a longer one has to raise.
      with: {
        file: script,
        env: step.env ?? {},
        ...(step.timeout === undefined ? {} : { timeout: step.timeout }),
      },
    };
  }
  if (step.wait !== undefined) return readControl("wait", step.wait);
  if (step.cancel !== undefined) return readControl("cancel", step.cancel);
  return { uses: step.uses ?? "", form: "uses", control: null, with: step.with ?? {} };
}

function readControl(type: "wait" | "cancel", steps: readonly string[]): StepBody {
  return { uses: `background/${type}`, form: type, control: { type, steps }, with: {} };
}

/** Where a value of a step's `with` stands in the document; `run:` and `script:` have no `with` there. */
export function placeOfInput(step: RunbookStep, path: DocumentPath): DocumentPath {
  const [key = step.form, ...rest] = path;
  if (step.form === "uses") return [...step.path, "with", ...path];
  if (key === "argv") return [...step.path, "run", ...rest];
  if (key === "file") return [...step.path, "script"];
  return [...step.path, key, ...rest];
}
