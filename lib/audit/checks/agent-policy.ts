import { ipVersion } from "../../linux/address.js";
import {
  POLICY_AGENT,
  judgeIdentity,
  parseAgentPolicy,
  type AgentEndpoint,
} from "../../linux/ebpf/identity-policy.js";
import type { Reading } from "../../readings/reader.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { endpointOf, isInPod, type AuditedEnd } from "../path.js";

/** The CNI's own programs decide by maps, which its agent on the node can read. */
export const agentPolicy: Check = {
  name: "agent-policy",
  title: "The policy maps of the CNI's eBPF programs admit the packets",
  check: (world): readonly Said[] => {
    const { from, to } = world.path;
    const [sender, target] = [readEnd(world, from, from.ip), readEnd(world, to, endpointOf(to).ip)];
    const [sent, taken] = [sender, target].map((one) => ("endpoint" in one ? one.endpoint : null));
    return [
      ...("endpoint" in sender ? judge(world, sender, taken ?? null, "egress") : sender.doubts),
      ...("endpoint" in target ? judge(world, target, sent ?? null, "ingress") : target.doubts),
    ];
  },
};

interface Read {
  readonly end: AuditedEnd;
  readonly reading: Reading;
  readonly endpoint: AgentEndpoint;
}

function readEnd(
  { state, path }: AuditWorld,
  end: AuditedEnd,
  ip: string,
): Read | { readonly doubts: readonly Said[] } {
  if (end.node === null || !isInPod(path, end)) return { doubts: [] };
  const [reading] = state.readings(hostOf(end.node), "agent-policy", { failed: true });
  // Where no such agent runs there are no such maps.
  if (reading === undefined || ![0, POLICY_AGENT.unaskedExitCode].includes(reading.record.exitCode ?? -1))
    return { doubts: [] };
  const endpoint = parseAgentPolicy(reading.text).find((one) => one.ip === ip);
  if (endpoint !== undefined) return { end, reading, endpoint };
  const why = reading.record.stderr.split("\n")[0] ?? "";
  const line = why === "" ? `${ip} is no endpoint of it` : why;
  return {
    doubts: [
      {
        ...{ severity: "doubt", direction: "request", next: POLICY_AGENT.byHand },
        place: { node: end.node, pod: end.pod, device: null },
        what: `what ${POLICY_AGENT.name}'s policy of ${end.pod ?? ip} says is not known: ${line}`,
        evidence: [evidenceOf(reading, line)],
      },
    ],
  };
}

function judge(
  { protocol, port, path }: AuditWorld,
  { end, reading, endpoint }: Read,
  other: AgentEndpoint | null,
  direction: "ingress" | "egress",
): Said[] {
  const { id, enforced, policy } = endpoint;
  const place = { node: end.node ?? "", pod: end.pod, device: null };
  const base = { direction: "request", place } as const;
  const whose = `${POLICY_AGENT.name}'s policy of endpoint ${String(id)} (${end.pod ?? endpoint.ip}), ${direction}`;
  if (!enforced.includes(direction)) {
    const line = `endpoint ${String(id)}: no policy for ${direction}`;
    return [
      {
        ...base,
        severity: "fine",
        what: `${whose}: none decides`,
        evidence: [evidenceOf(reading, line)],
        next: null,
      },
    ];
  }
  const { identity, labels } = other ?? { identity: null, labels: [] };
  const doubt = (what: string, line: string): Said[] => [
    {
      ...base,
      severity: "doubt",
      what: `${whose}: ${what}`,
      evidence: [evidenceOf(reading, line)],
      next: POLICY_AGENT.byHand,
    },
  ];
  if (identity === null)
    return doubt("the other end's identity is not known", `endpoint ${String(id)}: ${direction} is decided`);
  if (policy === null)
    return doubt("it is not known what it says", `endpoint ${String(id)}: its map could not be read`);
  const family = ipVersion(path.from.ip) === 6 ? 6 : 4;
  const verdict = judgeIdentity(policy, {
    direction,
    identity,
    protocol,
    family,
    port: protocol === "icmp" ? null : port,
  });
  const sent = `${protocol.toUpperCase()}${protocol === "icmp" || port === null ? "" : ` port ${String(port)}`}`;
  const peer = `identity ${String(identity)} (${labels.slice(0, 3).join(", ")})`;
  if (verdict.kind === "admitted")
    return [
      {
        ...{ ...base, severity: "fine", next: null },
        what: `${whose}: admits ${sent} of ${peer}`,
        evidence: [evidenceOf(reading, verdict.by.text)],
      },
    ];
  if (verdict.kind === "denied") return doubt(`denies ${sent} of ${peer}`, verdict.by.text);
  const entries = `${String(policy.length)} entries`;
  return verdict.kind === "missing"
    ? doubt(`has no entry that admits ${sent} of ${peer}, which it drops`, `none of its ${entries}`)
    : doubt(`what it says of ${sent} of ${peer} is not known`, `of its ${entries} one is not understood`);
}
