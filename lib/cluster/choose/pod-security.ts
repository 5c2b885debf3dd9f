import { asHopbookError } from "../../errors.js";
import type { KubeReader } from "../../model/kube.js";
import { visible } from "../../model/visible.js";
import type { AskOptions } from "./rights.js";
import { fieldOf, textOf } from "../../linux/json.js";

export const ENFORCE_LABEL = "pod-security.kubernetes.io/enforce";
const POD_SECURITY_LEVELS = ["privileged", "baseline", "restricted"] as const;
type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

/** What a namespace's label says of PodSecurity. */
export interface PodSecurity {
  readonly namespace: string;
  /** null: it has no such label, so that the API server's default holds; or it cannot be read. */
  readonly level: PodSecurityLevel | null;
  /** Why the level is null; empty where it is not. */
  readonly reason: string;
}

/** Never rejects: what cannot be read is said. */
export async function readPodSecurity(
  api: KubeReader,
  namespace: string,
  options: AskOptions = {},
): Promise<PodSecurity> {
  try {
    const found = await api.request<unknown>({
      verb: "get",
      group: "",
      version: "v1",
      resource: "namespaces",
      name: namespace,
      timeoutMs: options.timeoutMs ?? 2_000,
      signal: options.signal,
    });
    return { namespace, ...levelOf(found) };
  } catch (error) {
    const { code, message } = asHopbookError(error);
    const reason = code === "KUBE_FORBIDDEN" ? "the namespace may not be read" : visible(message);
    return { namespace, level: null, reason };
  }
}

/** Of a Namespace of the API. */
export function levelOf(namespace: unknown): Omit<PodSecurity, "namespace"> {
  const label = textOf(fieldOf(namespace, "metadata", "labels"), ENFORCE_LABEL);
  if (label === null) return { level: null, reason: "no label: the API server's default holds" };
  const level = POD_SECURITY_LEVELS.find((each) => each === label);
  // PodSecurity takes what it does not know for `restricted`.
  return { level: level ?? "restricted", reason: "" };
}
