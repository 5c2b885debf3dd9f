import { ipVersion } from "../../linux/address.js";
import {
  POLICY_AGENT,
  judgeIdentity,
  parseAgentPolicy,
  type AgentEndpoint,
} from "../../linux/ebpf/identity-policy.js";
import type { Reading } from "../../readings/reader.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { endpointOf, type AuditedEnd } from "../path.js";

/** The CNI's own programs decide by maps, which its agent on the node can read. */
export const agentPolicy: Check = {
  name: "agent-policy",
  title: "The policy maps of the CNI's eBPF programs admit the packets",
  check: (world): readonly Said[] => {
    const { from, to } = world.path;
    const [sender, target] = [readEnd(world, from, from.ip), readEnd(world, to, endpointOf(to).ip)];
    if (sender === undefined || target === undefined) return [];
    return [...judge(world, sender, target, "egress"), ...judge(world, target, sender, "ingress")];
  },
};

interface Read {
  readonly end: AuditedEnd;
  readonly reading: Reading;
  readonly endpoint: AgentEndpoint;
}

function readEnd({ state }: AuditWorld, end: AuditedEnd, ip: string): Read | undefined {
  const readings = end.node === null ? [] : state.readings(hostOf(end.node), "agent-policy");
  const found = readings.flatMap((reading) =>
    parseAgentPolicy(reading.text).flatMap((endpoint) =>
      endpoint.ip === ip ? [{ end, reading, endpoint }] : [],
    ),
  );
  return found[0];
}

function judge(
  { protocol, port, path }: AuditWorld,
  { end, reading, endpoint }: Read,
  other: Read,
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
  const { identity, labels } = other.endpoint;
  const doubt = (what: string, line: string): Said[] => [
    {
      ...base,
      severity: "doubt",
      what: `${whose}: ${what}`,
      evidence: [evidenceOf(reading, line)],
      next: POLICY_AGENT.byHand,
    },
  ];
  if (policy === null || identity === null)
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
