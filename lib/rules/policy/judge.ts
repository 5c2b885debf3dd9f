import type { PolicyFacts, PolicyPod } from "../../model/cni/network-policy.js";
import { asList, fieldOf, textOf } from "../../linux/json.js";
import { all, any, NO, YES, type Match } from "./match.js";
import { matchRule, spellRule, type PolicyEnd, type PolicyPacket } from "./rule.js";
import { select } from "./selector.js";

export type PolicyDirection = "ingress" | "egress";

/** What NetworkPolicies say of one direction at one pod. */
export type PolicyVerdict =
  /** No policy selects the pod for it. */
  | { readonly kind: "open" }
  | { readonly kind: "admitted"; readonly by: string }
  | { readonly kind: "denied"; readonly missing: string; readonly rules: readonly string[] }
  | { readonly kind: "unknown"; readonly doubts: readonly string[] };

/** An end of what is sent, by its address and the pod behind it. */
export interface PolicyPeer {
  readonly ip: string;
  /** `namespace/name`; null: no pod. */
  readonly pod: string | null;
  /** Its packets are seen with another address by the other end: which one. */
  readonly seenAs?: string | null;
}

interface Sent {
  readonly from: PolicyPeer;
  readonly to: PolicyPeer;
  readonly packet: PolicyPacket;
}

const MOST_RULES = 6;

/**
 * Whether the policies of a pod let what is sent out of it (egress) or in (ingress), by the API's objects alone:
 * networking.k8s.io/v1, as its reference tells. Whether the CNI keeps to them is another question.
 */
export function judgePolicies(facts: PolicyFacts, sent: Sent, direction: PolicyDirection): PolicyVerdict {
  const { from, to, packet } = sent;
  const [own, other] = direction === "ingress" ? [to, from] : [from, to];
  const pod = findPod(facts, own);
  if (own.pod === null || pod?.hostNetwork === true) return { kind: "open" };
  const [namespace = "", name = ""] = own.pod.split("/");
  if (facts.unread.includes(namespace))
    return { kind: "unknown", doubts: [`the NetworkPolicies of ${namespace} could not be read`] };
  const subject = pod ?? { namespace, name, labels: null, hostNetwork: false, ports: [] };
  const applying = facts.policies.flatMap((policy) => {
    const selected = selects(policy, subject, direction);
    return selected.kind === "no" ? [] : [{ policy, selected }];
  });
  if (applying.length === 0) return { kind: "open" };
  const peer = endOf(facts, other, direction === "ingress");
  const given = {
    direction,
    peer,
    destination: direction === "ingress" ? endOf(facts, to, false) : peer,
    packet,
  };
  const rules = applying.flatMap(({ policy, selected }) =>
    asList(fieldOf(policy, "spec", direction)).map((rule, index) => {
      const { peers, ports } = matchRule(rule, { ...given, namespace });
      return { policy, selected, rule, index, peers, ports, admits: all([selected, peers, ports]) };
    }),
  );
  const admitting = rules.find(({ admits }) => admits.kind === "yes");
  if (admitting !== undefined)
    return { kind: "admitted", by: `rule ${String(admitting.index + 1)} of ${nameOf(admitting.policy)}` };
  // With one that surely selects the pod nothing passes but what a rule admits.
  const isolated = any(applying.map(({ selected }) => selected));
  const doubts = doubtsOf(all([isolated, ...rules.map(({ admits }) => not(admits))]));
  if (doubts.length > 0) return { kind: "unknown", doubts };
  const names = applying.map(({ policy }) => nameOf(policy));
  return {
    kind: "denied",
    missing: `no ${direction} rule of ${names.join(" or ")} admits ${spellPacket(packet)} ${direction === "ingress" ? "from" : "to"} ${spellPeer(other)}`,
    rules: rules.slice(0, MOST_RULES).map(({ policy, rule, index, peers, ports }) => {
      const others = peers.kind === "no" ? [spellPeer(other)] : [];
      const why = `not ${[...others, ...(ports.kind === "no" ? ["this port"] : [])].join(", and not ")}`;
      return `rule ${String(index + 1)} of ${nameOf(policy)} admits ${spellRule(rule, direction)}: ${why}`;
    }),
  };
}

function not(match: Match): Match {
  return match.kind === "open" ? match : match.kind === "yes" ? NO : YES;
}

function doubtsOf(match: Match): readonly string[] {
  return match.kind === "open" ? match.doubts : [];
}

/** Whether a policy is for a pod and a direction. */
function selects(policy: unknown, pod: PolicyPod, direction: PolicyDirection): Match {
  if (textOf(policy, "metadata", "namespace") !== pod.namespace) return NO;
  const types = asList(fieldOf(policy, "spec", "policyTypes"));
  const wanted = direction === "ingress" ? "Ingress" : "Egress";
  // Where no type is named, it is for ingress, and for egress if it has rules of it.
  const isFor =
    types.length > 0
      ? types.includes(wanted)
      : direction === "ingress" || asList(fieldOf(policy, "spec", "egress")).length > 0;
  if (!isFor) return NO;
  return select(fieldOf(policy, "spec", "podSelector"), pod.labels, `${pod.namespace}/${pod.name}`);
}

function findPod({ pods }: PolicyFacts, { pod }: PolicyPeer): PolicyPod | undefined {
  return pods.find(({ namespace, name }) => `${namespace}/${name}` === pod);
}

function endOf(facts: PolicyFacts, peer: PolicyPeer, isSeen: boolean): PolicyEnd {
  const { ip, pod: name, seenAs = null } = peer;
  if (isSeen && seenAs !== null && seenAs !== ip) {
    const doubt = `its packets may come with the address ${seenAs}, and not as ${spellPeer(peer)}`;
    return { ip, pod: null, namespaceLabels: null, doubt };
  }
  if (name === null) return { ip, pod: null, namespaceLabels: null };
  const [namespace = "", own = ""] = name.split("/");
  const pod = findPod(facts, peer) ?? { namespace, name: own, labels: null, hostNetwork: false, ports: [] };
  const namespaceLabels = Object.hasOwn(facts.namespaces, namespace) ? facts.namespaces[namespace]! : null;
  return { ip, pod, namespaceLabels };
}

function nameOf(policy: unknown): string {
  return `${textOf(policy, "metadata", "namespace") ?? ""}/${textOf(policy, "metadata", "name") ?? ""}`;
}

function spellPacket({ protocol, port }: PolicyPacket): string {
  if (protocol === "icmp") return "ICMP";
  return port === null ? protocol.toUpperCase() : `${protocol.toUpperCase()} port ${String(port)}`;
}

function spellPeer({ pod, ip }: PolicyPeer): string {
  return pod ?? ip;
}
