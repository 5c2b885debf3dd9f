import { randomBytes } from "node:crypto";
import { HopbookError } from "../../errors.js";
import { runLabel } from "../../kube/index.js";
import type { KubectlDebugAccessConfig, NodeAccess } from "../../model/access.js";
import type { KubeApi } from "../../model/kube.js";
import { buildKubectlDebug, MARKER, type CliSetup } from "./argv.js";
import { openCliDebug } from "./access.js";
import { DEFAULT_IMAGE } from "../pod/spec.js";
import type { KubeConnectOptions, TargetOf } from "../ways.js";

/** The only profile that lets a pod into the node's namespaces; netadmin and general are not privileged. */
const DEFAULT_PROFILE = "sysadmin";
const PROFILES = /^[a-z][a-z0-9-]{0,40}$/;

interface MarkedPod {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly containers?: readonly {
      readonly env?: readonly { readonly name?: string; readonly value?: string }[];
    }[];
  };
}

/** The node through `kubectl debug node/NAME`, for users whose rules allow just that. See openCliDebug. */
export async function openKubectlDebugAccess(
  target: TargetOf<KubectlDebugAccessConfig>,
  options: KubeConnectOptions,
): Promise<NodeAccess> {
  const { name: node, access: config } = target;
  const { api, lease } = options;
  const { profile = DEFAULT_PROFILE, kubectl: program = "kubectl", image = DEFAULT_IMAGE } = config;
  if (!PROFILES.test(profile)) {
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot use kubectl debug: its profile is ${JSON.stringify(profile)}`,
      {
        hint: "Name one of kubectl debug's profiles: sysadmin lets into the node's namespaces",
      },
    );
  }
  const setup: CliSetup = { program, ref: config.kube, namespace: config.namespace ?? api.namespace };
  const marker = `${runLabel(lease.runId)}-${randomBytes(6).toString("hex")}`;
  const seconds = Math.max(1, Math.ceil(lease.durationMs / 1000));
  return openCliDebug(
    {
      ...{ node, via: "kubectlDebug", setup, image, container: "debugger", stays: false },
      debug: buildKubectlDebug(setup, { node, image, seconds, profile, marker }),
      readPodName: readKubectlPod,
      findPod: () => findMarked(api, { namespace: setup.namespace, marker }),
      entryHint: `Set access.profile: ${DEFAULT_PROFILE} in the cluster profile (it is ${profile}), or enter the node by ssh`,
    },
    options,
  );
}

/** `Creating debugging pod NAME with container debugger on node NODE.` on stdout. */
export function readKubectlPod(said: string): string | null {
  return /^Creating debugging pod ([a-z0-9][a-z0-9.-]{0,252}) with container /m.exec(said)?.[1] ?? null;
}

/** The pod of this very call, where another kubectl words its notice otherwise. */
async function findMarked(
  api: KubeApi,
  { namespace, marker }: { readonly namespace: string; readonly marker: string },
): Promise<string | null> {
  const pods = await api.list<MarkedPod>({ group: "", version: "v1", resource: "pods", namespace });
  const isOurs = ({ spec }: MarkedPod): boolean =>
    (spec?.containers ?? []).some(({ env = [] }) =>
      env.some(({ name, value }) => name === MARKER && value === marker),
    );
  return pods.find(isOurs)?.metadata?.name ?? null;
}
