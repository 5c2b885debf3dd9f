import { planPoints, startCaptures } from "../../capture/index.js";
import { HopbookError, messageOf } from "../../errors.js";
import type { PointsFile } from "../../model/points.js";
import type { StepContext } from "../../model/steps.js";
import { placeInPod, POINTS_FILE } from "../capture-points.js";
import type { BegunCaptures, HeldCaptures } from "../capture-session.js";
import { locateToCapture, type FoundPod } from "../locate-pods.js";
import { toBytes } from "../schema.js";
import { hasFewSessions } from "../shared/joined-logs.js";
import { leaseSecondsOf } from "../shared/lease.js";
import { addMark } from "../shared/marks.js";
import type { FittingPod } from "../shared/fitting-pods.js";

type Point = PointsFile["points"][number];

interface Room {
  readonly agents: number;
  /** Of agents, and of what watches them. */
  readonly sessions: number;
}

const ROOM_OF_LOGIN: Room = { agents: 4, sessions: 4 };
const ROOM: Room = { agents: 16, sessions: 32 };
/** Where fewer are left they are for pods that are still to come. */
const SESSIONS_TO_WATCH = 2;
const BUFFER_KIB = 4096;

export interface Joining {
  readonly held: HeldCaptures;
  readonly begun: BegunCaptures;
  /** null: the pod's own. */
  readonly interface: string | null;
  /** Of a node, all that joined there together. */
  readonly maxBytes: number;
  readonly agents: Agents;
}

/** Of pods that joined. */
export class Agents {
  /** Also those that did not get ready. */
  started = 0;
  /** What they take of a node. */
  readonly onNode = new Map<string, Room>();
  #writing: Promise<void> = Promise.resolve();

  /** One after the other: what is written last has all. */
  write(body: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(body);
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

/**
 * Captures the pods of one node as well, by an agent of their own. Gives back which;
 * rejects with why not, and then nothing of it is left.
 */
export async function joinPods(
  node: string,
  pods: readonly FittingPod[],
  { joining, context }: { readonly joining: Joining; readonly context: StepContext },
): Promise<readonly string[]> {
  const { held, begun, agents } = joining;
  const { departures } = held;
  const room = hasFewSessions(node, context) ? ROOM_OF_LOGIN : ROOM;
  const taken = agents.onNode.get(node) ?? { agents: 0, sessions: 0 };
  if (departures === null || taken.agents >= room.agents || taken.sessions >= room.sessions) {
    throw new HopbookError("CAPTURE_FAILED", `pods joined on ${node} ${taken.agents} times already`);
  }
  agents.started += 1;
  const found = await locateToCapture(
    node,
    pods.map(({ selected }) => selected),
    context,
  );
  const points = pointsOf(found, { joining, taken: new Set(departures.points.map(({ id }) => id)) });
  const { input, filter } = begun;
  const plans = planPoints(points, {
    ...{ runId: context.runId, workDir: context.profile.workDir, part: `joined${agents.started}` },
    ...{ payload: input.payload === true, maxSeconds: Math.ceil(begun.maxMs / 1000) },
    ...{ maxBytes: Math.floor(joining.maxBytes / room.agents), bufferKiB: BUFFER_KIB },
    ...{ minFreeBytes: toBytes(input.minFree ?? "64MiB"), leaseSeconds: leaseSecondsOf(context.profile) },
    sshConnections: {},
    ...(input.snaplen === undefined ? {} : { snaplenBytes: input.snaplen }),
  });
  for (const plan of plans) {
    context.demand({
      ...{ kind: "capture", node: plan.node, durationMs: begun.maxMs, bytes: plan.maxBytes, filter },
      payload: input.payload === true ? "full" : "headers",
    });
  }
  const { accesses, signal, clock } = context;
  const session = await startCaptures(plans, { accesses, signal, clock, ...departures.listeners });
  if (!held.join(session)) {
    await session.abort();
    return [];
  }
  departures.join(points, session);
  const isWatched = held.live !== null && room.sessions - taken.sessions > SESSIONS_TO_WATCH;
  if (isWatched) held.live.join(plans, points, context);
  const sessions = taken.sessions + (isWatched ? 2 : 1);
  agents.onNode.set(node, { agents: taken.agents + 1, sessions });
  held.logs.add(found, context);
  await agents.write(async () => {
    const file: PointsFile = { filter, points: departures.points };
    await context.sink.writeJson(POINTS_FILE, file);
  });
  const names = points.flatMap(({ pod }) => pod ?? []);
  if (held.live !== null && !isWatched) {
    const why = `${node}'s login has no session left for that; their files have all`;
    context.note("info", `${names.join(", ")} cannot be seen live: ${why}`);
  }
  for (const name of names) {
    await say({ kind: "joined", text: `pod ${name} on ${node} came; it is captured from now on` }, context);
  }
  return names;
}

/** Says of a pod that came what became of that. */
export async function say(
  { kind, text }: { readonly kind: "joined" | "left-out"; readonly text: string },
  context: StepContext,
): Promise<void> {
  const at = new Date(context.clock.nowMs()).toISOString();
  context.note(kind === "joined" ? "info" : "warn", `${at.slice(11, 19)}: ${text}`);
  await addMark({ kind, at, text }, context).catch((error: unknown) => {
    context.note("warn", `what became of a pod could not be written down: ${messageOf(error)}`);
  });
}

function pointsOf(
  found: readonly FoundPod[],
  { joining, taken }: { readonly joining: Joining; readonly taken: ReadonlySet<string> },
): readonly Point[] {
  return found.map((pod) => {
    const place = placeInPod(pod, joining.interface);
    // Another one of the same name has files of its own.
    let [id, again] = [place.id, 1];
    while (taken.has(id)) id = `${place.id}.${(again += 1)}`;
    return { ...place, id, filter: joining.begun.filter, pcap: `captures/${place.node}/${id}.pcap` };
  });
}
