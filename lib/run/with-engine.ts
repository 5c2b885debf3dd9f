import { Engine } from "../engine/engine.js";
import type { EnteredNode } from "../model/cluster.js";
import type { DetachContext } from "../model/detached.js";
import type { EvidenceSink } from "../model/steps.js";
import { parseDuration } from "../model/units.js";
import { STEP_KINDS } from "../steps/registry.js";
import { findBreaks } from "../verdict/analyze.js";
import { auditKube } from "../session/audit-kube.js";
import type { Recorder } from "../authority/authority.js";
import { guardKube } from "../authority/guard-kube.js";
import { keepScripts } from "./keep-scripts.js";
import { pinScripts } from "../session/pin-scripts.js";
import type { SharedOptions } from "../session/options.js";
import { readPackets } from "./packets.js";
import { maskingOf } from "./masking.js";
import { RECIPE_DIR } from "../catalogue/places.js";
import type { Prepared } from "../session/prepare.js";
import { watchPods } from "./seen-pods.js";
import { startScript } from "../catalogue/scripts.js";
import { whoRuns } from "../session/who-runs.js";
import type { World } from "./world.js";

export interface EngineUse {
  readonly options: Pick<SharedOptions, "signal" | "onEvent" | "onPods" | "leaseMs">;
  readonly world: World;
  readonly sink: EvidenceSink;
  readonly record: Recorder;
  readonly id: string;
  /** Told which nodes were entered, before they are left. */
  readonly onEntered?: (nodes: readonly EnteredNode[]) => Promise<void>;
  /** Told what could not be taken away in the end. */
  readonly onLeftover?: (text: string) => void;
  /** Its captures go on without the client, or did. */
  readonly detach?: DetachContext | undefined;
}

/** The nodes that were entered so far. */
type TellEntered = () => readonly EnteredNode[];

/** Logs in, gives the body an engine that is wired to everything, and closes both whatever happens. */
export async function withEngine<T>(
  prepared: Prepared,
  use: EngineUse,
  body: (engine: Engine, entered: TellEntered) => Promise<T>,
): Promise<T> {
  const { options, sink, world, record } = use;
  const { authority } = prepared;
  const masking = maskingOf(prepared);
  for (const text of prepared.notes ?? []) {
    options.onEvent({ type: "note", step: null, level: "info", text });
  }
  options.onEvent({ type: "phase", phase: "connect" });
  const leaseMs = options.leaseMs ?? leaseOf(prepared, use.detach);
  const cluster = await world.open(prepared.profile, {
    signal: options.signal,
    lease: { runId: use.id, owner: whoRuns(), durationMs: leaseMs },
    ...(use.detach === undefined ? {} : { detached: use.detach.pods }),
    wrap: (access) => {
      const { onPods } = options;
      const wrapped = authority.wrap(access, record);
      if (onPods === undefined) return wrapped;
      const { name } = prepared.profile;
      return watchPods(wrapped, (pods) => onPods({ cluster: name, node: access.node, pods }));
    },
    wrapKube: (kube) => {
      const audited = auditKube(kube, record);
      return prepared.grant === undefined ? audited : guardKube(audited, prepared.grant);
    },
    isAllowed: (target) => authority.isNodeAllowed(target, record),
  });
  const pin = pinScripts(prepared.scripts);
  const engine = new Engine({
    runbook: prepared.runbook,
    inputs: prepared.inputs,
    kinds: STEP_KINDS,
    host: {
      runId: use.id,
      profile: prepared.profile,
      accesses: cluster.accesses,
      unreachable: cluster.unreachable,
      ...(cluster.kube === undefined ? {} : { kube: cluster.kube }),
      signal: options.signal,
      sink,
      clock: world.clock,
      recipeDirs: prepared.recipeDirs ?? [RECIPE_DIR],
      demand: (request) => world.demand(request, () => authority.demand(request, record)),
      locateBreaks: () => findBreaks(sink.dir),
      actionOf: (argv) => authority.actionOf(argv),
      startSandbox: async (wanted) =>
        keepScripts(await pin({ file: wanted.file, process: await startScript(wanted) }), {
          sink,
          runbookFile: prepared.runbook.document.file,
        }),
      readPackets: (path) => readPackets(sink.dir, path),
      ...(use.detach === undefined ? {} : { detach: use.detach }),
      onEvent: (event) => {
        world.event(event);
        options.onEvent(masking.event(event));
      },
    },
  });
  const entered: TellEntered = () => cluster.entered?.() ?? [];
  try {
    return await body(engine, entered);
  } catch (error) {
    throw masking.error(error);
  } finally {
    await engine.close();
    const known = entered();
    await cluster.close();
    await use.onEntered?.(known);
    for (const text of cluster.leftovers?.() ?? []) use.onLeftover?.(text);
  }
}

/** Beside its captures a run takes no longer. */
const LEASE_MS = 30 * 60_000;

/**
 * What a killed client leaves in the cluster ends by itself after this: no sooner than the run may. What goes on without
 * its client has its own time and that for which it is kept, which may be less than its runbook declares.
 */
function leaseOf({ runbook }: Prepared, detach: DetachContext | undefined): number {
  if (detach?.phase === "start") return LEASE_MS + (detach.durationMs ?? 0) + detach.keepMs;
  if (detach !== undefined) return LEASE_MS;
  return LEASE_MS + (parseDuration(runbook.permissions.capture?.duration ?? "0s") ?? 0);
}

/** Evidence that a plan has no use for. */
export const NO_SINK: EvidenceSink = {
  dir: "",
  writeJson: () => Promise.resolve(),
  writeText: () => Promise.resolve(),
  registerFile: () => undefined,
};
