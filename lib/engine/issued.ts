import { validateValue } from "../document/index.js";
import { HopbookError } from "../errors.js";
import type { StepContext, StepKind, StepPlan } from "../model/steps.js";
import { canonicalJson, sha256 } from "../plan/plan.js";

type Properties = Readonly<Record<string, string>>;

/**
 * What steps of this run gave of the engine's own objects (flows, paths, tools). Expressions and scripts hand on copies,
 * so one is known by what it says, to the letter: choosing among them is fine, and any other was made up.
 */
export class IssuedObjects {
  readonly #digests = new Set<string>();

  get digests(): readonly string[] {
    return [...this.#digests];
  }

  /** Those of a run that is taken up again. */
  restore(digests: readonly string[]): void {
    for (const digest of digests) this.#digests.add(digest);
  }

  issue(gives: Properties | undefined, outputs: unknown): void {
    for (const [property, what] of Object.entries(gives ?? {})) {
      for (const { value } of partsOf(valueOf(outputs, property))) this.#digests.add(digestOf(what, value));
    }
  }

  /** Throws INPUT_INVALID for what no step of this run gave. */
  refuseForged({ name, takes }: StepKind, input: Record<string, unknown>): void {
    for (const [property, what] of Object.entries(takes ?? {})) {
      for (const { key, value } of partsOf(input[property])) {
        if (this.#digests.has(digestOf(what, value))) continue;
        throw new HopbookError(
          "INPUT_INVALID",
          `Cannot use ${property}[${key}] for ${name}: no step of this run gave this ${what}`,
          { hint: HAND_ON },
        );
      }
    }
  }
}

const HAND_ON =
  "Hand on what a step gave, such as ${{ steps.path.outputs.paths }}: expressions and scripts may choose among them, and change none";

/** Each kind, held to its schema and to what steps gave; what it gives is noted. The engine runs no other. */
export function guardKinds(
  kinds: ReadonlyMap<string, StepKind>,
  issued: IssuedObjects,
): ReadonlyMap<string, StepKind> {
  return new Map([...kinds].map(([name, kind]) => [name, guardKind(kind, issued)]));
}

function guardKind(kind: StepKind, issued: IssuedObjects): StepKind {
  const look = (input: Record<string, unknown>): void => {
    refuseMisfit(kind, input);
    issued.refuseForged(kind, input);
  };
  return {
    ...kind,
    async plan(input: Record<string, unknown>, context: StepContext): Promise<StepPlan> {
      look(input);
      const plan = await kind.plan(input, context);
      issued.issue(kind.gives, plan.outputs);
      return plan;
    },
    ...(kind.run !== undefined && {
      async run(input: Record<string, unknown>, context: StepContext, plan: StepPlan): Promise<unknown> {
        look(input);
        const outputs = await kind.run?.(input, context, plan);
        issued.issue(kind.gives, outputs);
        return outputs;
      },
    }),
  };
}

/** What an expression gave is looked at only now. Throws INPUT_INVALID. */
function refuseMisfit({ name, inputSchema }: StepKind, input: Record<string, unknown>): void {
  const [problem] = validateValue(input, inputSchema);
  if (problem === undefined) return;
  const where = problem.path.length === 0 ? "" : `${problem.path.join(".")}: `;
  throw new HopbookError("INPUT_INVALID", `Cannot run ${name}: ${where}${problem.message}`, {
    ...(problem.suggestion === undefined ? {} : { hint: problem.suggestion }),
  });
}

/** The elements of a list, the entries of a mapping with their names. */
function partsOf(value: unknown): { readonly key: string; readonly value: unknown }[] {
  if (value === undefined) return [];
  if (Array.isArray(value))
    return value.map((element: unknown, index) => ({ key: String(index), value: element }));
  if (typeof value !== "object" || value === null) return [{ key: "", value }];
  return Object.entries(value).map(([key, inner]) => ({ key, value: [key, inner] }));
}

function valueOf(outputs: unknown, property: string): unknown {
  return (Object(outputs) as Record<string, unknown>)[property];
}

function digestOf(what: string, value: unknown): string {
  return sha256(`${what} ${canonicalJson(value ?? null)}`);
}
