import type { Argv } from "../model/access.js";
import type { StateKind } from "../model/evidence.js";
import { toFilePart } from "./values.js";

/** Where a look is taken: the node's own network namespace, or a pod's by its path on the node; null: from within it. */
export type InspectNetns = "host" | { readonly pod: string; readonly path: string | null };

type InspectPhase = "before" | "after";

/** One read-only look at a node, as data: `plan` shows it, `runInspection` runs it. */
export interface InspectCommand {
  readonly node: string;
  /** Name of the way in, where that is not the node's. */
  readonly target?: string;
  readonly netns: InspectNetns;
  readonly kind: StateKind;
  readonly phase: InspectPhase;
  readonly argv: Argv;
  /** What permissions call it. */
  readonly action: "node/read" | "netns/read";
  readonly timeoutMs: number;
  /** Relative to the run folder: `evidence/<node>/<phase>-<netns>-<kind>[-n].(json|txt)`. */
  readonly file: string;
}

/** A look before it has a phase and a file. */
export interface Look {
  readonly kind: StateKind;
  readonly argv: Argv;
}

/** A look at one place. */
export interface PlacedLook extends Look {
  readonly node: string;
  readonly target?: string;
  readonly netns: InspectNetns;
}

const TIMEOUT_MS = 10_000;

/** Gives looks their phase, their way into the namespace and their files; the same look twice is one. */
export function toCommands(looks: readonly PlacedLook[], phase: InspectPhase): InspectCommand[] {
  return numberFiles(
    looks.map((look) => ({
      node: look.node,
      ...(look.target === undefined ? {} : { target: look.target }),
      netns: look.netns,
      kind: look.kind,
      phase,
      argv:
        look.netns === "host" || look.netns.path === null
          ? look.argv
          : (["nsenter", `--net=${look.netns.path}`, ...look.argv] as const),
      action: look.netns === "host" ? "node/read" : "netns/read",
      timeoutMs: TIMEOUT_MS,
      file: "",
    })),
  );
}

/**
 * The commands of several plans as one: equal ones once, with files that do not collide. Flows of one run
 * share nodes, so their inspections overlap.
 */
export function mergeCommands(...plans: readonly (readonly InspectCommand[])[]): InspectCommand[] {
  return numberFiles(plans.flat());
}

function numberFiles(commands: readonly InspectCommand[]): InspectCommand[] {
  const seen = new Set<string>();
  const taken = new Map<string, number>();
  const merged: InspectCommand[] = [];
  for (const command of commands) {
    const identity = JSON.stringify([command.node, command.netns, command.phase, command.kind, command.argv]);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const stem = fileStem(command);
    const count = (taken.get(stem) ?? 0) + 1;
    taken.set(stem, count);
    merged.push({
      ...command,
      file: `${stem}${count === 1 ? "" : `-${count}`}.${isJson(command) ? "json" : "txt"}`,
    });
  }
  return merged;
}

function fileStem(command: InspectCommand): string {
  const netns = command.netns === "host" ? "host" : `pod-${toFilePart(command.netns.pod)}`;
  return `evidence/${toFilePart(command.node)}/${command.phase}-${netns}-${command.kind}`;
}

function isJson(command: InspectCommand): boolean {
  return command.argv.some((word) => word === "-j" || word === "--json");
}
