import { ACTIONS } from "../commands/actions.js";
import { findArgvFault } from "../commands/argv.js";
import { findTrafficMaker, layersOf, nameOfProgram, stripNetns } from "../commands/runners.js";
import type { Via } from "../declared.js";
import type { Grant } from "../grant.js";
import { findRule } from "../match.js";
import { fitsAction } from "../patterns/names.js";

/** What a command is judged by besides the name that it is given. */
interface Placed {
  readonly argv: readonly string[];
  /** Absent: no node is known yet, and it is taken for one. */
  readonly via?: Via | undefined;
}

/** Where a command runs; unknown: it has no node yet, and may become one in a pod. */
type Place = "node" | "pod" | "unknown";

const OWN_NAMESPACE = /^--net=\/(?:host\/)?proc\/(?:1|self|thread-self)\/ns\/net$/;
const POD_WAYS: ReadonlySet<string> = new Set<Via>(["ephemeral", "podExec"]);

/** Why a command does not run where its action says that it does; undefined where it does. */
export function findPlaceFault(action: string, placed: Placed): string | undefined {
  const isHere = action !== "netns/read" || isConstantScript(placed.argv) || placeOf(placed) !== "node";
  return isHere ? undefined : "it reads the node's own namespace, which is node/read";
}

/**
 * The denial that a command meets under whichever action it fits: one is enough, whatever it is called here. What
 * stands behind wrappers is looked at as well.
 */
export function findAnyDenial({ argv, via }: Placed, grant: Grant): string | undefined {
  let place = placeOf({ argv: [], via });
  for (const layer of layersOf(argv)) {
    if (stripNetns(layer) !== undefined) place = placeOf({ argv: layer, via });
    const [program = "", ...args] = layer;
    const plain = [nameOfProgram(program), ...args];
    for (const action of Object.keys(ACTIONS)) {
      if (findArgvFault(action, plain) !== undefined) continue;
      if (!isConstantScript(layer) && isElsewhere(action, place)) continue;
      const by = findDenial(action, grant);
      if (by !== undefined) return by;
    }
  }
  return findTrafficMaker(argv) === undefined ? undefined : findDenial("netns/probe", grant);
}

/** Routes of the node and of a pod are read by the same words: where they run tells which of the two it is. */
function isElsewhere(action: string, place: Place): boolean {
  if (action === "netns/read") return place !== "pod";
  return action === "node/read" && place !== "node";
}

function placeOf({ argv, via }: Placed): Place {
  if (via !== undefined && POD_WAYS.has(via)) return "pod";
  if (stripNetns(argv) !== undefined) return OWN_NAMESPACE.test(argv[1] ?? "") ? "node" : "pod";
  return via === undefined ? "unknown" : "node";
}

/** hopbook's own: which programs a node has is asked by the same script everywhere. */
function isConstantScript([program = ""]: readonly string[]): boolean {
  return program === "sh" || program === "bash";
}

function findDenial(action: string, grant: Grant): string | undefined {
  return findRule(grant, "deny", { scope: "exec", fits: (value) => fitsAction(value, action) })?.by;
}
