import { judgePolicies, type PolicyDirection, type PolicyPeer } from "../../rules/policy/judge.js";
import type { AuditWorld, Check, Said } from "../check.js";
import { endpointOf, type AuditedEnd } from "../path.js";

/** What the API's NetworkPolicies say of the packets, whether or not the CNI keeps to them. */
export const policies: Check = {
  name: "policies",
  title: "The API's NetworkPolicies admit the packets",
  check: (world) => [...checkEnd(world, "egress"), ...checkEnd(world, "ingress")],
};

function checkEnd({ path, protocol, port, policies: facts }: AuditWorld, direction: PolicyDirection): Said[] {
  if (facts === null) return [];
  const own = direction === "egress" ? path.from : path.to;
  if (own.pod === null || own.node === null) return [];
  const sent = { from: peerOf(path.from, path.from.ip), to: peerOf(path.to, endpointOf(path.to).ip) };
  const packet = { protocol, port: protocol === "icmp" ? null : port };
  const verdict = judgePolicies(facts, { ...sent, packet }, direction);
  const base = { direction: "request", place: { node: own.node, pod: own.pod, device: null } } as const;
  const command = `kubectl get networkpolicy --namespace ${own.pod.split("/")[0] ?? ""} -o yaml`;
  if (verdict.kind === "admitted") {
    const line = verdict.by;
    const what = `NetworkPolicies admit it: ${line}`;
    return [{ ...base, severity: "fine", what, evidence: [{ command, line }], next: null }];
  }
  if (verdict.kind !== "denied") return [];
  const { missing, rules } = verdict;
  return [
    {
      ...{ ...base, severity: "doubt" },
      what: `${missing}: where the CNI keeps to NetworkPolicies the packets are dropped`,
      evidence: (rules.length === 0 ? ["it has no rule at all"] : rules).map((line) => ({ command, line })),
      next: "Add that rule to the policy, or a policy that has it, if the packets are meant to pass",
    },
  ];
}

function peerOf({ pod, addresses }: AuditedEnd, ip: string): PolicyPeer {
  return { pod, ip, seenAs: addresses.map((one) => one.ip).findLast((one) => one !== ip) ?? null };
}
