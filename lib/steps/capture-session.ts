import { planCaptures, startCaptures, type CaptureSession, type NodeCapturePlan } from "../capture/index.js";
import type { NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { CapturesFile, CaptureRecord } from "../model/evidence.js";
import type { Flow } from "../model/hops.js";
import type { EvidenceSink, PlannedCommand, StepContext } from "../model/steps.js";
import { formatDuration, formatSize } from "../model/units.js";
import { describeFlow } from "./flow-evidence.js";
import { sizeSchema, toBytes } from "./schema.js";

/** What every capture takes. */
export interface CaptureInput {
  readonly flows: readonly Flow[];
  /** By node, from path/discover. */
  readonly tools?: Readonly<Record<string, NodeTools>>;
  readonly payload?: boolean;
  readonly maxBytes?: string | number;
  readonly minFree?: string | number;
}

export const captureProperties = {
  flows: { type: "array", minItems: 1, title: "Flows, from flow/define" },
  tools: { type: "object", title: "What the nodes have, from path/discover" },
  payload: { type: "boolean", default: false, title: "Whole packets in place of headers" },
  maxBytes: { ...sizeSchema, default: "64MiB", title: "Of one node, all hops together" },
  minFree: { ...sizeSchema, default: "64MiB", title: "Free disk on the node that is never gone below" },
} as const;

export const HELD_CAPTURE = "captures";
export const CAPTURE_ACTIONS = ["netns/tcpdump", "capture/pull"] as const;
const LEASE_SECONDS = 20;
const BUFFER_KIB = 8192;

/** How long captures may go on; the nodes end them by themselves `marginMs` later. */
export interface CaptureTime {
  readonly maxMs: number;
  readonly marginMs: number;
}

export function planSession(
  input: CaptureInput,
  context: StepContext,
  { maxMs, marginMs }: CaptureTime,
): {
  readonly plans: readonly NodeCapturePlan[];
  readonly commands: readonly PlannedCommand[];
  readonly note: string;
} {
  const maxBytes = toBytes(input.maxBytes ?? "64MiB");
  const logins = Object.entries(input.tools ?? {}).map(
    ([node, tools]) => [node, tools.sshConnection] as const,
  );
  const plans = planCaptures(input.flows, {
    runId: context.runId,
    workDir: context.profile.workDir,
    payload: input.payload === true,
    maxSeconds: Math.ceil((maxMs + marginMs) / 1000),
    maxBytes,
    minFreeBytes: toBytes(input.minFree ?? "64MiB"),
    leaseSeconds: LEASE_SECONDS,
    bufferKiB: BUFFER_KIB,
    sshConnections: Object.fromEntries(logins),
  });
  const hops = plans.flatMap((plan) => plan.hops).length;
  return {
    plans,
    commands: plans.map((plan) => ({
      ...{ node: plan.node, action: "netns/tcpdump", argv: plan.argv, effect: "capture" as const },
      files: [plan.dir],
    })),
    note:
      `${hops} captures on ${plans.length} nodes, each at most ${formatDuration(maxMs)}, ` +
      `${formatSize(maxBytes)} a node; without the client they end within ${LEASE_SECONDS} s`,
  };
}

/** The captures of a run lie in one place: a second session would overwrite those of the first. */
const claimed = new WeakSet<EvidenceSink>();

/** Starts the captures and holds them; from then on they are finished on every exit path. */
export async function beginSession(
  input: CaptureInput,
  context: StepContext,
  time: CaptureTime,
): Promise<{ readonly session: CaptureSession; readonly hops: number }> {
  const { plans } = planSession(input, context, time);
  for (const plan of plans) {
    for (const { filter } of plan.hops) {
      context.demand({
        ...{ kind: "capture", node: plan.node, durationMs: time.maxMs, filter },
        bytes: toBytes(input.maxBytes ?? "64MiB"),
        payload: input.payload === true ? "full" : "headers",
      });
    }
  }
  if (claimed.has(context.sink)) {
    throw new HopbookError("CAPTURE_FAILED", "Cannot capture: this run has captures already", {
      hint: "Give all flows to one capture step: a run has one set of captures",
    });
  }
  claimed.add(context.sink);
  const session = await startCaptures(plans, { accesses: context.accesses, signal: context.signal }).catch(
    (error: unknown) => {
      claimed.delete(context.sink);
      throw error;
    },
  );
  context.hold(HELD_CAPTURE, session, async (how) => {
    await finishCapture(session, context, how);
  });
  // Only now: flows whose captures never began are none to be judged.
  await context.sink.writeJson("evidence/flows.json", { flows: input.flows.map(describeFlow) });
  const hops = plans.flatMap((plan) => plan.hops).length;
  context.note(
    "info",
    `${hops} hops listening within ${formatDuration(session.barrier.skewMs)} of each other`,
  );
  return { session, hops };
}

/** A session is finished once, by its step or when it is let go of, whichever comes first. */
const finished = new WeakMap<CaptureSession, Promise<readonly CaptureRecord[]>>();

/**
 * Stops, pulls, removes. After an interruption it waits less and still brings what there is: partial evidence is
 * evidence. Who asks a second time gets the same captures.
 */
export function finishCapture(
  session: CaptureSession,
  context: StepContext,
  how: { readonly interrupted: boolean },
): Promise<readonly CaptureRecord[]> {
  const known = finished.get(session);
  if (known !== undefined) return known;
  const records = stopAndPull(session, context, how);
  finished.set(session, records);
  return records;
}

async function stopAndPull(
  session: CaptureSession,
  context: StepContext,
  how: { readonly interrupted: boolean },
): Promise<readonly CaptureRecord[]> {
  try {
    await session.stop({ clock: context.clock, ...(how.interrupted ? { settleMs: 300 } : {}) });
    const captures = await session.pull(context.sink.dir);
    const file: CapturesFile = { captures, barrier: session.barrier };
    await context.sink.writeJson("evidence/captures.json", file);
    for (const record of captures) {
      if (record.endedEarly !== null) {
        context.markIncomplete(`the capture at ${record.hopId} ended early: ${record.endedEarly}`);
      }
      if (record.pcap === null) continue;
      const { node, argv, sha256, sizeBytes } = record;
      context.sink.registerFile(record.pcap, {
        node,
        argv,
        sizeBytes,
        ...(sha256 === null ? {} : { sha256 }),
      });
    }
    return captures;
  } finally {
    const left = await session.remove();
    for (const node of left) {
      context.markIncomplete(
        `${node} did not confirm that its captures are removed; they end with their lease`,
      );
    }
  }
}

export function countPackets(records: readonly CaptureRecord[]): number {
  return records.reduce((sum, { captured }) => sum + (captured ?? 0), 0);
}
