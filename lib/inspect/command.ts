import type { Argv } from "../model/access.js";
import { snapshotArgv } from "../cluster/index.js";
import type { StateKind } from "../model/evidence.js";
import { targetOf } from "../model/hops.js";
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
  /** With the way into the namespace. */
  readonly argv: Argv;
  /** Without it. */
  readonly look: Argv;
  /** What permissions call it. */
  readonly action: "node/read" | "netns/read";
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

/** Gives looks their phase, their way into the namespace and their files; the same look twice is one. */
export function toCommands(looks: readonly PlacedLook[], phase: InspectPhase): InspectCommand[] {
  return numberFiles(
    looks.map((look) => ({
      node: look.node,
      ...(look.target === undefined ? {} : { target: look.target }),
      netns: look.netns,
      kind: look.kind,
      phase,
      argv: within(netnsPathOf(look), look.argv),
      look: look.argv,
      action: look.netns === "host" ? "node/read" : "netns/read",
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

/** Path of the network namespace to enter; null: that of the way in. */
function netnsPathOf({ netns }: Pick<PlacedLook, "netns">): string | null {
  return netns === "host" ? null : netns.path;
}

function within(netnsPath: string | null, argv: Argv): Argv {
  return netnsPath === null ? argv : ["nsenter", `--net=${netnsPath}`, ...argv];
}

/** Looks that are taken in one round trip: those at one network namespace, as far as one command line holds them. */
export interface InspectGroup {
  /** Name of the way in. */
  readonly target: string;
  readonly action: InspectCommand["action"];
  readonly netnsPath: string | null;
  readonly commands: readonly InspectCommand[];
}

export function isScript([program]: Argv): boolean {
  return program === "sh";
}

/** What a group is on the node: a script of its own, or a snapshot of all its looks. */
export function argvOfGroup({ commands, netnsPath }: InspectGroup): Argv {
  const looks = commands.map(({ look }) => look);
  const script = looks.find(isScript);
  return script === undefined ? snapshotArgv(looks, netnsPath) : within(netnsPath, script);
}

const MAX_IN_GROUP = 64;

/** Groups looks by way in and namespace, in the order of their first ones. */
export function groupCommands(commands: readonly InspectCommand[]): InspectGroup[] {
  const byPlace = new Map<string, InspectCommand[]>();
  for (const command of commands) {
    // A snapshot runs programs; a script is a round trip of its own.
    const script = isScript(command.look) ? command.look : null;
    const key = JSON.stringify([targetOf(command), command.action, netnsPathOf(command), script]);
    byPlace.set(key, [...(byPlace.get(key) ?? []), command]);
  }
  return [...byPlace.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / MAX_IN_GROUP) }, (_, at) => {
      const own = all.slice(at * MAX_IN_GROUP, (at + 1) * MAX_IN_GROUP);
      const [first] = own as [InspectCommand];
      const { action } = first;
      return { target: targetOf(first), action, netnsPath: netnsPathOf(first), commands: own };
    }),
  );
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
