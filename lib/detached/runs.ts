import { HopbookError } from "../errors.js";
import type { DetachedStore } from "../model/detached.js";
import { askNodes, type Asked, type FoundPlace, type RunsOptions } from "./ask-nodes.js";
import { listLocalRuns, nameByFolder, type LocalRun } from "./folder.js";

export type { RunsOptions } from "./ask-nodes.js";

/**
 * capturing: going on; ended: its captures are over and wait to be collected; lost: a node lost them, or what ran them;
 * collected; expired: nobody collected it in time.
 */
export type RunState = "capturing" | "ended" | "lost" | "collected" | "expired" | "unknown";

export interface DetachedNode {
  readonly node: string;
  readonly state: "capturing" | "ended" | "lost" | "unknown";
  readonly bytes: number | null;
  readonly stateDir: string | null;
  /** `pod`: what was captured is lost with the pod that hopbook left on the node. */
  readonly store: DetachedStore;
}

/** A run that goes on without its client. Times are RFC 3339, UTC. */
export interface DetachedRun {
  readonly id: string;
  readonly state: RunState;
  readonly runbook: string;
  readonly target: string;
  readonly cluster: string;
  readonly owner: string;
  readonly since: string;
  readonly until: string;
  readonly expires: string;
  /** So far, on all nodes. */
  readonly bytes: number;
  readonly nodes: readonly DetachedNode[];
  /** Its folder on this machine. */
  readonly dir: string | null;
}

export interface RunsReport {
  readonly runs: readonly DetachedRun[];
  /** What could not be asked, and why. */
  readonly notes: readonly string[];
  /** False where no cluster was named, so that only the folders here are listed. */
  readonly isClusterAsked: boolean;
}

/** Runs that go on without their client: those whose folders are here, and those that the nodes tell of. */
export async function listRuns(options: RunsOptions): Promise<RunsReport> {
  const local = await listLocalRuns(options.out);
  const asked = await askNodes(options, nodesToAsk(local, options));
  const places = asked?.places ?? [];
  const ids = new Set([...local.map(({ file }) => file.about.run), ...places.map(({ run }) => run)]);
  const runs = [...ids]
    .filter((id) => options.run === undefined || id.startsWith(options.run))
    .map((id) =>
      describeRun(id, {
        local: local.find(({ file }) => file.about.run === id),
        places: places.filter(({ run }) => run === id),
        answered: asked?.answered ?? new Set(),
      }),
    );
  runs.sort((a, b) => a.since.localeCompare(b.since));
  return { runs, notes: notesOn(runs, asked), isClusterAsked: asked !== null };
}

/** One run that is asked for is looked for on its nodes even where the cluster's API knows of nothing there. */
function nodesToAsk(
  local: readonly LocalRun[],
  { run }: RunsOptions,
): ReadonlyMap<string, readonly string[]> {
  if (run === undefined) return new Map();
  const named = local.filter(({ file, isCollected }) => file.about.run.startsWith(run) && !isCollected);
  return new Map(named.map(({ file }) => [file.about.run, file.nodes.map(({ name }) => name)]));
}

function notesOn(runs: readonly DetachedRun[], asked: Asked | null): readonly string[] {
  if (asked === null) return ["no cluster is named: only the folders here are listed"];
  const unseen = runs
    .filter(({ state }) => state === "unknown")
    .map(({ id }) => `${id}: this cluster runs nothing of it`);
  return [...asked.notes, ...unseen];
}

/** One of them. Throws RUN_NOT_FOUND. */
export async function describeOneRun(
  options: RunsOptions & { readonly run: string },
): Promise<DetachedRun & Pick<RunsReport, "notes">> {
  const named = await nameByFolder(options);
  const { runs, notes } = await listRuns(named);
  const [run, other] = runs;
  if (run !== undefined && other === undefined) return { ...run, notes };
  throw run === undefined ? notFound(options.run, notes) : ambiguous(options.run, runs);
}

function notFound(run: string, notes: readonly string[]): HopbookError {
  return new HopbookError("RUN_NOT_FOUND", `Cannot find the run ${JSON.stringify(run)}: no node keeps it`, {
    hint: "List them with hopbook runs, naming their cluster with --cluster",
    ...(notes.length === 0 ? {} : { detail: notes.join("\n") }),
  });
}

function ambiguous(run: string, runs: readonly DetachedRun[]): HopbookError {
  return new HopbookError(
    "RUN_NOT_FOUND",
    `Cannot tell which run ${JSON.stringify(run)} is: ${runs.length} begin so`,
    {
      detail: runs.map(({ id }) => id).join("\n"),
      hint: "Give the whole id",
    },
  );
}

interface Known {
  readonly local: LocalRun | undefined;
  readonly places: readonly FoundPlace[];
  readonly answered: ReadonlySet<string>;
}

function describeRun(id: string, { local, places, answered }: Known): DetachedRun {
  const [first] = places;
  const file = local?.file;
  const about = file?.about ?? first;
  const names = [
    ...new Set([...(file?.nodes ?? []).map(({ name }) => name), ...places.map(({ node }) => node)]),
  ];
  const now = Date.now();
  const nodes = names.map((node): DetachedNode => {
    const place = places.find((each) => each.node === node);
    if (place === undefined) {
      const state = answered.has(node) ? "lost" : "unknown";
      const store = file?.nodes.find(({ name }) => name === node)?.store ?? "node";
      return { node, state, bytes: null, stateDir: null, store };
    }
    const { agent, bytes, stateDir, store } = place;
    const state = agent === "dead" ? "lost" : agent === "live" ? "capturing" : "ended";
    return { node, state, bytes, stateDir, store };
  });
  const expires = first?.expires ?? file?.expires ?? "";
  return {
    id,
    state: stateOf(nodes, { isCollected: local?.isCollected === true, isExpired: now > Date.parse(expires) }),
    ...{ runbook: about?.runbook ?? "", target: about?.target ?? "", cluster: about?.cluster ?? "" },
    ...{ owner: about?.owner ?? "", since: first?.since ?? file?.startedAt ?? "" },
    ...{ until: first?.until ?? file?.until ?? "", expires },
    bytes: nodes.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    nodes,
    dir: local?.dir ?? null,
  };
}

function stateOf(
  nodes: readonly DetachedNode[],
  { isCollected, isExpired }: { readonly isCollected: boolean; readonly isExpired: boolean },
): RunState {
  const states = new Set(nodes.map(({ state }) => state));
  if (isCollected) return "collected";
  if (states.has("capturing")) return "capturing";
  if (states.has("ended")) return states.has("lost") ? "lost" : "ended";
  if (isExpired) return "expired";
  return states.has("lost") && !states.has("unknown") ? "lost" : "unknown";
}
