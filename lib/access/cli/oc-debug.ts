import type { NodeAccess, OcDebugAccessConfig } from "../../model/access.js";
import { buildOcDebug, type CliSetup } from "./argv.js";
import { openCliDebug } from "./access.js";
import type { KubeConnectOptions, TargetOf } from "../ways.js";

/**
 * The node through `oc debug node/NAME`, whose pod OpenShift's rules allow where they allow no other. oc only makes and
 * removes the pod: its own `-- COMMAND` merges stdout and stderr in the pod's log and says 1 for every exit code, so
 * commands are `oc exec` in it. It goes on in the meantime, for it removes the pod when it ends. See openCliDebug.
 *
 * The namespace is always named: one that oc makes for the while may stay behind. The pod has the priority class
 * openshift-user-critical, which has to be there; no tolerations, so a node's NoExecute taint evicts it; and TMOUT=900,
 * which ends idle shells and nothing of ours.
 */
export async function openOcDebugAccess(
  target: TargetOf<OcDebugAccessConfig>,
  options: KubeConnectOptions,
): Promise<NodeAccess> {
  const { name: node, access: config } = target;
  const { image, asRoot, oc: program = "oc" } = config;
  const setup: CliSetup = { program, ref: config.kube, namespace: config.namespace ?? options.api.namespace };
  const seconds = Math.max(1, Math.ceil(options.lease.durationMs / 1000));
  return openCliDebug(
    {
      ...{ node, via: "ocDebug", setup, image, container: "container-00", stays: true },
      debug: buildOcDebug(setup, { node, image, seconds, asRoot }),
      readPodName: readOcPod,
      entryHint: "Set access.asRoot: true in the cluster profile, or enter the node by ssh",
    },
    options,
  );
}

/** `Starting pod/NAME ...` on stderr. */
export function readOcPod(said: string): string | null {
  return /^Starting pod\/([a-z0-9][a-z0-9.-]{0,252})\b/m.exec(said)?.[1] ?? null;
}
