import { HopbookError } from "../../errors.js";
import { makeBlueprint } from "../topology/blueprint.js";
import type { Blueprint } from "../topology/types.js";
import { DEFAULT_TOPOLOGY, type LabTopology } from "../topologies.js";
import { MIN_NODES } from "../cluster/make.js";
import { listFarFaults } from "./far.js";
import { listNearFaults } from "./near.js";
import { listPodFaults } from "./pods.js";
import { listSwitchFaults } from "./switch.js";
import type { Fault } from "./types.js";
import { listUnderlayFaults } from "./underlay.js";
import { makeWorld } from "./world.js";

/** Those that fit what the topology has. */
function makeFaults(blueprint: Blueprint): Fault[] {
  const world = makeWorld(blueprint);
  const ofNodes = world.isSwitched ? [listSwitchFaults] : [listNearFaults, listFarFaults];
  return [...ofNodes, listUnderlayFaults, listPodFaults].flatMap((list) => list(world));
}

/** A fault without the way it is made. */
export type FaultDescription = Omit<Fault, "steps">;

/** Every fault that a topology's lab knows. */
export function listFaults(topology: LabTopology = DEFAULT_TOPOLOGY): readonly FaultDescription[] {
  return makeFaults(makeBlueprint(topology, MIN_NODES)).map(({ name, title, signature, causeCode }) => ({
    ...{ name, title, signature, causeCode },
  }));
}

/** Throws USAGE for a name that no fault of this lab has. */
export function findFault(
  name: string,
  lab: { readonly topology: LabTopology; readonly nodes: number },
): Fault {
  const faults = makeFaults(makeBlueprint(lab.topology, lab.nodes));
  const found = faults.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  throw new HopbookError(
    "USAGE",
    `Cannot find the fault ${JSON.stringify(name)}: ${lab.topology} has none of that name`,
    { hint: `Its faults are ${faults.map((fault) => fault.name).join(", ")}` },
  );
}
