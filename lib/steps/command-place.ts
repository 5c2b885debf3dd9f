import { gatherFacts, loadNamings, parseEnd, resolveEnd, type ClusterFacts } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { End } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { PlannedCommand, StepContext } from "../model/steps.js";
import { watchAccesses } from "./shared/watched.js";

/** Where a command runs. */
interface CommandPlace {
  readonly node: string;
  /** Path of the network namespace to enter; null: the node's own. */
  readonly enter: string | null;
  /** Of a pod. */
  readonly ip: string | null;
  /** What was read to know it, in an order of its own that does not change. */
  readonly reads: readonly PlannedCommand[];
}

/** `node/NAME` or `ns/pod`. Reads from the nodes only where it is a pod. Throws what `resolveEnd` does. */
export async function findPlace(text: string, context: StepContext): Promise<CommandPlace> {
  const end = parseEnd(text);
  if (end.kind === "ip" || end.port !== null) {
    throw new HopbookError("INPUT_INVALID", `Cannot run a command on ${JSON.stringify(text)}`, {
      hint: "Write node/NAME or namespace/pod",
    });
  }
  if (end.kind === "node") return { node: findNode(end.name, context), enter: null, ip: null, reads: [] };
  const { end: pod, reads } = await findEnd(text, context);
  if (pod.node === null || pod.netns === null) {
    throw new HopbookError("TARGET_NOT_FOUND", `Cannot run a command on ${text}: its node is not known`);
  }
  return {
    node: pod.target ?? pod.node,
    enter: pod.netns.kind === "path" ? pod.netns.path : null,
    ip: pod.ip,
    reads,
  };
}

/** An end by its text, as `resolveEnd` has it, with what was read to know it. */
export async function findEnd(
  text: string,
  context: StepContext,
): Promise<{ readonly end: End; readonly reads: readonly PlannedCommand[] }> {
  const known = await factsOf(context);
  const { accesses, commands } = watchAccesses(context.accesses);
  const end = await resolveEnd(text, { ...known.facts, accesses }, { signal: context.signal });
  const reads = [...known.commands, ...commands].map((command) => ({
    ...command,
    condition: "done for this plan",
  }));
  return { end, reads: reads.toSorted((a, b) => compare(keyOf(a), keyOf(b))) };
}

function findNode(name: string, { profile, accesses }: StepContext): string {
  // A node that cannot be reached is known all the same: the run says why.
  if (accesses.has(name) || profile.nodes.some((node) => node.name === name)) return name;
  throw new HopbookError("TARGET_NOT_FOUND", `Cannot run a command on node/${name}: there is no such node`, {
    hint: `The nodes are ${profile.nodes.map((node) => node.name).join(", ") || "none"}`,
  });
}

interface KnownFacts {
  readonly facts: ClusterFacts;
  readonly commands: readonly PlannedCommand[];
}

/** The pods of a run are asked for once for all the combinations of a matrix, which ask at the same time. */
const FRESH_MS = 10_000;
const gathered = new WeakMap<
  ReadonlyMap<string, GuardedAccess>,
  { readonly atMs: number; readonly known: Promise<KnownFacts> }
>();

async function factsOf(context: StepContext): Promise<KnownFacts> {
  const last = gathered.get(context.accesses);
  const nowMs = context.clock.nowMs();
  if (last !== undefined && nowMs - last.atMs < FRESH_MS) return last.known;
  const known = gather(context);
  gathered.set(context.accesses, { atMs: nowMs, known });
  known.catch(() => gathered.delete(context.accesses));
  return known;
}

async function gather(context: StepContext): Promise<KnownFacts> {
  const { accesses, commands } = watchAccesses(context.accesses);
  const facts = await gatherFacts(context.profile, accesses, {
    unreachable: context.unreachable,
    namings: await loadNamings(context.recipeDirs),
    signal: context.signal,
  });
  return { facts, commands };
}

function keyOf({ node, argv }: PlannedCommand): string {
  return `${node}\n${argv.join("\0")}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
