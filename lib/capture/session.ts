import pMap from "p-map";
import { HopbookError, messageOf } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { systemClock, type Clock } from "../model/clock.js";
import type { CaptureRecord } from "../model/evidence.js";
import type { AgentLine } from "./agent-lines.js";
import { NodeAgent } from "./node-agent.js";
import type { NodeCapturePlan } from "./plan.js";
import { fetchFile, recordOf, type Fetched, type Place } from "./collect/fetch.js";

export type CaptureEvent = { readonly node: string; readonly line: AgentLine };

interface StartCapturesOptions {
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly signal: AbortSignal;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default 15 s. */
  readonly readyTimeoutMs?: number;
  readonly onEvent?: (event: CaptureEvent) => void;
  /** A node that listened is lost, for this reason. */
  readonly onLost?: (node: string, why: string) => void;
  /** They are meant to end when their time is over. */
  readonly isTimed?: boolean;
}

export interface Barrier {
  /** Between the first and the last "listening on", by the client's clock. */
  readonly skewMs: number;
  /** From the start to the last one. */
  readonly readyAfterMs: number;
}

/** The kernel hands packets to tcpdump in blocks, at the latest after 1 s: what is stopped sooner loses some. */
const SETTLE_MS = 1250;
/** In immediate mode all that is waited for is a busy node's tcpdump. */
const IMMEDIATE_SETTLE_MS = 300;
const STOP_TIMEOUT_MS = 10_000;
/** A slow disk that reads and writes at once. */
const GATHERED_BYTES_A_SECOND = 10_000_000;
const FREEZE_TIMEOUT_MS = 5000;
const REMOVE_TIMEOUT_MS = 5000;
/** A login has ten sessions (sshd_config(5), MaxSessions), of which agents have two or three. */
const PULLS_A_NODE = 4;

/**
 * Starts the agents of all nodes and waits at the barrier until every hop listens. A node that does not get ready is ended
 * and left out, as `unstarted` says. Where none does, or where they are to go on without a client (`isTimed`) and one does
 * not, all are ended and cleaned up, and the error gives every reason.
 */
export async function startCaptures(
  plans: readonly NodeCapturePlan[],
  options: StartCapturesOptions,
): Promise<CaptureSession> {
  const startedAtMs = performance.now();
  const agents = await startAgents(plans, options);
  const { isTimed = false } = options;
  const results = await Promise.allSettled(
    agents.map((agent) => agent.ready(options.readyTimeoutMs ?? 15_000, options.signal)),
  );
  const failures = results
    .filter((result) => result.status === "rejected")
    .map((result): unknown => result.reason);
  if (failures.length > 0 && (isTimed || failures.length === agents.length || options.signal.aborted)) {
    await Promise.all(agents.map((agent) => agent.abort(REMOVE_TIMEOUT_MS)));
    throw joinFailures(failures, options.signal);
  }
  await Promise.all(
    agents.map(async (agent, index) => {
      const result = results[index]!;
      if (result.status === "rejected") await agent.giveUp(messageOf(result.reason), REMOVE_TIMEOUT_MS);
    }),
  );
  const heard = agents.flatMap((agent) => agent.heardAtMs);
  // A node may say that it is ready without a word of any hop.
  const last = Math.max(startedAtMs, ...heard);
  const skewMs = heard.length === 0 ? 0 : last - Math.min(...heard);
  return new CaptureSession(
    agents,
    { skewMs, readyAfterMs: last - startedAtMs },
    { isTimed, settleMs: settleMsOf(plans) },
  );
}

function settleMsOf(plans: readonly NodeCapturePlan[]): number {
  const hops = plans.flatMap((plan) => plan.hops);
  return hops.length > 0 && hops.every(({ isImmediate }) => isImmediate) ? IMMEDIATE_SETTLE_MS : SETTLE_MS;
}

/** Before it says that it stopped, a node puts a ring's files together. */
function stopTimeoutMs({ ring, maxBytes }: NodeCapturePlan): number {
  return STOP_TIMEOUT_MS + (ring === null ? 0 : (maxBytes / GATHERED_BYTES_A_SECOND) * 1000);
}

/** One agent a plan. Where one may not even be started, those that were are ended. */
async function startAgents(
  plans: readonly NodeCapturePlan[],
  options: StartCapturesOptions,
): Promise<readonly NodeAgent[]> {
  const agents: NodeAgent[] = [];
  try {
    for (const plan of plans) {
      const access = options.accesses.get(plan.node);
      if (access === undefined) {
        throw new HopbookError(
          "NODE_UNREACHABLE",
          `Cannot capture on ${plan.node}: it is not open to this run`,
        );
      }
      const { node } = plan;
      agents.push(
        new NodeAgent(plan, access, {
          ...(options.clock === undefined ? {} : { clock: options.clock }),
          onLine: (line) => options.onEvent?.({ node, line }),
          onLost: (why) => options.onLost?.(node, why),
        }),
      );
    }
    return agents;
  } catch (error) {
    await Promise.all(agents.map((agent) => agent.abort(REMOVE_TIMEOUT_MS)));
    throw error;
  }
}

function joinFailures(failures: readonly unknown[], signal: AbortSignal): unknown {
  const [first, ...others] = failures;
  if (signal.aborted || !(first instanceof HopbookError) || others.length === 0) return first;
  const reasons = others.map((other) => messageOf(other));
  const detail = [first.detail, ...reasons].filter((text) => text !== undefined).join("\n");
  return new HopbookError(first.code, first.message, { where: first.where, hint: first.hint, detail });
}

