import type { FlowEvidence } from "../../model/evidence.js";
import { sealOf, WIRE_FORMATS } from "../../wire/registry.js";

/** What the schema leaves to the registry of wire formats: kinds there are, and what each has. null: no fault. */
export function findEncapsulationFault(flows: readonly FlowEvidence[]): string | null {
  for (const [at, { hops, replyHops }] of flows.entries()) {
    for (const [list, own] of Object.entries({ hops, replyHops: replyHops ?? [] })) {
      for (const [index, { encapsulation }] of own.entries()) {
        const fault = faultOf(encapsulation);
        if (fault !== null) return `flows.flows[${at}].${list}[${index}].encapsulation${fault}`;
      }
    }
  }
  return null;
}

function faultOf(worn: FlowEvidence["hops"][number]["encapsulation"]): string | null {
  if (worn.kind === "none" || sealOf(worn) !== null) return null;
  const format = WIRE_FORMATS.find(({ kind }) => kind === worn.kind);
  if (format === undefined) return `.kind is ${JSON.stringify(worn.kind)}, which is not known`;
  const missing = Object.entries(format.fields).find(
    ([field, when]) => when === "always" && !Object.hasOwn(worn, field),
  );
  return missing === undefined ? null : ` lacks the key ${JSON.stringify(missing[0])}`;
}
