import { createRedactor } from "../artifacts/index.js";
import type { RunOutcome } from "../engine/engine.js";
import { asHopbookError, HopbookError } from "../errors.js";
import type { RunEvent } from "../model/steps.js";
import { showsSecret } from "../permissions/index.js";
import type { Plan } from "../plan/plan.js";
import { listSecrets, type Runbook } from "../runbook/index.js";

/** Takes the values of secret inputs out of what leaves a run by another way than its folder. */
interface Masking {
  event(event: RunEvent): RunEvent;
  error(error: unknown): unknown;
  outcome(outcome: RunOutcome): RunOutcome;
  /** Throws PERMISSION_DENIED where a command would show a secret: a plan is refused as its run would be. */
  plan<P extends Pick<Plan, "steps">>(plan: P): P;
}

export function maskingOf(loaded: {
  readonly runbook: Pick<Runbook, "inputs">;
  readonly inputs: Readonly<Record<string, unknown>>;
}): Masking {
  const secrets = listSecrets(loaded.runbook, loaded.inputs);
  if (secrets.length === 0) return NO_MASKING;
  const redactor = createRedactor();
  redactor.add(secrets);
  const text = (value: string): string => redactor.redactText(value);
  const maskError = (error: unknown): HopbookError => {
    const { code, message, where, hint, detail } = asHopbookError(error);
    // Its cause says the same again, unmasked.
    return new HopbookError(code, text(message), {
      ...(where === undefined ? {} : { where: mapText(where, text) }),
      ...(hint === undefined ? {} : { hint: text(hint) }),
      ...(detail === undefined ? {} : { detail: text(detail) }),
    });
  };
  return {
    event: (event) => mapText(event, text),
    error: maskError,
    outcome: ({ status, error, incomplete }) => ({
      status,
      error: error === null ? null : maskError(error),
      incomplete: incomplete.map(text),
    }),
    plan(plan) {
      for (const { id, commands } of plan.steps) {
        const shown = commands.find(({ argv }) => showsSecret(argv, secrets));
        if (shown === undefined) continue;
        throw new HopbookError(
          "PERMISSION_DENIED",
          `Cannot run the step ${id} on ${shown.node}: a secret would become visible in the process list`,
          { hint: "Give it to a script's env, or read it on the node from a file" },
        );
      }
      return mapText(plan, text);
    },
  };
}

const NO_MASKING: Masking = {
  event: (event) => event,
  error: (error) => error,
  outcome: (outcome) => outcome,
  plan: (plan) => plan,
};

/** A copy with every text in it changed; keys, numbers and the like stay. */
function mapText<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => mapText(item, change)) as T;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapText(item as unknown, change)]),
  ) as T;
}
