import { dirname } from "node:path";
import type { StepKind } from "../model/steps.js";
import { fitsAction } from "../permissions/index.js";
import { coerceInputs, interpolate, listSecrets, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { authorise } from "../authority/authority.js";
import { foresee, overlayFilesOf, partsOf, sourceFilesOf } from "../authority/foresee.js";
import { loadNamedRunbook } from "../catalogue/named-runbook.js";
import { checkScripts } from "../catalogue/scripts.js";
import { foreseeEnds } from "./foresee-ends.js";
import { whileWanted } from "./interruption.js";
import type { PlanOptions } from "./options.js";
import type { SeenScripts } from "./pin-scripts.js";
import { openSession, type Permitted, type Session, type Work } from "./session.js";

/** A runbook with its inputs, as work of a session. */
export interface RunbookWork extends Work {
  readonly runbook: Runbook;
  /** As it was named. */
  readonly namedRunbook: string;
  /** Typed; defaults filled in. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** As they were before anybody was asked; undefined: they are what they are when they are first started. */
  readonly scripts?: SeenScripts;
}

export type RunbookSession = Session & RunbookWork;
export type PermittedRun = Permitted<RunbookSession>;

/** Settles everything for a runbook that is named. `readInputs` throws INPUT_INVALID. */
export function openRunbookSession(
  options: PlanOptions,
  readInputs = (runbook: Runbook): Record<string, unknown> => coerceInputs(runbook, options.inputs),
): Promise<RunbookSession> {
  return openSession(options, async (cluster): Promise<RunbookWork> => {
    const runbook = await loadNamedRunbook(options.runbook, options.cwd, { cluster });
    const inputs = readInputs(runbook);
    checkInputs(runbook, inputs);
    const scripts = await checkScripts(runbook, options.signal);
    return {
      ...workOfRunbook(runbook, inputs, scripts),
      ...{ namedRunbook: options.runbook, scripts },
      ends: foreseeEnds(runbook, inputs),
    };
  });
}

export function workOfRunbook(
  runbook: Runbook,
  inputs: Readonly<Record<string, unknown>>,
  scripts: SeenScripts = new Map(),
): Omit<RunbookWork, "namedRunbook"> {
  const sourceFiles = sourceFilesOf(runbook);
  const overlayFiles = overlayFilesOf(runbook);
  return { runbook, inputs, sourceFiles, overlayFiles, parts: partsOf(runbook, scripts) };
}

/**
 * Settles what may be done. With `only` nothing is granted or asked for but what these step kinds need: to look at a
 * path nobody has to allow a capture.
 */
export async function permit<S extends RunbookSession>(
  session: S,
  only?: readonly StepKind[],
): Promise<Permitted<S>> {
  const { runbook, inputs, profile, granted, confirm, cwd, sourceFiles } = session;
  const { metadata } = runbook;
  const permissions = only === undefined ? runbook.permissions : narrow(runbook, only);
  const authority = await whileWanted(session.signal, () =>
    authorise({
      runbook: { metadata, permissions },
      ...{ profile, granted, confirm, folder: dirname(sourceFiles[0] ?? `${cwd}/.`) },
      whole: runbook.permissions,
      // A plan only looks: what its actions would be refused later is no matter yet.
      steps: only === undefined ? foresee(runbook, inputs) : [],
      secrets: listSecrets(runbook, inputs),
    }),
  );
  return Object.freeze({ ...session, authority });
}

/** What can be said of a step's input before any node is touched: where it depends on the inputs alone. */
export function checkInputs(runbook: Runbook, inputs: Readonly<Record<string, unknown>>): void {
  for (const step of runbook.steps) {
    const kind = STEP_KINDS.get(step.uses);
    if (kind?.check === undefined) continue;
    let input: Record<string, unknown>;
    try {
      input = interpolate(step, { inputs, steps: {} }, runbook.document);
    } catch {
      // It needs what an earlier step finds; the step itself will say what is wrong.
      continue;
    }
    kind.check(input);
  }
}

/** The kinds of a runbook's steps that read from nodes while the plan is made. */
export function discoveryKinds({ steps, finally: last }: Runbook): readonly StepKind[] {
  const kinds = [...steps, ...last].flatMap((step) => STEP_KINDS.get(step.uses) ?? []);
  return kinds.filter((kind) => kind.phase === "discovery" || kind.planActions !== undefined);
}

/** What discovery needs of what a runbook declares: the nodes and its own actions, no capture and no traffic. */
function narrow({ permissions }: Runbook, kinds: readonly StepKind[]): Runbook["permissions"] {
  const declaredExec = permissions.exec ?? [];
  const mayDo = (action: string): boolean => declaredExec.some((pattern) => fitsAction(pattern, action));
  const wanted = kinds.flatMap((kind) =>
    kind.phase === "discovery" ? kind.actions : (kind.planActions ?? []).filter(mayDo),
  );
  const exec = [...new Set(wanted)];
  return { ...(permissions.node === undefined ? {} : { node: permissions.node }), exec };
}

/** What a run's folder is named after, beside its runbook. */
export function targetOf(inputs: Readonly<Record<string, unknown>>): string {
  return typeof inputs["from"] === "string" ? inputs["from"] : "run";
}
