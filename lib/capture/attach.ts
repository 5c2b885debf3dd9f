import { asHopbookError, HopbookError } from "../errors.js";
import { planAttach } from "./detached.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { systemClock } from "../model/clock.js";
import { NodeAgent } from "./node-agent.js";
import type { NodeCapturePlan } from "./plan.js";
import { CaptureSession, type Barrier } from "./session.js";

interface AttachOptions {
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly signal: AbortSignal;
  /** As it was when they were started. */
  readonly barrier: Barrier;
  /** As they were started; undefined for those of an older hopbook. */
  readonly settleMs: number | undefined;
}

const READY_TIMEOUT_MS = 20_000;
const LEAVE_TIMEOUT_MS = 5000;

/**
 * Takes up captures that went on without a client. A node of which nothing is left is one that was lost: its captures
 * are missing, those of the others are not. Rejects with RUN_BUSY where another client has them, with RUN_NOT_FOUND
 * where no node has any, and with what keeps a node from being entered: then all go on as before.
 */
export async function attachCaptures(
  plans: readonly NodeCapturePlan[],
  { accesses, signal, barrier, settleMs }: AttachOptions,
): Promise<CaptureSession> {
  const agents: NodeAgent[] = [];
  const gone: HopbookError[] = [];
  try {
    // One after the other and in the same order by every client: who has the first one has them all.
    for (const plan of plans) {
      const access = accesses.get(plan.node);
      if (access === undefined) {
        throw new HopbookError(
          "NODE_UNREACHABLE",
          `Cannot collect from ${plan.node}: it is not open to this run`,
        );
      }
      const agent = new NodeAgent(plan, access);
      agents.push(agent);
      try {
        await agent.ready(READY_TIMEOUT_MS, signal);
      } catch (error) {
        if (!(error instanceof HopbookError) || error.code !== "RUN_NOT_FOUND") throw error;
        gone.push(error);
      }
    }
    const [first] = gone;
    if (first !== undefined && gone.length === plans.length) throw first;
    return new CaptureSession(agents, barrier, {
      isTimed: true,
      ...(settleMs === undefined ? {} : { settleMs }),
    });
  } catch (error) {
    await Promise.all(agents.map((agent) => agent.leave(LEAVE_TIMEOUT_MS)));
    throw error;
  }
}

const SETTLE_MS = 1250;
/** A ring of many files is put together before that. */
const STOP_TIMEOUT_MS = 120_000;

/** Ends captures that go on without a client, and leaves what they wrote where it is. Says of each node why not. */
export async function stopDetached(
  places: readonly { readonly node: string; readonly stateDir: string }[],
  { accesses, signal }: Pick<AttachOptions, "accesses" | "signal">,
): Promise<readonly { readonly node: string; readonly why: string | null }[]> {
  const stopOne = async (place: { readonly node: string; readonly stateDir: string }): Promise<void> => {
    const access = accesses.get(place.node);
    if (access === undefined) {
      throw new HopbookError(
        "NODE_UNREACHABLE",
        `Cannot stop the captures on ${place.node}: it was not reached`,
      );
    }
    const agent = new NodeAgent(planAttach(place), access);
    try {
      await agent.ready(READY_TIMEOUT_MS, signal);
      await systemClock.sleep(SETTLE_MS, signal);
      if (await agent.stop(STOP_TIMEOUT_MS)) return;
      throw new HopbookError(
        "CAPTURE_FAILED",
        `Cannot stop the captures on ${place.node}: they did not say so`,
      );
    } finally {
      await agent.leave(LEAVE_TIMEOUT_MS);
    }
  };
  return Promise.all(
    places.map(async (place) => {
      try {
        await stopOne(place);
        return { node: place.node, why: null };
      } catch (error) {
        return { node: place.node, why: asHopbookError(error).message };
      }
    }),
  );
}
