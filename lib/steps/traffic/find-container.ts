import { gatherFacts, inspectPodsOfNode, listPods, loadNamings, selectPods } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";
import { watchAccesses } from "../shared/watched.js";

/** A pod whose containers its node's runtime can run commands in. */
interface PodOnNode {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
  readonly sandboxId: string;
  /** Names of those that run, as far as the runtime tells. */
  readonly containers: readonly string[];
  readonly reads: readonly PlannedCommand[];
}

/** The one pod that a text names. Throws TARGET_NOT_FOUND, INPUT_INVALID where several fit, or why its node cannot be entered. */
export async function findPodOnNode(text: string, context: StepContext): Promise<PodOnNode> {
  const { profile, unreachable, kube, signal } = context;
  const { accesses, commands } = watchAccesses(context.accesses);
  const facts = await gatherFacts(profile, accesses, {
    ...{ unreachable, kube, signal },
    namings: await loadNamings(context.recipeDirs),
  });
  const note = (said: string): void => context.note("info", said);
  const selected = await selectPods([text], facts, { signal, note });
  const [only, ...others] = selected;
  if (only === undefined || others.length > 0) {
    throw new HopbookError("INPUT_INVALID", `Cannot run a command in ${text}: ${selected.length} pods fit`, {
      detail: selected.map(({ namespace, name }) => `${namespace}/${name}`).join("\n"),
      hint: "Name one as namespace/pod, or give each by a matrix",
    });
  }
  const { namespace, name, node } = only;
  const pod = `${namespace}/${name}`;
  const access = node === null ? undefined : facts.accesses.get(node);
  if (node === null || access === undefined) {
    throw (
      (node === null ? undefined : facts.failures.get(node)) ??
      new HopbookError("NODE_UNREACHABLE", `Cannot run a command in ${pod}: its node cannot be entered`, {
        hint: "Its runtime is asked there: enter the node by ssh or a debug pod",
      })
    );
  }
  const options = { endpoint: profile.runtimeEndpoint, signal };
  const summary =
    only.summary ??
    (await listPods(access, options)).find((one) => one.namespace === namespace && one.name === name);
  const [found] = summary === undefined ? [] : await inspectPodsOfNode(access, [summary], options);
  if (found == null) {
    throw new HopbookError("TARGET_NOT_FOUND", `Cannot run a command in ${pod}: ${node} runs no such pod`);
  }
  const running = found.containers.filter(({ state }) => /running/i.test(state));
  return {
    ...{ node, namespace, name, sandboxId: found.sandboxId },
    containers: running.map((container) => container.name),
    reads: commands.map((command) => ({ ...command, condition: "done for this plan" })),
  };
}
