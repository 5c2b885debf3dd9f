import { createHash } from "node:crypto";
import type { Validate } from "../shapes/fault.js";
import { stepInputs } from "../shapes/generated/step-inputs.js";

const known = new WeakMap<object, Validate<unknown> | null>();

/**
 * Whether a value fits a schema that was compiled when hopbook was made: what step kinds take. False where it does not fit,
 * and where the schema is none of those, or has changed since.
 */
export function fitsKnown(value: unknown, schema: object): boolean {
  let validate = known.get(schema);
  if (validate === undefined) {
    validate = stepInputs[createHash("sha256").update(JSON.stringify(schema)).digest("hex")] ?? null;
    known.set(schema, validate);
  }
  return validate !== null && validate(value);
}
