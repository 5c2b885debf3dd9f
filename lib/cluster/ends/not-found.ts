import { nearestFew } from "../../document/index.js";
import { HopbookError } from "../../errors.js";
import { describeFailures, type ClusterFacts } from "../facts/gather.js";
import { showText } from "../names.js";
import type { PodSummary } from "../runtime/sandboxes.js";

const MAX_SUGGESTIONS = 8;

/** The error for a pod that no node has: what is near, and who was not asked. */
export function podNotFound(
  text: string,
  name: { readonly namespace: string | null; readonly name: string; readonly port?: number | null },
  facts: ClusterFacts,
): HopbookError {
  const failure = onlyFailures(facts);
  if (failure !== undefined) return failure;
  const same = facts.pods.filter((pod) => pod.name === name.name);
  if (name.namespace === null && same.length > 1) return ambiguousPods(text, same);
  // To be copied: with the port that was given.
  const behind = name.port === undefined || name.port === null ? "" : `:${name.port}`;
  const near = nearPods(name, facts.pods).map((pod) => `${pod}${behind}`);
  const lines = [
    ...(near.length > 0 ? [`near: ${near.join(", ")}`] : []),
    ...(near.length > 0 ? [] : describeSeen(name.namespace, facts.pods)),
    describeFailures(facts),
  ];
  const why =
    name.namespace === null
      ? "it has no namespace"
      : `none of ${facts.pods.length} running pods has that name${describeUnasked(facts)}`;
  // Where nothing is near, the pod is most likely on the node that was not asked: that is then the trouble.
  const [unasked] = near.length === 0 && name.namespace !== null ? facts.failures.values() : [];
  const hint = name.name.includes(".")
    ? "names are not looked up in DNS: write namespace/pod, or the address"
    : name.namespace === null
      ? "write it as namespace/pod"
      : "see what runs there: kubectl get pods -A";
  return new HopbookError(
    unasked?.code ?? "TARGET_NOT_FOUND",
    `Cannot find the pod ${showText(text)}: ${why}`,
    {
      hint: near[0] === undefined ? (unasked?.hint ?? hint) : `did you mean ${near[0]}?`,
      detail: lines.filter((line) => line !== "").join("\n"),
    },
  );
}

/** The few pods of its namespace, to be chosen from; else the namespaces. */
function describeSeen(namespace: string | null, pods: readonly PodSummary[]): string[] {
  const here = pods.filter((pod) => pod.namespace === namespace).map((pod) => `${pod.namespace}/${pod.name}`);
  const namespaces = [...new Set(pods.map((pod) => pod.namespace))].sort().slice(0, 20);
  const inNamespace = [...new Set(here)].sort();
  if (namespace !== null && here.length > 0 && inNamespace.length <= MAX_SUGGESTIONS)
    return [`pods in ${namespace}: ${inNamespace.join(", ")}`];
  return namespaces.length === 0 ? [] : [`namespaces seen: ${namespaces.join(", ")}`];
}

/** A pod may well be on the node that did not answer: that belongs into the first line. */
function describeUnasked({ failures }: ClusterFacts): string {
  const nodes = [...failures.keys()];
  if (nodes.length === 0) return "";
  const shown = nodes.slice(0, 3).join(", ");
  return `, and ${nodes.length > 3 ? `${shown} and ${nodes.length - 3} more nodes` : shown} could not be asked`;
}

/** The error for a node that the profile does not have. */
export function targetNotFound(text: string, name: string, facts: ClusterFacts): HopbookError {
  const names = facts.profile.nodes.map((node) => node.name);
  const near = nearestFew(name, names, MAX_SUGGESTIONS);
  const shown = near.length > 0 ? near : names.slice(0, MAX_SUGGESTIONS);
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot find the node ${showText(text)}: the profile has no ${name}`,
    {
      hint: near[0] === undefined ? "name one of the profile's nodes" : `did you mean node/${near[0]}?`,
      detail: `near: ${shown.map((node) => `node/${node}`).join(", ")}`,
    },
  );
}

/** The error for a name that more than one running pod has. */
export function ambiguousPods(text: string, pods: readonly PodSummary[]): HopbookError {
  const names = new Set(pods.map((pod) => `${pod.namespace}/${pod.name}`));
  const nodes = [...new Set(pods.map((pod) => pod.node))].join(", ");
  return new HopbookError(
    "TARGET_AMBIGUOUS",
    `Cannot tell which pod is meant by ${showText(text)}: ${pods.length} fit`,
    {
      hint:
        names.size > 1
          ? "write it with its namespace"
          : `it runs more than once (${nodes}): name it by its address`,
      detail: pods
        .map((pod) => `${pod.namespace}/${pod.name} on ${pod.node} (sandbox ${pod.sandboxId.slice(0, 13)})`)
        .join("\n"),
    },
  );
}

/** Where no node answered at all the name is not the trouble. */
function onlyFailures(facts: ClusterFacts): HopbookError | undefined {
  const asked = [...facts.accesses.keys()].filter((node) => !facts.failures.has(node));
  if (asked.length > 0) return undefined;
  const [first] = facts.failures.values();
  if (first === undefined || facts.failures.size === 1) return first;
  return new HopbookError(first.code, first.message, {
    detail: describeFailures(facts),
    cause: first,
    ...(first.where === undefined ? {} : { where: first.where }),
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  });
}

/** The same name elsewhere first, then what begins with it (a Deployment's pods), then slips of the finger. */
function nearPods(
  name: { readonly namespace: string | null; readonly name: string },
  pods: readonly PodSummary[],
): string[] {
  const full = (pod: PodSummary): string => `${pod.namespace}/${pod.name}`;
  const inNamespace = pods.filter((pod) => name.namespace === null || pod.namespace === name.namespace);
  const byName = new Map(inNamespace.map((pod) => [pod.name, full(pod)]));
  const wanted = `${name.namespace ?? ""}/${name.name}`;
  const found = [
    ...pods.filter((pod) => pod.name === name.name).map(full),
    ...inNamespace.filter((pod) => pod.name.startsWith(`${name.name}-`)).map(full),
    ...nearestFew(name.name, byName.keys(), MAX_SUGGESTIONS).map((near) => byName.get(near) ?? near),
    ...nearestFew(wanted, pods.map(full), MAX_SUGGESTIONS),
  ];
  return [...new Set(found)].slice(0, MAX_SUGGESTIONS);
}
