import type { FlowDetector, Said } from "./detector.js";
import type { ErrorFacts, FlowFacts } from "./facts.js";
import { count, firstOf, SENT } from "./wording.js";

/** Somebody's "no" to the flow's packets, in ICMP. Sizes and hop limits have detectors of their own. */
export const icmpErrors: FlowDetector = {
  kinds: {
    "icmp-unreachable": {
      title: "Somebody says that the destination cannot be reached",
      reference: "RFC 792; RFC 1812, 5.2.7.1; RFC 4443, 3.1",
    },
    "icmp-prohibited": {
      title: "A firewall says that it does not let the packets through",
      reference: "RFC 1812, 5.2.7.1",
    },
    "icmp-error": { title: "Somebody answers the packets with an ICMP error", reference: "RFC 1122, 3.2.2" },
  },
  detect: detectErrors,
};

const CODES = {
  unreachable: "icmp-unreachable",
  prohibited: "icmp-prohibited",
  other: "icmp-error",
} as const;
const NEXT = {
  unreachable: "Look on that machine for the route, the neighbour or the listener that the error speaks of.",
  prohibited:
    "Look on that machine for a firewall rule that rejects (iptables -j REJECT, nft reject), and at what the policy allows.",
  other: "Look on that machine for what the error speaks of.",
} as const;

function detectErrors({ errors, status }: FlowFacts): readonly Said[] {
  return errors.flatMap((error) =>
    error.kind === "tooBig" || error.kind === "timeExceeded"
      ? []
      : [say(error, error.kind, status === "delivered" ? "warn" : "fail")],
  );
}

function say(error: ErrorFacts, kind: keyof typeof CODES, severity: Said["severity"]): Said {
  const { about, ip, node, how, count: times, packets } = error;
  const who = node === null ? ip : `${ip} (${node})`;
  return {
    code: CODES[kind],
    severity,
    summary: `${who} answered ${SENT[about]} with ${how}`,
    evidence: [count(times, "such error")],
    packets: firstOf(packets),
    next: [NEXT[kind]],
  };
}
