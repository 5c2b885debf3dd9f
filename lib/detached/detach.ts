import { createRunFolder, type RunFolder } from "../artifacts/index.js";
import { assertCanStay } from "../capture/index.js";
import type { Engine, Snapshot } from "../engine/engine.js";
import { asHopbookError, HopbookError, messageOf } from "../errors.js";
import type { DetachContext, DetachedFile, DetachedStore } from "../model/detached.js";
import { formatDuration, parseDuration } from "../model/units.js";
import { listSecrets, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { trustDigest } from "../authority/trust-store.js";
import { DETACHED_FILE, digestFolder, packFolder } from "./folder.js";
import { execute } from "../run/execute.js";
import { foresee } from "../authority/foresee.js";
import type { RunOptions, RunReport } from "../session/options.js";
import {
  openRunbookSession,
  permit,
  targetOf,
  type PermittedRun,
  type RunbookSession,
} from "../session/runbook-session.js";
import { whoRuns } from "../session/who-runs.js";
import { LIVE } from "../run/world.js";

export interface DetachOptions extends Omit<RunOptions, "record"> {
  /** How long the captures go on. Default: as long as the runbook waits, else as its capture step says. */
  readonly forMs?: number | undefined;
  /** How long nodes keep captures that have ended, for somebody to collect them. Default: a day. */
  readonly keepMs?: number | undefined;
}

/** A run that goes on without this client. Times are RFC 3339, UTC. */
export interface DetachReport {
  readonly id: string;
  readonly dir: string;
  readonly nodes: readonly string[];
  /** Those of them whose captures are lost with the pod that was left there. */
  readonly inPod: readonly string[];
  readonly until: string;
  /** When nodes remove what nobody collected. */
  readonly expires: string;
}

const KEEP_MS = 24 * 3_600_000;
/** What capture steps say where they say nothing. */
const DEFAULT_MS = 10 * 60_000;

/**
 * Plans and runs up to where the client is not needed any more, and leaves the captures to the nodes; a run that has
 * none, or fails before, goes to its end, and is reported as any other. What stands in the runbook behind the wait, or
 * behind the end of its captures, runs when it is collected.
 */
export async function detachRunbook(options: DetachOptions): Promise<DetachReport | RunReport> {
  const opened = await openRunbookSession(options);
  const loaded = { ...opened, runbook: forDetached(opened.runbook) };
  const durationMs = options.forMs ?? findWaitMs(loaded);
  refuseWays(loaded);
  refuseWhatStays(loaded);
  refuseTooLong(loaded, durationMs);
  const session = await permit(loaded);
  const startedAt = new Date();
  const { id, profile } = session;
  const runbook = session.runbook.metadata.name;
  const target = targetOf(session.inputs);
  const folder = await createRunFolder({ out: options.out, runbook, target, now: startedAt, id });
  const about = { run: id, runbook, target, cluster: profile.name, owner: whoRuns() };
  const context: DetachContext = {
    ...{
      phase: "start",
      about,
      durationMs,
      keepMs: options.keepMs ?? KEEP_MS,
      startedAtMs: startedAt.getTime(),
    },
    pods: { phase: "start", stay: false, workDir: profile.workDir, inPod: new Set() },
  };
  let left: DetachReport | null = null;
  const report = await execute(session, {
    ...{ startedAt, folder, world: LIVE },
    detach: {
      context,
      leave: async (engine, snapshot) => {
        left = await leaveRun(engine, snapshot, { session, folder, context });
      },
    },
  });
  if (report !== null) return report;
  if (left === null) throw new HopbookError("INTERNAL", "The run was neither left nor ended");
  return left;
}

interface Leaving {
  readonly session: PermittedRun;
  readonly folder: RunFolder;
  readonly context: DetachContext;
}

/** Writes down all that is needed to take the run up again, here and beside the captures, and lets go of them. */
async function leaveRun(
  engine: Engine,
  snapshot: Snapshot,
  { session, folder, context }: Leaving,
): Promise<DetachReport> {
  const { about, keepMs, startedAtMs } = context;
  const viaOf = new Map(session.profile.nodes.map(({ name, access }) => [name, access.via]));
  const nodes = snapshot.places.map(({ node, stateDir }) => {
    const via = viaOf.get(node) ?? "ssh";
    const store: DetachedStore = context.pods.inPod.has(node) ? "pod" : "node";
    return { name: node, via, store, stateDir };
  });
  const untilMs = startedAtMs + (context.durationMs ?? DEFAULT_MS);
  const file: DetachedFile = {
    ...{ apiVersion: "hopbook.dev/v1", kind: "DetachedRun", about, durationMs: context.durationMs, keepMs },
    startedAt: new Date(startedAtMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    expires: new Date(untilMs + keepMs).toISOString(),
    folder: folder.dir.split("/").at(-1) ?? about.run,
    nodes,
    named: { cluster: session.namedCluster ?? null },
    snapshot,
  };
  await folder.writeJson(DETACHED_FILE, file);
  await folder.finish();
  // What was agreed to stays with who agreed; where that cannot be kept, its captures alone can be collected.
  await digestFolder(folder.dir)
    .then(trustDigest)
    .catch((error: unknown) => {
      const text = `the run's plan cannot be remembered, so that only its captures will be collected: ${messageOf(error)}`;
      session.onEvent?.({ type: "note", step: null, level: "warn", text });
    });
  await engine.close({ how: "leave", bundle: await packFolder(folder.dir) });
  context.pods.stay = true;
  const { until, expires } = file;
  const inPod = nodes.filter(({ store }) => store === "pod").map(({ name }) => name);
  return { id: about.run, dir: folder.dir, nodes: nodes.map(({ name }) => name), inPod, until, expires };
}

/** Where one way in can do it, it is known only with the path whether all nodes on it can: then the captures refuse. */
function refuseWays({ profile }: RunbookSession): void {
  const answers = profile.nodes.map(({ name, access }) => {
    try {
      assertCanStay({ node: name, via: access.via });
      return null;
    } catch (error) {
      return asHopbookError(error);
    }
  });
  const [first] = answers;
  if (first != null && !answers.includes(null)) throw first;
}

/** The longest of the waits that stand between the captures' start and their end. */
function findWaitMs({ runbook, inputs }: RunbookSession): number | null {
  const waits = foresee(runbook, inputs)
    .filter(({ wanted }) => wanted !== "no")
    .map(({ uses, values }) => STEP_KINDS.get(uses)?.waitMs?.(values) ?? 0);
  const longest = Math.max(0, ...waits);
  return longest === 0 ? null : longest;
}

/** What would have to be kept until the run is collected, and must not or cannot be. */
function refuseWhatStays({ runbook, inputs }: RunbookSession): void {
  const refuse = (why: string, hint: string): never => {
    throw new HopbookError("USAGE", `Cannot detach: ${why}`, { hint });
  };
  if (listSecrets(runbook, inputs).length > 0) {
    refuse(
      "an input is secret, and would have to be kept until the run is collected",
      "Run it without --detach, or leave the secret input out",
    );
  }
  const script = [...runbook.steps, ...runbook.finally].find(({ form }) => form === "script");
  if (script !== undefined) {
    refuse(
      `step ${script.id} is a script, which is not there where the run is collected`,
      "Run it without --detach, or leave the step out",
    );
  }
}

/** A run that goes on without its client is declared to capture longer than one that is attended. */
export function forDetached(runbook: Runbook): Runbook {
  const { capture } = runbook.permissions;
  if (capture?.detachedDuration === undefined) return runbook;
  const permissions = { ...runbook.permissions, capture: { ...capture, duration: capture.detachedDuration } };
  return { ...runbook, permissions };
}

function refuseTooLong({ runbook }: RunbookSession, durationMs: number | null): void {
  const declared = runbook.permissions.capture?.duration;
  const limitMs = declared === undefined ? null : (parseDuration(declared) ?? null);
  if (durationMs === null || limitMs === null || durationMs <= limitMs) return;
  throw new HopbookError(
    "PERMISSION_DENIED",
    `Cannot capture for ${formatDuration(durationMs)}: ${runbook.metadata.name} declares captures of ${formatDuration(limitMs)}`,
    {
      hint: "Declare permissions.capture.detachedDuration in the runbook or an overlay, or make it shorter with --for",
    },
  );
}
