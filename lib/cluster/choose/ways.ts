import type { NodeAccessConfig, Via } from "../../model/access.js";
import type { KubeNode } from "../../model/kube.js";
import { visible } from "../../model/visible.js";
import { placeOf } from "./facts.js";
import { describeRights, missingOf, type RightAnswer } from "./rights.js";
import type {
  AccessFacts,
  ChooseAccessOptions,
  NodeCandidate,
  PlaceFacts,
  PodFacts,
  Verdict,
} from "./types.js";

/** A way that is open, or why it is not. */
export type Way =
  | { readonly via: Via; readonly access: NodeAccessConfig; readonly reason: string }
  | { readonly via: Via; readonly access: null; readonly reason: string };

type Known = Pick<ChooseAccessOptions, "wishes" | "programs"> & { readonly facts: AccessFacts };

/** Every way onto a node, the preferred one first. */
export function nodeWays(node: NodeCandidate, known: Known): readonly Way[] {
  return [
    debugPodWay(node, known),
    kubectlDebugWay(node, known),
    ocDebugWay(node, known),
    sshWay(node, known),
  ];
}

/** Every way into a pod alone. */
export function podWays(pod: PodFacts, known: Known, node: NodeCandidate | undefined): readonly Way[] {
  const dead = kubeletTrouble(node?.kube);
  return dead === null
    ? [ephemeralWay(pod, known), podExecWay(pod, known)]
    : [closed("ephemeral", dead), closed("podExec", dead)];
}

function closed(via: Via, reason: string): Way {
  return { via, access: null, reason };
}

function debugPodWay(node: NodeCandidate, known: Known): Way {
  const via = "debugPod";
  const { facts, wishes } = known;
  const trouble = apiTrouble(facts) ?? nodeTrouble(node.kube);
  if (trouble !== null) return closed(via, trouble);
  const place = findPlace(node, { ...known, verdictOf: (each) => each.debugPod });
  if (typeof place === "string") return closed(via, place);
  const access = {
    ...wishes.configOf(node.name, via),
    namespace: place.namespace,
    ...(place.privileged ? { privileged: true } : {}),
  } as NodeAccessConfig;
  return { via, access, reason: `${describePlace(place, place.debugPod)}${howPlaced(node.kube)}` };
}

function kubectlDebugWay(node: NodeCandidate, known: Known): Way {
  const via = "kubectlDebug";
  const { facts, wishes, programs } = known;
  const trouble = apiTrouble(facts) ?? nodeTrouble(node.kube);
  if (trouble !== null) return closed(via, trouble);
  if (programs.kubectl === null) return closed(via, "there is no kubectl on this machine's PATH");
  const mayLook = whyNotRights(facts.node === null ? [] : [facts.node]);
  if (mayLook !== null) return closed(via, mayLook);
  const place = findPlace(node, { ...known, verdictOf: (each) => each.kubectlDebug });
  if (typeof place === "string") return closed(via, place);
  const access = {
    kubectl: programs.kubectl,
    ...wishes.configOf(node.name, via),
    namespace: place.namespace,
  } as NodeAccessConfig;
  return { via, access, reason: `${describePlace(place, place.kubectlDebug)} as kubectl debug makes them` };
}

function ocDebugWay(node: NodeCandidate, known: Known): Way {
  const via = "ocDebug";
  const { facts, wishes, programs } = known;
  const trouble = apiTrouble(facts) ?? nodeTrouble(node.kube);
  if (trouble !== null) return closed(via, trouble);
  if (programs.oc === null) return closed(via, "there is no oc on this machine's PATH");
  const evicting = node.kube?.taints.find(({ effect }) => effect === "NoExecute");
  if (evicting !== undefined) {
    return closed(via, `its pods tolerate no taint, and the node has ${visible(evicting.key)}:NoExecute`);
  }
  const mayLook = whyNotRights(facts.node === null ? [] : [facts.node]);
  if (mayLook !== null) return closed(via, mayLook);
  const place = findPlace(node, { ...known, verdictOf: (each) => each.ocDebug });
  if (typeof place === "string") return closed(via, place);
  const access = {
    oc: programs.oc,
    ...wishes.configOf(node.name, via),
    namespace: place.namespace,
  } as NodeAccessConfig;
  return { via, access, reason: `${describePlace(place, place.ocDebug)} as oc debug makes them` };
}

function sshWay(node: NodeCandidate, { wishes, facts }: Known): Way {
  const via = "ssh";
  const access = wishes.configOf(node.name, via);
  // What stands there by default says nothing of this cluster.
  const told = Object.keys(access).filter((key) => key !== "via" && key !== "sudo");
  if (told.length === 0) return closed(via, "the profile does not say how to log in");
  const why = facts.unreachable === null ? "" : ", and it needs no API";
  return { via, access, reason: `the profile says how to log in${why}` };
}

