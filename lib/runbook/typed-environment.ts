import { DYN, fromData, objectOf, type CelType, type ObjectType } from "../cel/index.js";
import { typeOfFindings, typeOfStep } from "./scopes.js";
import { typeOfInput, typeOfOutputs } from "./schema-types.js";
import type { KnownKind, Runbook } from "./types.js";

/**
 * What expressions see, each value with the type that its declaration says: data alone does not tell 2 from 2.0, nor
 * milliseconds from a count. `kinds`: undefined where nothing is known of what steps give.
 */
export function typeEnvironment(
  env: Readonly<Record<string, unknown>>,
  { inputs, steps, finally: last }: Pick<Runbook, "inputs" | "steps" | "finally">,
  kinds?: ReadonlyMap<string, KnownKind>,
): Readonly<Record<string, unknown>> {
  const all = new Map([...steps, ...last].map((step) => [step.id, step]));
  const types: Readonly<Record<string, () => CelType>> = {
    inputs: () =>
      objectOf(Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, typeOfInput(spec)]))),
    steps: (): ObjectType => ({
      ...objectOf({}),
      property: (id) => {
        const step = all.get(id);
        if (step === undefined) return undefined;
        return typeOfStep(
          typeOfOutputs(kinds?.get(step.uses)?.outputSchema),
          step.strategy === null ? undefined : DYN,
        );
      },
    }),
    findings: typeOfFindings,
  };
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      const type = Object.hasOwn(types, name) ? types[name] : undefined;
      return [name, type === undefined ? value : fromData(value, type())];
    }),
  );
}
