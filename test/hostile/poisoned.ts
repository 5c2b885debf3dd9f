import type { Findings } from "../../lib/model/findings.js";
import { buildFindings, fdbMissing } from "../report/samples.js";

/** Words that programs choose, never a cluster. */
const CHOSEN = new Set([
  "status",
  "direction",
  "role",
  "confidence",
  "protocol",
  "probe",
  "apiVersion",
  "kind",
]);

/** The same findings with every name, address, message and path replaced: all that a cluster could have said. */
function poison(value: unknown, payload: string, key = ""): unknown {
  if (typeof value === "string") return CHOSEN.has(key) ? value : payload;
  if (Array.isArray(value)) return value.map((item) => poison(item, payload, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, poison(inner, payload, name)]),
  );
}

const sample = buildFindings([fdbMissing], {
  checks: [{ id: "delivered", status: "fail", message: "Packets were lost" }],
});
/** A lost flow and a failed check, in which every word of a cluster is `payload`. */
export const poisoned = (payload: string): Findings => poison(sample, payload) as Findings;
