import { createRunFolder, type RunFolder } from "../artifacts/index.js";
import type { AccessEnd } from "../model/access.js";
import type { SealedPlan } from "../plan/seal.js";
import { startRecording, type Recorder } from "../recording/index.js";
import type { RunOptions, RunReport } from "../session/options.js";
import { targetOf, type PermittedRun, type RunbookSession } from "../session/runbook-session.js";
import { execute } from "./execute.js";
import { keepRecipes } from "./recorded-recipes.js";
import { LIVE, recordWorld } from "./world.js";

interface Keeping extends Pick<RunOptions, "out" | "record" | "live"> {
  readonly agree?: (plan: SealedPlan) => void;
  /** See Execution. */
  readonly ends?: readonly AccessEnd[];
}

/** Runs what is settled, in a folder of its own, and keeps what came back so that it can be replayed. */
export async function runSession(session: PermittedRun, keeping: Keeping): Promise<RunReport> {
  const startedAt = new Date();
  const { agree, ends } = keeping;
  const { id, runbook, inputs, recipeDirs, signal, onEvent } = session;
  const { name } = runbook.metadata;
  const folder = await createRunFolder({
    ...{ out: keeping.out, runbook: name, target: targetOf(inputs), now: startedAt, id },
  });
  const recorder = keeping.record === false ? null : record(folder, { session, startedAt });
  recorder?.watch(signal);
  if (recorder !== null) await keepRecipes(folder, recipeDirs);
  return execute(session, {
    ...{ startedAt, folder, live: keeping.live },
    world: recorder === null ? LIVE : recordWorld(LIVE, recorder),
    ...(agree === undefined ? {} : { agree }),
    ...(ends === undefined ? {} : { ends }),
    onLastAnswer: () => {
      const incomplete = recorder?.finish() ?? null;
      if (incomplete === null) return;
      const text = `the run cannot be replayed in full: ${incomplete}`;
      onEvent({ type: "note", step: null, level: "warn", text });
    },
  });
}

function record(
  folder: RunFolder,
  { session, startedAt }: { readonly session: RunbookSession; readonly startedAt: Date },
): Recorder {
  const { name, cni, interfaces, workDir, runtimeEndpoint, nodes, choices, kube, endNamespace } =
    session.profile;
  return startRecording(folder, {
    header: {
      ...{ type: "recording", version: 1 },
      run: { id: session.id, runbook: session.runbook.metadata.name, startedAt: startedAt.toISOString() },
      cluster: {
        ...{ name, cni, interfaces, workDir },
        ...(runtimeEndpoint === undefined ? {} : { runtimeEndpoint }),
        ...(kube === undefined
          ? {}
          : { kube: { context: kube.context ?? "", namespace: kube.namespace ?? "default" } }),
        ...(endNamespace === undefined ? {} : { endNamespace }),
        ...(choices === undefined ? {} : { choices }),
        nodes: nodes.map(({ name: node, address, access, pod, kube: seen }) => ({
          ...{ name: node, via: access.via },
          ...(address === undefined ? {} : { address }),
          ...(pod === undefined ? {} : { pod }),
          ...(seen === undefined ? {} : { kube: seen }),
        })),
      },
    },
  });
}
