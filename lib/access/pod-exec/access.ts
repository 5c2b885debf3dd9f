import { HopbookError } from "../../errors.js";
import type { NodeAccess, PodExecAccessConfig } from "../../model/access.js";
import type { KubeApi } from "../../model/kube.js";
import { connectCanceled } from "../connect.js";
import { createContainerAccess } from "./end.js";
import { probeContainer } from "./probe.js";
import { splitPod } from "./name.js";
import type { KubeConnectOptions, TargetOf } from "../ways.js";

const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/**
 * Access to a pod by its own programs: the API's exec into one of its containers, with nothing made and nothing changed.
 * Throws TOOL_MISSING where it has no shell, NODE_UNREACHABLE where it does not run, or what the API says.
 */
export async function openPodExecAccess(
  target: TargetOf<PodExecAccessConfig>,
  options: KubeConnectOptions,
): Promise<NodeAccess> {
  const { name, access } = target;
  const { api, signal, connectTimeoutMs: timeoutMs } = options;
  const { namespace, pod } = splitPod(target);
  const chosen = access.container ?? (await findContainer(api, { namespace, pod, signal }));
  const container = { namespace, pod, container: chosen };
  const tools = await probeContainer(api, { name, container, timeoutMs, signal });
  if (signal?.aborted === true) throw connectCanceled(name);
  if (!tools.hasShell) {
    const where = chosen === "" ? name : `container ${chosen} of ${name}`;
    throw new HopbookError("TOOL_MISSING", `Cannot run commands in ${where}: it has no sh`, {
      where: { node: name },
      hint: "Enter the pod by access.via: ephemeral, which brings the programs of images.tools with it",
      ...(tools.why === "" ? {} : { detail: tools.why }),
    });
  }
  return createContainerAccess({
    ...{ name, via: access.via, api, container },
    wrap: (argv) => (tools.has.has("env") ? ["env", "LC_ALL=C", ...argv] : argv),
    dispose: () => Promise.resolve(),
  });
}

interface PodObject {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly containers?: readonly { readonly name?: string }[] };
}

/** By kubectl's rule; "" where the pod may not be read, and then the API chooses. */
async function findContainer(
  api: KubeApi,
  { namespace, pod: name, signal }: { namespace: string; pod: string; signal: AbortSignal | undefined },
): Promise<string> {
  try {
    const wanted = {
      verb: "get",
      group: "",
      version: "v1",
      resource: "pods",
      namespace,
      name,
      signal,
    } as const;
    const { metadata, spec } = await api.request<PodObject>(wanted);
    const names = (spec?.containers ?? []).map((each) => each.name ?? "");
    const byAnnotation = metadata?.annotations?.[DEFAULT_CONTAINER];
    return byAnnotation !== undefined && names.includes(byAnnotation) ? byAnnotation : (names[0] ?? "");
  } catch (error) {
    if (error instanceof HopbookError && error.code === "KUBE_FORBIDDEN") return "";
    throw error;
  }
}
