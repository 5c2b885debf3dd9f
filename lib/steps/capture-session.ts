import {
  assertCanStay,
  attachCaptures,
  planCaptures,
  planDetached,
  planPoints,
  startCaptures,
  type CaptureSession,
  type DetachedPlan,
  type NodeCapturePlan,
  type PodFolder,
} from "../capture/index.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { ReleaseHow } from "../model/detached.js";
import type { CapturesFile, CaptureRecord } from "../model/evidence.js";
import type { PointsFile } from "../model/points.js";
import type { LeftPlace, PlannedCommand, StepContext } from "../model/steps.js";
import { formatDuration, formatSize } from "../model/units.js";
import type { CaptureInput } from "./capture-input.js";
import { POINTS_FILE, type FoundPoints } from "./capture-points.js";
import { describeFlow } from "./flow-evidence.js";
import { leaseSecondsOf } from "./shared/lease.js";
import { planAsking } from "./shared/away.js";
import { Departures } from "./shared/departures.js";
import { CAPTURES_FILE, explainKept } from "./shared/finish-captures.js";
import { HeldCaptures } from "./shared/held-captures.js";
import { LiveCaptures } from "./shared/live-captures.js";
import { mostBytes, refuseTooLarge, ringOf, ringText } from "./shared/ring.js";
import { toBytes } from "./schema.js";
import { countOf } from "./shared/count-of.js";

export const HELD_CAPTURE = "captures";
export const CAPTURE_ACTIONS = ["netns/tcpdump", "capture/pull"] as const;
const BUFFER_KIB = 8192;

/** How long captures may go on; the nodes end them by themselves `marginMs` later. */
export interface CaptureTime {
  readonly maxMs: number;
  readonly marginMs: number;
  /** How long they go on, where that is known. */
  readonly lastsMs?: number;
}

export function planSession(
  input: CaptureInput,
  context: StepContext,
  { maxMs, marginMs, found }: CaptureTime & { readonly found: FoundPoints | null },
): {
  readonly plans: readonly NodeCapturePlan[];
  /** By node: where they go on without the client. */
  readonly detached: ReadonlyMap<string, DetachedPlan>;
  readonly commands: readonly PlannedCommand[];
  readonly note: string;
  readonly left: readonly LeftPlace[];
} {
  const { detach } = context;
  const leaseSeconds = leaseSecondsOf(context.profile);
  const tools = found?.tools ?? input.tools ?? {};
  const logins = Object.entries(tools).map(([node, { sshConnection }]) => [node, sshConnection] as const);
  const minFreeBytes = toBytes(input.minFree ?? "64MiB");
  const ring = ringOf(input);
  const options = {
    runId: context.runId,
    workDir: context.profile.workDir,
    payload: input.payload === true,
    maxSeconds: Math.ceil((maxMs + marginMs) / 1000),
    maxBytes: toBytes(input.maxBytes ?? "64MiB"),
    minFreeBytes,
    ...(ring === null ? {} : { ring }),
    leaseSeconds,
    bufferKiB: BUFFER_KIB,
    sshConnections: Object.fromEntries(logins),
    podFolders: podFoldersOf(tools),
    ...(input.snaplen === undefined ? {} : { snaplenBytes: input.snaplen }),
  };
  const attached =
    found === null ? planCaptures(input.flows ?? [], options) : planPoints(found.points, options);
  const detached = new Map(
    detach === undefined ? [] : attached.map((plan) => [plan.node, planDetached(plan, detach)] as const),
  );
  const plans = attached.map((plan) => {
    const own = detached.get(plan.node);
    return own === undefined ? plan : detach?.phase === "collect" ? own.attach : own.start;
  });
  if (ring !== null) plans.forEach((plan) => refuseTooLarge(plan, tools));
  const captures = plans.flatMap((plan) => plan.hops).length;
  const ending =
    detach === undefined
      ? `end within ${leaseSeconds} s`
      : `go on, and are kept on the node for ${formatDuration(detach.keepMs)} after their end`;
  return {
    plans,
    detached,
    left: [...detached].map(([node, { stateDir }]) => ({ node, stateDir })),
    commands: [
      ...plans.flatMap((plan) => {
        const what = { node: plan.node, action: "netns/tcpdump", effect: "capture" } as const;
        const own = detached.get(plan.node);
        const files = own === undefined ? [plan.dir] : [plan.dir, own.stateDir];
        const keep = own !== undefined && detach?.phase === "start" ? [{ ...what, argv: own.keep }] : [];
        return [{ ...what, argv: plan.argv, files }, ...keep];
      }),
      ...planAsking(found?.points ?? [], context),
    ],
    note:
      `${captures} captures on ${plans.length} nodes, each at most ${formatDuration(maxMs)}, ` +
      `${ring === null ? "" : ringText(ring)}${formatSize(mostBytes(plans))} a node; without the client they ${ending}`,
  };
}

/** How long captures go on, in a run that stays or in one that is let go of. */
export function captureTime(time: CaptureTime, { detach }: Pick<StepContext, "detach">): CaptureTime {
  if (detach === undefined) return time;
  return { maxMs: detach.durationMs ?? time.maxMs, marginMs: 0 };
}