function ephemeralWay(pod: PodFacts, { wishes, facts }: Known): Way {
  const via = "ephemeral";
  const trouble = apiTrouble(facts) ?? whyNotRights(pod.rights.ephemeral);
  if (trouble !== null) return closed(via, trouble);
  if (pod.ephemeral.allowed === false) return closed(via, pod.ephemeral.reason);
  const access = wishes.configOf(pod.node ?? "", via);
  const doubt = pod.addsCapabilities
    ? ""
    : ", without added capabilities: it captures where the runtime gives NET_RAW";
  const untold = pod.ephemeral.allowed === null ? `, as far as could be asked (${pod.ephemeral.reason})` : "";
  return { via, access, reason: `ephemeral containers may be added in ${pod.namespace}${doubt}${untold}` };
}

function podExecWay(pod: PodFacts, { wishes, facts }: Known): Way {
  const via = "podExec";
  const trouble = apiTrouble(facts) ?? whyNotRights(pod.rights.podExec);
  if (trouble !== null) return closed(via, trouble);
  const access = wishes.configOf(pod.node ?? "", via);
  const reason = `commands may be run in the pods of ${pod.namespace}; what tools this one has shows when it is entered`;
  return { via, access, reason };
}

/** The first namespace that will do, or why none does. One that the profile names for a node is the only one for it. */
function findPlace(
  { name }: NodeCandidate,
  { facts, wishes, verdictOf }: Known & { readonly verdictOf: (place: PlaceFacts) => Verdict },
): PlaceFacts | string {
  const own = placeOf(wishes, name);
  const places = facts.places.filter(({ namespace, source }) =>
    own === undefined ? source !== "profile" : source === "profile" && namespace === own,
  );
  const reasons: string[] = [];
  for (const place of places) {
    const reason = whyNotPlace(place, verdictOf(place));
    if (reason === null) return place;
    reasons.push(reason);
  }
  return [...reasons, ...(facts.elsewhere === "" || own !== undefined ? [] : [facts.elsewhere])].join("; ");
}

function apiTrouble({ unreachable }: AccessFacts): string | null {
  return unreachable === null ? null : `the API says nothing: ${unreachable}`;
}

/** A kubelet that has gone silent starts nothing; one that is not ready for want of a network still does. */
function kubeletTrouble(kube: KubeNode | undefined): string | null {
  if (kube === undefined || kube.ready || kube.notReady === null) return null;
  if (!/^(NodeStatus)?(Unknown|NeverUpdated)/.test(kube.notReady)) return null;
  return `the node's kubelet does not report: ${visible(kube.notReady, { maxChars: 200 })}`;
}

function nodeTrouble(kube: KubeNode | undefined): string | null {
  if (kube !== undefined && /^windows/i.test(kube.osImage)) return `the node runs ${visible(kube.osImage)}`;
  return kubeletTrouble(kube);
}

/** What a person who knows the scheduler would wonder at. */
function howPlaced(kube: KubeNode | undefined): string {
  if (kube === undefined) return "";
  if (kube.cordoned) return "; the node is cordoned, which such a pod passes over";
  if (!kube.ready) return `; the node is not ready: ${visible(kube.notReady ?? "", { maxChars: 200 })}`;
  const taint = kube.taints.find(({ effect }) => effect !== "PreferNoSchedule");
  return taint === undefined ? "" : `; the taint ${visible(taint.key)}:${visible(taint.effect)} is tolerated`;
}

function describePlace(place: PlaceFacts, verdict: Verdict): string {
  const source = {
    profile: "which the profile names",
    context: "the context's namespace",
    labelled: "which is labelled privileged",
  }[place.source];
  const taken =
    verdict.allowed === true
      ? "its admission takes them"
      : `what its admission says could not be asked (${verdict.reason})`;
  return `pods may be made in ${place.namespace}, ${source}, and ${taken}`;
}

function whyNotPlace(place: PlaceFacts, verdict: Verdict): string | null {
  const missing = whyNotRights(place.rights);
  if (missing !== null) return missing;
  return verdict.allowed === false ? `in ${place.namespace}: ${verdict.reason}` : null;
}

/** Which rights are missing, as commands that ask for them. */
function whyNotRights(answers: readonly RightAnswer[]): string | null {
  const missing = missingOf(answers);
  if (missing.length === 0) return null;
  const denied = missing.filter(({ allowed }) => allowed === false);
  if (denied.length > 0) return `this user may not ${describeRights(denied.map(({ right }) => right))}`;
  return `its rights could not be asked: ${missing[0]?.reason ?? ""}`;
}
