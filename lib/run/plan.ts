import { HopbookError } from "../errors.js";
import { Engine } from "../engine/engine.js";
import type { FlowPath } from "../model/hops.js";
import { systemClock } from "../model/clock.js";
import type { SealedPlan } from "../plan/seal.js";
import { STEP_KINDS } from "../steps/registry.js";
import { whileWanted } from "../session/interruption.js";
import type { PlanOptions, SharedOptions } from "../session/options.js";
import { frame } from "./plan-frame.js";
import { newRunId } from "../session/run-id.js";
import { discoveryKinds, load, permit, type Loaded } from "../session/prepare.js";
import { NO_SINK, withEngine } from "./with-engine.js";
import { LIVE } from "./world.js";

export type { SealedPlan as Plan } from "../plan/seal.js";

/**
 * The exact commands of a run, by node. Reads from the nodes, changes nothing. Where not even that is granted, the plan
 * has what needs no node: `complete` is false, and `missingFlags` says what would show the rest.
 */
export async function planRunbook(options: PlanOptions): Promise<SealedPlan> {
  const loaded = await load(options);
  const id = options.runId ?? newRunId();
  const { signal } = options;
  let prepared;
  try {
    prepared = await permit(loaded, options, discoveryKinds(loaded.runbook));
  } catch (error) {
    if (!(error instanceof HopbookError) || error.code !== "PERMISSION_DENIED") throw error;
    return frame(outline(loaded, id), loaded, { ...options, id, missingFlags: flagsOf(error) });
  }
  const use = { options, world: LIVE, sink: NO_SINK, record: () => undefined, id };
  const plan = await whileWanted(signal, () => withEngine(prepared, use, (engine) => engine.plan()));
  return frame(plan, loaded, { ...options, id });
}

/** The plan of which nothing is known that a node would have to say. */
function outline({ runbook, inputs, profile }: Loaded, runId: string): ReturnType<Engine["outline"]> {
  const never = (): never => {
    throw new HopbookError("INTERNAL", "An outline asks for nothing");
  };
  const engine = new Engine({
    ...{ runbook, inputs, kinds: STEP_KINDS },
    host: {
      ...{ runId, profile, accesses: new Map(), unreachable: new Map(), sink: NO_SINK, recipeDirs: [] },
      ...{ signal: new AbortController().signal, clock: systemClock, onEvent: () => undefined },
      ...{ demand: never, locateBreaks: never, actionOf: never, startSandbox: never, readPackets: never },
    },
  });
  return engine.outline("its commands are known once the nodes may be read");
}

/** The hint names them: `Grant exactly this: --allow-node=a '--allow-mutate=ip *'; or all …`. */
function flagsOf({ hint = "" }: HopbookError): string[] {
  const listed = /exactly this: (.*); or all/.exec(hint)?.[1];
  return listed?.match(/(?:'[^']*'|[^\s'])+/g) ?? ["--yes"];
}

/** The paths between two ends. */
export async function discoverHops(
  options: SharedOptions & { readonly from: string; readonly to: string },
): Promise<readonly FlowPath[]> {
  const raw = { from: options.from, to: [options.to] };
  const kind = STEP_KINDS.get("path/discover");
  if (kind === undefined) throw new HopbookError("INTERNAL", "There is no step kind path/discover");
  const prepared = await permit(await load({ ...options, runbook: "trace-path", raw }), options, [kind]);
  const { signal } = options;
  const use = {
    ...{ options, world: LIVE, sink: NO_SINK, record: () => undefined },
    id: newRunId(),
  };
  return whileWanted(signal, () =>
    withEngine(prepared, use, async (engine) => {
      const plan = await engine.planOne(kind, raw);
      return (plan.outputs as { paths: readonly FlowPath[] }).paths;
    }),
  );
}
