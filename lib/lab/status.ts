import { existsSync } from "node:fs";
import { readActiveFaults } from "./faults/set.js";
import { isAlive, locateLab, readLabNames, readState } from "./state.js";
import type { LabOptions, LabState } from "./types.js";

export interface LabStatus {
  readonly name: string;
  /** "broken": some of its processes are gone, or it never came up. */
  readonly status: "up" | "broken" | "absent";
  /** Null where the lab never came up. */
  readonly state: LabState | null;
  /** Nodes whose pid 1 is gone. */
  readonly deadNodes: readonly string[];
  /** Names of the faults that are on. */
  readonly faults: readonly string[];
}

/** How a lab is; never throws for one that is absent or broken. */
export function statusLab(options: LabOptions = {}): LabStatus {
  const { name, dir } = locateLab(options);
  const state = readState(options);
  if (state === null) {
    return { name, status: existsSync(dir) ? "broken" : "absent", state, deadNodes: [], faults: [] };
  }
  const deadNodes = state.nodes.filter((node) => !isAlive(node)).map((node) => node.name);
  const whole = isAlive(state.supervisor) && isAlive(state.operator) && deadNodes.length === 0;
  return { name, status: whole ? "up" : "broken", state, deadNodes, faults: readActiveFaults(dir) };
}

/** Every lab under the base folder. */
export function listLabs(options: Pick<LabOptions, "dir"> = {}): LabStatus[] {
  return readLabNames(options).map((name) => statusLab({ ...options, name }));
}
