import { HopbookError } from "../errors.js";
import { Engine } from "../engine/engine.js";
import type { EnteredNode } from "../model/cluster.js";
import type { DetachContext } from "../model/detached.js";
import type { LiveView } from "../model/live/view.js";
import type { EvidenceSink } from "../model/steps.js";
import { parseDuration } from "../model/units.js";
import { STEP_KINDS } from "../steps/registry.js";
import { findBreaks, findFlows } from "../verdict/analyze.js";
import type { Recorder } from "../authority/authority.js";
import { keepScripts } from "./keep-scripts.js";
import { pinScripts } from "../session/pin-scripts.js";
import { readPackets } from "./packets.js";
import { maskingOf } from "./masking.js";
import type { PermittedRun } from "../session/runbook-session.js";
import { foreseeNodes } from "../session/foresee-nodes.js";
import { waysOf } from "../session/ways.js";
import { startScript } from "../catalogue/scripts.js";
import type { World } from "./world.js";

interface EngineUse {
  readonly world: World;
  readonly sink: EvidenceSink;
  readonly record: Recorder;
  /** Told which nodes were entered, before they are left. */
  readonly onEntered?: (nodes: readonly EnteredNode[]) => Promise<void>;
  /** Told what could not be taken away in the end. */
  readonly onLeftover?: (text: string) => void;
  /** Its captures go on without the client, or did. */
  readonly detach?: DetachContext | undefined;
  /** Somebody who watches its captures. */
  readonly live?: LiveView | undefined;
}

/** The nodes that were entered so far. */
type TellEntered = () => readonly EnteredNode[];

/** Logs in, gives the body an engine that is wired to everything, and closes both whatever happens. */
export async function withEngine<T>(
  session: PermittedRun,
  use: EngineUse,
  body: (engine: Engine, entered: TellEntered) => Promise<T>,
): Promise<T> {
  const { sink, world, record, detach, live } = use;
  const { authority, profile, runbook, inputs, signal, onEvent } = session;
  const masking = maskingOf(session);
  for (const text of session.notes) onEvent({ type: "note", step: null, level: "info", text });
  onEvent({ type: "phase", phase: "connect" });
  const leaseMs = session.leaseMs ?? leaseOf(session, detach);
  const cluster = await world.open(profile, {
    ...waysOf(session, { leaseMs, record, detached: detach?.pods }),
    first: foreseeNodes(inputs, session) ?? undefined,
  });
  const pin = pinScripts(session.scripts);
  const engine = new Engine({
    ...{ runbook, inputs, kinds: STEP_KINDS },
    host: {
      ...{ runId: session.id, profile, signal, sink },
      accesses: cluster.accesses,
      unreachable: cluster.unreachable,
      ...(cluster.kube === undefined ? {} : { kube: cluster.kube }),
      clock: world.clock,
      recipeDirs: session.recipeDirs,
      demand: (request) => world.demand(request, () => authority.demand(request, record)),
      locateBreaks: () => findBreaks(sink.dir),
      followFlows: () => findFlows(sink.dir),
      actionOf: (argv) => authority.actionOf(argv),
      startSandbox: async (wanted) =>
        keepScripts(await pin({ file: wanted.file, process: await startScript(wanted) }), {
          sink,
          runbookFile: runbook.document.file,
        }),
      readPackets: (path) => readPackets(sink.dir, path),
      ...(detach === undefined ? {} : { detach }),
      ...(live === undefined ? {} : { live }),
      onEvent: (event) => {
        world.event(event);
        onEvent(masking.event(event));
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
function leaseOf({ runbook }: PermittedRun, detach: DetachContext | undefined): number {
  if (detach?.phase === "start") return LEASE_MS + (detach.durationMs ?? 0) + detach.keepMs;
  if (detach !== undefined) return LEASE_MS;
  return LEASE_MS + (parseDuration(runbook.permissions.capture?.duration ?? "0s") ?? 0);
}

/** Evidence that a plan has no use for. */
export const NO_SINK: EvidenceSink = {
  dir: "",
  path: (rel) => {
    throw new HopbookError("INTERNAL", `A plan writes no file, and ${rel} was to be written`);
  },
  writeJson: () => Promise.resolve(),
  appendJson: () => Promise.resolve(),
  claim: () => () => undefined,
  writeText: () => Promise.resolve(),
  registerFile: () => undefined,
};
