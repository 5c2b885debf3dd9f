import { judgePolicies, type PolicyDirection, type PolicyPeer } from "../../../rules/policy/judge.js";
import { parsePolicyFacts } from "../../../rules/policy/parse.js";
import type { Candidate, DetectorInput } from "../candidate.js";
import type { EvidenceEnd } from "../../../model/evidence.js";

/** What the run read of the API's NetworkPolicies. */
const FILE = "evidence/policies.json";

interface MissingRule {
  /** In place of the policy's name: which rule of which policy is missing; null: the API's objects do not say. */
  readonly missing: string | null;
  readonly evidence: readonly string[];
}

/** What the API's policies say of the flow's packets in one direction; null where they were not read, or say nothing of it. */
export function findMissingRule({ input }: DetectorInput, direction: PolicyDirection): MissingRule | null {
  const facts = parsePolicyFacts(input.readText(FILE));
  // What answers is let through by the connection that it belongs to.
  if (facts === null || input.direction === "reply") return null;
  const { from, to, protocol } = input.flow;
  const port = protocol === "icmp" ? null : (to.addresses.at(-1)?.port ?? to.port);
  const sent = { from: peerOf(from, from.ip), to: peerOf(to, to.addresses.at(-1)?.ip ?? to.ip) };
  const verdict = judgePolicies(facts, { ...sent, packet: { protocol, port } }, direction);
  switch (verdict.kind) {
    case "open":
      return null;
    case "denied": {
      const { missing, rules } = verdict;
      const undefinedly = protocol === "icmp" ? ["what policies do with ICMP is left to the CNI"] : [];
      return { missing, evidence: [missing, ...rules, ...undefinedly] };
    }
    case "admitted": {
      const by = `the API's NetworkPolicies admit it now, by ${verdict.by}: the node's rules are of before, or of another policy`;
      return { missing: null, evidence: [by] };
    }
    case "unknown":
      return {
        missing: null,
        evidence: verdict.doubts.map((doubt) => `which rule is missing is not known: ${doubt}`),
      };
  }
}

/** Where no rule of the nodes speaks, as where eBPF keeps to policies: what the API's objects alone say, as a doubt. */
export function findPolicyDoubt(given: DetectorInput): Candidate[] {
  const missing = (["egress", "ingress"] as const).flatMap((direction) => {
    const found = findMissingRule(given, direction);
    return found?.missing == null ? [] : [found.missing];
  });
  if (missing.length === 0) return [];
  const summary = `by the API's NetworkPolicies the packets are to be dropped: ${missing.join("; ")}; no rule was seen to do it`;
  return [{ code: "netfilter-drop", summary, evidence: missing, strength: 0 }];
}

function peerOf({ pod, addresses }: EvidenceEnd, ip: string): PolicyPeer {
  const other = addresses.map((one) => one.ip).findLast((one) => one !== ip);
  return { pod, ip, seenAs: other ?? null };
}
