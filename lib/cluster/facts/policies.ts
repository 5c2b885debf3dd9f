import { asList, fieldOf, integerOf, textEntries, textOf } from "../../linux/json.js";
import type { KubeReader } from "../../model/kube.js";
import type { PolicyFacts, PolicyPod } from "../../model/cni/network-policy.js";

const POLICIES = { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" } as const;
const MOST_POLICIES = 500;
/** Beside what nodes say, this is worth no longer wait. */
const TIMEOUT_MS = 3000;

interface Asking {
  readonly kube: KubeReader;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What NetworkPolicies are to be judged by, for pods (`namespace/name`): the policies of their namespaces, the labels of both, and
 * the pods' named ports. What may not be read, or is not answered in time, is left open and never an error.
 */
export async function readPolicyFacts(names: readonly string[], asking: Asking): Promise<PolicyFacts> {
  const unique = [...new Set(names)];
  const namespaces = [...new Set(unique.map((name) => name.split("/")[0] ?? ""))];
  const [lists, pods, labels] = await Promise.all([
    Promise.all(namespaces.map((namespace) => listPolicies(namespace, asking))),
    Promise.all(unique.map((name) => readPod(name, asking))),
    Promise.all(namespaces.map((namespace) => readLabels(namespace, asking))),
  ]);
  return {
    policies: lists.flatMap((list) => list ?? []),
    namespaces: Object.fromEntries(namespaces.map((name, index) => [name, labels[index] ?? null])),
    pods: pods.filter((pod) => pod !== null),
    unread: namespaces.filter((_, index) => lists[index] === null),
  };
}

function listPolicies(namespace: string, asking: Asking): Promise<readonly unknown[] | null> {
  const { kube, signal } = asking;
  const request = { ...POLICIES, namespace, keep: [["spec"]], timeoutMs: TIMEOUT_MS, signal };
  return orNull(kube.list<unknown>(request, MOST_POLICIES), asking);
}

async function readPod(text: string, asking: Asking): Promise<PolicyPod | null> {
  const { kube, signal } = asking;
  const [namespace = "", name = ""] = text.split("/");
  const keep = [
    ["metadata", "labels"],
    ["spec", "hostNetwork"],
    ["spec", "containers", "ports"],
    ["spec", "initContainers", "ports"],
  ];
  const request = { group: "", version: "v1", resource: "pods", namespace, name, keep } as const;
  const value = await orNull(
    kube.request<unknown>({ verb: "get", ...request, timeoutMs: TIMEOUT_MS, signal }),
    asking,
  );
  if (value === null) return null;
  const containers = ["containers", "initContainers"].flatMap((list) => asList(fieldOf(value, "spec", list)));
  const ports = containers.flatMap((container) =>
    asList(fieldOf(container, "ports")).flatMap((entry) => {
      const [own, port] = [textOf(entry, "name"), integerOf(entry, "containerPort")];
      if (own === null || port === null) return [];
      return [{ name: own, port, protocol: textOf(entry, "protocol") ?? "TCP" }];
    }),
  );
  const hostNetwork = fieldOf(value, "spec", "hostNetwork") === true;
  return { namespace, name, labels: textEntries(fieldOf(value, "metadata", "labels")), hostNetwork, ports };
}

async function readLabels(name: string, asking: Asking): Promise<Record<string, string> | null> {
  const { kube, signal } = asking;
  const keep = [["metadata", "labels"]];
  const request = { group: "", version: "v1", resource: "namespaces", name, keep } as const;
  const value = await orNull(
    kube.request<unknown>({ verb: "get", ...request, timeoutMs: TIMEOUT_MS, signal }),
    asking,
  );
  return value === null ? null : { ...textEntries(fieldOf(value, "metadata", "labels")) };
}

async function orNull<T>(answer: Promise<T>, { signal }: Asking): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    // An interruption is the run's, and no answer.
    if (signal?.aborted === true) throw error;
    return null;
  }
}
