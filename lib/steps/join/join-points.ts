import { planPoints, shrinkRing, startCaptures } from "../../capture/index.js";
import { HopbookError, messageOf } from "../../errors.js";
import type { PointsFile } from "../../model/points.js";
import type { StepContext } from "../../model/steps.js";
import { POINTS_FILE } from "../capture-points.js";
import type { BegunCaptures, HeldCaptures } from "../shared/held-captures.js";
import { toBytes } from "../schema.js";
import { leaseSecondsOf } from "../shared/lease.js";
import { addMark } from "../shared/marks.js";
import { refuseTooLarge, ringOf } from "../shared/ring.js";

export type Point = PointsFile["points"][number];

export interface Joining {
  readonly held: HeldCaptures;
  readonly begun: BegunCaptures;
  /** Of a node, all that joined there together; rings have as much again as those that were there first. */
  readonly maxBytes: number;
}

const BUFFER_KIB = 4096;

/** Of a step that has captures join those that it is told of, which are at points. */
export function joiningOf(held: HeldCaptures, maxBytes: number): Joining | null {
  return held.begun === null || held.departures === null ? null : { held, begun: held.begun, maxBytes };
}

/**
 * Captures at more points of one node, by an agent of their own. False where the captures end already; rejects with why not,
 * and then nothing of it is left.
 */
export async function joinPoints(
  node: string,
  findPoints: (taken: ReadonlySet<string>) => Promise<readonly Point[]>,
  { joining, context }: { readonly joining: Joining; readonly context: StepContext },
): Promise<boolean> {
  const { held, begun } = joining;
  const { departures, agents } = held;
  if (departures === null) throw new HopbookError("CAPTURE_FAILED", "nothing is captured at points");
  const { number, most } = agents.begin(node, context);
  const points = await findPoints(new Set(departures.points.map(({ id }) => id)));
  const { input } = begun;
  const ring = ringOf(input);
  const plans = planPoints(points, {
    ...{ runId: context.runId, workDir: context.profile.workDir, part: `joined${number}` },
    ...{ payload: input.payload === true, maxSeconds: Math.ceil(begun.maxMs / 1000) },
    ...{ maxBytes: Math.floor(joining.maxBytes / most), bufferKiB: BUFFER_KIB },
    ...{ minFreeBytes: toBytes(input.minFree ?? "64MiB"), leaseSeconds: leaseSecondsOf(context.profile) },
    sshConnections: {},
    // All that may join have as much room again as the rings.
    ...(ring === null ? {} : { ring: shrinkRing(ring, most) }),
    ...(input.snaplen === undefined ? {} : { snaplenBytes: input.snaplen }),
  });
  for (const plan of plans) {
    if (ring !== null) refuseTooLarge(plan, begun.tools);
    for (const filter of new Set(plan.hops.map((hop) => hop.filter))) {
      context.demand({
        ...{ kind: "capture", node: plan.node, durationMs: begun.maxMs, bytes: plan.maxBytes, filter },
        payload: input.payload === true ? "full" : "headers",
      });
    }
  }
  const { accesses, signal, clock } = context;
  const session = await startCaptures(plans, { accesses, signal, clock, ...departures.listeners });
  if (!held.join(session)) {
    await session.abort();
    return false;
  }
  departures.join(points, session);
  const isWatched = held.live !== null && agents.canWatch(node, context);
  if (isWatched) held.live.join(plans, points, context);
  agents.add(node, { isWatched });
  await agents.write(async () => {
    const file: PointsFile = { filter: held.filter, points: departures.points };
    await context.sink.writeJson(POINTS_FILE, file);
  });
  if (held.live !== null && !isWatched) {
    const why = `${node}'s login has no session left for that; their files have all`;
    context.note(
      "info",
      `${points.map(({ pod, name }) => pod ?? name).join(", ")} cannot be seen live: ${why}`,
    );
  }
  return true;
}

/** Says what became of captures that were to join. */
export async function say(
  { kind, text }: { readonly kind: "joined" | "left-out"; readonly text: string },
  context: StepContext,
): Promise<void> {
  const at = new Date(context.clock.nowMs()).toISOString();
  context.note(kind === "joined" ? "info" : "warn", `${at.slice(11, 19)}: ${text}`);
  await addMark({ kind, at, text }, context).catch((error: unknown) => {
    context.note(
      "warn",
      `what became of captures that were to join could not be written down: ${messageOf(error)}`,
    );
  });
}

/** An id that no point has yet. */
export function freeId(id: string, taken: ReadonlySet<string>): string {
  let [free, again] = [id, 1];
  while (taken.has(free)) free = `${id}.${(again += 1)}`;
  return free;
}