function podFoldersOf(tools: Readonly<Record<string, NodeTools>>): Record<string, PodFolder> {
  const entries = Object.entries(tools).flatMap(([name, { workDir, freeDiskBytes }]) =>
    workDir === undefined ? [] : [[name, { workDir, freeBytes: freeDiskBytes }] as const],
  );
  return Object.fromEntries(entries);
}

/** Starts the captures and holds them; from then on they are finished on every exit path. */
export async function beginSession(
  input: CaptureInput,
  context: StepContext,
  time: CaptureTime & { readonly found: FoundPoints | null },
): Promise<{ readonly captures: HeldCaptures; readonly hops: number }> {
  const { plans, detached } = planSession(input, context, time);
  const { found } = time;
  for (const plan of plans) {
    for (const { filter } of plan.hops) {
      context.demand({
        ...{ kind: "capture", node: plan.node, durationMs: time.maxMs, filter },
        bytes: plan.maxBytes,
        payload: input.payload === true ? "full" : "headers",
      });
    }
  }
  // They lie in one place: a second session would overwrite those of the first.
  const letGo = context.sink.claim("captures");
  if (letGo === null) {
    throw new HopbookError("CAPTURE_FAILED", "Cannot capture: this run has captures already", {
      hint: "Give all flows to one capture step: a run has one set of captures",
    });
  }
  const departures = new Departures(found?.points ?? [], context);
  const session = await openSession(plans, { context, departures }).catch((error: unknown) => {
    letGo();
    throw error;
  });
  const watched = { flows: input.flows ?? [], points: found?.points ?? null, lastsMs: time.lastsMs ?? null };
  const live = context.detach === undefined ? LiveCaptures.begin(plans, context, watched) : null;
  const begun =
    found === null ? null : { input, filter: found.filter, maxMs: time.maxMs, tools: found.tools };
  const captures = new HeldCaptures(session, { live, departures, begun, freezesLeft: input.freezes ?? 0 });
  departures.begin(session);
  context.hold(HELD_CAPTURE, captures, (how) => releaseSession(captures, { context, detached, how }));
  // Only now: flows whose captures never began are none to be judged.
  await context.sink.writeJson("evidence/flows.json", { flows: (input.flows ?? []).map(describeFlow) });
  if (found !== null) {
    const file: PointsFile = { filter: found.filter, points: found.points };
    await context.sink.writeJson(POINTS_FILE, file);
  }
  const { unstarted } = session;
  for (const [node, why] of unstarted) context.markIncomplete(`nothing is captured on ${node}: ${why}`);
  const started = plans.filter(({ node }) => !unstarted.has(node));
  const hops = started.flatMap((plan) => plan.hops).length;
  const places = countOf(hops, found === null ? "hop" : "point");
  const apart = hops === 1 ? "" : ` within ${formatDuration(session.barrier.skewMs)} of each other`;
  context.note("info", `${places} listening${apart}`);
  return { captures, hops };
}

async function openSession(
  plans: readonly NodeCapturePlan[],
  { context, departures }: { readonly context: StepContext; readonly departures: Departures },
): Promise<CaptureSession> {
  const { accesses, signal, detach, sink } = context;
  if (detach?.phase === "collect") {
    const text = await readFile(join(sink.dir, CAPTURES_FILE), "utf8");
    const { barrier, settleMs } = JSON.parse(text) as CapturesFile;
    return attachCaptures(plans, { accesses, signal, barrier, settleMs });
  }
  for (const { node } of detach === undefined ? [] : plans) {
    const access = accesses.get(node);
    if (access !== undefined) assertCanStay(access);
  }
  const session = await startCaptures(plans, {
    ...{ accesses, signal, clock: context.clock, isTimed: detach !== undefined },
    ...(detach === undefined ? departures.listeners : {}),
  });
  if (detach !== undefined) {
    // Who collects them has no other word of it.
    const file: CapturesFile = { captures: [], barrier: session.barrier, settleMs: session.settleMs };
    await sink.writeJson(CAPTURES_FILE, file);
  }
  return session;
}

interface Release {
  readonly context: StepContext;
  readonly detached: ReadonlyMap<string, DetachedPlan>;
  readonly how: ReleaseHow;
}

async function releaseSession(captures: HeldCaptures, { context, detached, how }: Release): Promise<void> {
  const { session } = captures;
  const isCollected = context.detach?.phase === "collect";
  if (how.detached?.how === "remove") {
    for (const node of await session.remove()) {
      context.note("warn", explainKept(session, node));
    }
  } else if (how.detached?.how === "leave" || isCollected) {
    const bundle = how.detached?.how === "leave" ? how.detached.bundle : null;
    const left = await session.leave((node) => {
      const argv = detached.get(node)?.keep;
      return argv === undefined || bundle === null ? undefined : { argv, bytes: bundle };
    });
    for (const node of left) context.note("warn", `${node} did not confirm that its captures go on`);
  } else await captures.finish(context);
}

export function countPackets(records: readonly CaptureRecord[]): number {
  return records.reduce((sum, { captured }) => sum + (captured ?? 0), 0);
}
