import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SCHEMA_DIR } from "../catalogue/places.js";

let schema: object | undefined;

/** schemas/plan.json; the same object each time. */
export function planSchema(): object {
  schema ??= JSON.parse(readFileSync(join(SCHEMA_DIR, "plan.json"), "utf8")) as object;
  return schema;
}
