import { hostname, userInfo } from "node:os";
import { Engine } from "../engine/engine.js";
import type { EvidenceSink } from "../model/steps.js";
import { STEP_KINDS } from "../steps/registry.js";
import { findBreaks } from "./analyze.js";
import type { Recorder } from "./authority.js";
import { keepScripts } from "./keep-scripts.js";
import { pinScripts } from "./pin-scripts.js";
import type { SharedOptions } from "./options.js";
import { readPackets } from "./packets.js";
import { maskingOf } from "./masking.js";
import { RECIPE_DIR } from "./places.js";
import type { Prepared } from "./prepare.js";
import { watchPods } from "./seen-pods.js";
import { startScript } from "./scripts.js";
import type { World } from "./world.js";

export interface EngineUse {
  readonly options: Pick<SharedOptions, "signal" | "onEvent" | "onPods">;
  readonly world: World;
  readonly sink: EvidenceSink;
  readonly record: Recorder;
  readonly id: string;
}

/** Logs in, gives the body an engine that is wired to everything, and closes both whatever happens. */
export async function withEngine<T>(
  prepared: Prepared,
  use: EngineUse,
  body: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { options, sink, world, record } = use;
  const { authority } = prepared;
  const masking = maskingOf(prepared);
  options.onEvent({ type: "phase", phase: "connect" });
  const cluster = await world.open(prepared.profile, {
    signal: options.signal,
    lease: { runId: use.id, owner: whoRuns(), durationMs: LEASE_MS },
    wrap: (access) => {
      const { onPods } = options;
      const wrapped = authority.wrap(access, record);
      if (onPods === undefined) return wrapped;
      const { name } = prepared.profile;
      return watchPods(wrapped, (pods) => onPods({ cluster: name, node: access.node, pods }));
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
      onEvent: (event) => {
        world.event(event);
        options.onEvent(masking.event(event));
      },
    },
  });
  try {
    return await body(engine);
  } catch (error) {
    throw masking.error(error);
  } finally {
    await engine.close();
    await cluster.close();
  }
}

/** What a killed client leaves in the cluster ends by itself after this. */
const LEASE_MS = 30 * 60_000;

function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `${String(process.getuid?.() ?? "unknown")}@${hostname()}`; // a user without a name, as in containers
  }
}

/** Evidence that a plan has no use for. */
export const NO_SINK: EvidenceSink = {
  dir: "",
  writeJson: () => Promise.resolve(),
  writeText: () => Promise.resolve(),
  registerFile: () => undefined,
};
