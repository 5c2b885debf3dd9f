import { HopbookError } from "../errors.js";
import { refuseKnownFaults } from "../authority/known-faults.js";
import { Engine } from "../engine/engine.js";
import type { Attachments, LocatedPod } from "../model/cni/attachment.js";
import type { FlowPath } from "../model/hops.js";
import { systemClock } from "../model/clock.js";
import type { SealedPlan } from "../plan/seal.js";
import { STEP_KINDS } from "../steps/registry.js";
import { whileWanted } from "../session/interruption.js";
import type { PlanOptions, SharedOptions } from "../session/options.js";
import { startAsking } from "./execute.js";
import { frame } from "./plan-frame.js";
import {
  discoveryKinds,
  openRunbookSession,
  permit,
  type PermittedRun,
  type RunbookSession,
} from "../session/runbook-session.js";
import { NO_SINK, withEngine } from "./with-engine.js";
import { LIVE } from "./world.js";

export type { SealedPlan as Plan } from "../plan/seal.js";

/**
 * The exact commands of a run, by node. Reads from the nodes, changes nothing. Where not even that is granted, the plan
 * has what needs no node: `complete` is false, and `missingFlags` says what would show the rest.
 */
export async function planRunbook(options: PlanOptions): Promise<SealedPlan> {
  const session = await openRunbookSession(options);
  refuseKnownFaults(session.runbook, session.inputs);
  let permitted;
  try {
    permitted = await permit(session, discoveryKinds(session.runbook));
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "PERMISSION_DENIED") throw error;
    const missingFlags = error.missingFlags ?? ["--yes"];
    return frame(outline(session), session, { ends: [], missingFlags });
  }
  const asking = startAsking(LIVE, permitted);
  const plan = await look(permitted, (engine) => engine.plan());
  return frame(plan, session, { ends: await asking });
}

/** Reads from the nodes, and keeps nothing. */
export function look<T>(session: PermittedRun, body: (engine: Engine) => Promise<T>): Promise<T> {
  const use = { world: LIVE, sink: NO_SINK, record: () => undefined };
  return whileWanted(session.signal, () => withEngine(session, use, body));
}

/** The plan of which nothing is known that a node would have to say. */
function outline({ id, runbook, inputs, profile }: RunbookSession): ReturnType<Engine["outline"]> {
  const never = (): never => {
    throw new HopbookError("INTERNAL", "An outline asks for nothing");
  };
  const engine = new Engine({
    ...{ runbook, inputs, kinds: STEP_KINDS },
    host: {
      ...{ runId: id, profile, accesses: new Map(), unreachable: new Map(), sink: NO_SINK, recipeDirs: [] },
      ...{ signal: new AbortController().signal, clock: systemClock, onEvent: () => undefined },
      ...{
        demand: never,
        locateBreaks: never,
        followFlows: never,
        actionOf: never,
        startSandbox: never,
        readPackets: never,
      },
    },
  });
  return engine.outline("its commands are known once the nodes may be read");
}

export interface HopsOptions extends SharedOptions {
  readonly from: string;
  readonly to: string;
  /** Of ends that have both; default: that of the destination's first address. */
  readonly family?: 4 | 6;
}

/** Two ends as path/discover takes them. */
export function hopsInput({ from, to, family }: Omit<HopsOptions, keyof SharedOptions>): {
  readonly from: string;
  readonly to: readonly string[];
  readonly family?: string;
} {
  return { from, to: [to], ...(family === undefined ? {} : { family: String(family) }) };
}

/** The paths between two ends. */
export async function discoverHops(options: HopsOptions): Promise<readonly FlowPath[]> {
  const inputs = hopsInput(options);
  const outputs = await discover(
    { ...options, runbook: "trace-path", inputs },
    { kind: "path/discover", input: inputs },
  );
  return (outputs as { readonly paths: readonly FlowPath[] }).paths;
}

/** What pods hang on: their interfaces, the host's end of each, and what every method says of it. */
export async function discoverAttachments(
  options: SharedOptions & { readonly pods: readonly string[] },
): Promise<Attachments> {
  const { pods: pod } = options;
  const input = { pods: pod, everyMethod: true };
  const outputs = await discover(
    { ...options, runbook: "find-interface", inputs: { pod } },
    { kind: "pod/locate", input },
  );
  const { pods } = outputs as { readonly pods: readonly LocatedPod[] };
  return { apiVersion: "hopbook.dev/v1", kind: "Attachments", pods };
}

/** What one discovery kind gives out, under the permissions that it alone needs. */
async function discover(
  options: PlanOptions,
  step: { readonly kind: string; readonly input: Record<string, unknown> },
): Promise<unknown> {
  const kind = STEP_KINDS.get(step.kind);
  if (kind === undefined) throw new HopbookError("INTERNAL", `There is no step kind ${step.kind}`);
  const opened = await openRunbookSession(options);
  // Whoever is asked, or refused, asked for hops and no more.
  const metadata = { ...opened.runbook.metadata, name: "hops" };
  const session = { ...opened, runbook: { ...opened.runbook, metadata } };
  return look(
    await permit(session, [kind]),
    async (engine) => (await engine.planOne(kind, step.input)).outputs,
  );
}