/** Captures that go on at all hops until they are stopped, pulled and removed; or aborted, at any time. */
export class CaptureSession {
  readonly barrier: Barrier;
  /** How long the last packets are waited for before the end. */
  readonly settleMs: number;
  readonly #agents: readonly NodeAgent[];
  readonly #isTimed: boolean;
  readonly #early = new Map<string, Fetched>();
  #over = false;

  /** `isTimed`: they are meant to end when their time is over. */
  constructor(
    agents: readonly NodeAgent[],
    barrier: Barrier,
    {
      isTimed = false,
      settleMs = SETTLE_MS,
    }: { readonly isTimed?: boolean; readonly settleMs?: number } = {},
  ) {
    this.settleMs = settleMs;
    this.#agents = agents;
    this.barrier = barrier;
    this.#isTimed = isTimed;
  }

  /** Waits until the kernel's buffers are through, then ends every tcpdump in good order. */
  async stop(options: { readonly settleMs?: number; readonly clock?: Clock } = {}): Promise<void> {
    await (options.clock ?? systemClock).sleep(options.settleMs ?? this.settleMs);
    await Promise.all(this.#agents.map((agent) => agent.stop(stopTimeoutMs(agent.plan))));
  }

  /** Keeps what the rings hold of the last seconds, all nodes at once; captures go on. Gives back the nodes that did not confirm it. */
  async freeze(lastSeconds: number | null): Promise<string[]> {
    const kept = await Promise.all(this.#agents.map((agent) => agent.freeze(lastSeconds, FREEZE_TIMEOUT_MS)));
    return this.#agents.filter((_, index) => kept[index] === null).map(({ plan }) => plan.node);
  }

  /**
   * Brings the file of a capture that has ended, while others go on: what is on the node may go with the node. null: it is
   * here. Of a ring there is no file before the end.
   */
  async pullEarly(
    { node, hopId }: { readonly node: string; readonly hopId: string },
    place: Place,
  ): Promise<string | null> {
    const agent = this.#agents.find(({ plan }) => plan.node === node);
    const capture = agent?.plan.hops.find(({ hop }) => hop.id === hopId);
    if (agent === undefined || capture === undefined || agent.plan.ring !== null) return null;
    const fetched = await fetchFile(agent, capture, { place });
    if (fetched.pcap !== null) this.#early.set(keyOf(node, hopId), fetched);
    return fetched.why;
  }

  /** Brings every file that there is to `captures/NODE/HOP.pcap` of the run folder, where `place` says. Never rejects for a node. */
  async pull(place: Place, signal?: AbortSignal): Promise<CaptureRecord[]> {
    const perNode = await Promise.all(
      this.#agents.map((agent) =>
        pMap(
          agent.plan.hops,
          async (capture) => {
            const early = this.#early.get(keyOf(agent.plan.node, capture.hop.id));
            const fetched = early ?? (await fetchFile(agent, capture, { place, signal }));
            return recordOf(agent, capture, { fetched, isTimed: this.#isTimed });
          },
          { concurrency: PULLS_A_NODE },
        ),
      ),
    );
    return perNode.flat();
  }

  /** Removes the folders from the nodes. Gives back the nodes that did not confirm it. */
  async remove(): Promise<string[]> {
    this.#over = true;
    return this.#unconfirmed((agent) => agent.remove(REMOVE_TIMEOUT_MS));
  }

  /** Where a node keeps its captures; "" for a node without any. */
  folderOn(node: string): string {
    return this.#agents.find(({ plan }) => plan.node === node)?.plan.dir ?? "";
  }

  /** Ends and removes everything, at any stage. Gives back the nodes that did not confirm it. */
  async abort(): Promise<string[]> {
    if (this.#over) return [];
    this.#over = true;
    return this.#unconfirmed((agent) => agent.abort(REMOVE_TIMEOUT_MS));
  }

  /** Nodes whose captures never began, with why. */
  get unstarted(): ReadonlyMap<string, string> {
    const entries = this.#agents.flatMap(({ plan, unstarted }) =>
      unstarted === null ? [] : [[plan.node, unstarted] as const],
    );
    return new Map(entries);
  }

  /** Nodes that listened and were lost since, with why. */
  get lost(): readonly string[] {
    const lost = this.#agents.filter((agent) => agent.has("ready") && agent.lost !== null);
    return lost.map(({ plan, lost: why }) => `${plan.node}: ${String(why)}`);
  }

  /** Of captures that go on by themselves: lets go of them. Gives back the nodes that did not confirm it. */
  async leave(
    keep?: (node: string) => { readonly argv: Argv; readonly bytes: Uint8Array } | undefined,
  ): Promise<string[]> {
    if (this.#over) return [];
    this.#over = true;
    return this.#unconfirmed((agent) => agent.leave(STOP_TIMEOUT_MS, keep?.(agent.plan.node)));
  }

  async #unconfirmed(end: (agent: NodeAgent) => Promise<boolean>): Promise<string[]> {
    const confirmed = await Promise.all(this.#agents.map(end));
    return this.#agents.filter((_, index) => confirmed[index] === false).map((agent) => agent.plan.node);
  }
}

function keyOf(node: string, hopId: string): string {
  return `${node} ${hopId}`;
}
