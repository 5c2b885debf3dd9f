import { HopbookError } from "../../errors.js";
import { FAR_FAULTS } from "./far.js";
import { NEAR_FAULTS } from "./near.js";
import { POD_FAULTS } from "./pods.js";
import type { Fault } from "./types.js";

const FAULTS: readonly Fault[] = [...NEAR_FAULTS, ...FAR_FAULTS, ...POD_FAULTS];

/** A fault without the way it is made. */
export type FaultDescription = Omit<Fault, "steps">;

/** Every fault the lab knows. */
export function listFaults(): readonly FaultDescription[] {
  return FAULTS.map(({ name, title, signature, causeCode }) => ({ name, title, signature, causeCode }));
}

/** Throws USAGE for a name there is not. */
export function findFault(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new HopbookError(
    "USAGE",
    `Cannot find the fault ${JSON.stringify(name)}: there is none of that name`,
    {
      hint: `The faults are ${FAULTS.map((fault) => fault.name).join(", ")}`,
    },
  );
}
