import { asHopbookError } from "../../errors.js";
import type { KubeReader } from "../../model/kube.js";
import { findPod } from "./resolve-by-api.js";
import type { KubePod } from "../facts/objects.js";
import { findKubeService } from "../facts/service.js";
import { isChoice, isOne } from "./locate.js";
import { namespaceOf, parseEnd, withNamespace, type EndName } from "../end-name.js";

export interface NamedEnds {
  /** Of paths: these have to be there. */
  readonly paths: readonly { readonly from: string; readonly to: readonly string[] }[];
  /** What looks like an end, and may be none. */
  readonly others: readonly string[];
}

interface Asking {
  readonly kube: KubeReader;
  /** `-n`: of ends that name none. */
  readonly endNamespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pods that ends mean, as far as names say; addresses and nodes are left out. The choices are those of locateEnds.
 * Throws as resolveEnd does where an end of a path leads nowhere.
 */
export async function findEndPods(ends: NamedEnds, asking: Asking): Promise<readonly KubePod[]> {
  const found: (KubePod | null)[] = [];
  for (const { from, to } of ends.paths) {
    const [first] = to;
    const beside = namespaceOf(from);
    const swaps = first !== undefined && isChoice(from) && isOne(first);
    const leader = await podOf(swaps ? first : from, { ...asking, beside, away: null });
    const away = leader?.node ?? null;
    found.push(leader);
    for (const text of swaps ? [from, ...to.slice(1)] : to)
      found.push(await podOf(text, { ...asking, beside, away }));
  }
  for (const text of ends.others) found.push(await podIfAny(text, asking));
  const pods = found.filter((pod) => pod !== null);
  return [...new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod])).values()];
}

async function podOf(
  text: string,
  {
    kube,
    signal,
    endNamespace,
    away,
    beside,
  }: Asking & {
    readonly away: string | null;
    /** The namespace that the other end names. */
    readonly beside: string | null;
  },
): Promise<KubePod | null> {
  const name: EndName = withNamespace(parseEnd(text), endNamespace ?? beside);
  if (name.kind === "ip" || name.kind === "node") return null;
  const query = { kube, text, signal };
  const options = { text, away, note: () => undefined };
  if (name.kind !== "service") return findPod(name, { query, options });
  const namespace = name.namespace ?? kube.namespace;
  const wanted = { ...query, port: name.port, away };
  const { backend } = await findKubeService({ namespace, name: name.name }, wanted);
  if (backend.pod === null) return null;
  const [ns = "", pod = ""] = backend.pod.split("/");
  return findPod({ kind: "pod", namespace: ns, name: pod, port: null }, { query, options });
}

const NO_END = ["INPUT_INVALID", "TARGET_NOT_FOUND", "TARGET_AMBIGUOUS", "KUBE_FORBIDDEN"];

async function podIfAny(text: string, asking: Asking): Promise<KubePod | null> {
  try {
    return await podOf(text, { ...asking, beside: null, away: null });
  } catch (error) {
    if (NO_END.includes(asHopbookError(error).code)) return null;
    throw error;
  }
}
