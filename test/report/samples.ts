import type { HopRole } from "../../lib/model/roles.js";
import type {
  CheckFinding,
  Findings,
  FlowFinding,
  HopFinding,
  HopRef,
  TimelinePacket,
  Verdict,
} from "../../lib/model/findings.js";

type Place = readonly [node: string, role: HopRole, device: string];

/** The path of a packet between two nodes under Calico VXLAN. */
export const EIGHT: readonly Place[] = [
  ["node-a", "pod", "eth0"],
  ["node-a", "host-veth", "cali9d8b6a7d855"],
  ["node-a", "tunnel", "vxlan.calico"],
  ["node-a", "nic", "eth0"],
  ["node-b", "nic", "eth0"],
  ["node-b", "tunnel", "vxlan.calico"],
  ["node-b", "host-veth", "cali41f14107a8d"],
  ["node-b", "pod", "eth0"],
];

export const FOUR: readonly Place[] = [
  ["node-a", "pod", "eth0"],
  ["node-a", "host-veth", "cali9d8b6a7d855"],
  ["node-a", "host-veth", "cali2b903875fe4"],
  ["node-a", "pod", "eth0"],
];

export interface FlowOptions {
  readonly id?: string;
  readonly path?: readonly Place[];
  /** Request and reply packets at each hop. */
  readonly counts: readonly (readonly [request: number, reply: number])[];
  readonly verdict: Partial<Verdict>;
  readonly protocol?: "icmp" | "udp" | "tcp";
  readonly more?: Partial<FlowFinding>;
}

export function buildFlow(options: FlowOptions): FlowFinding {
  const path = options.path ?? EIGHT;
  const hops = path.map(([node, role, device], index): HopFinding => {
    const [request, reply] = options.counts[index] ?? [0, 0];
    return {
      index,
      node,
      role,
      interface: device,
      pcap: `captures/${node}/${role}.${device}.pcap`,
      request: { packets: request, bytes: request * 84 },
      reply: { packets: reply, bytes: reply * 84 },
      droppedByKernel: 0,
    };
  });
  const protocol = options.protocol ?? "icmp";
  return {
    id: options.id ?? "f0-ping",
    from: { pod: "shop/client", node: "node-a", ip: "192.168.174.129", port: null },
    to: {
      pod: "shop/web-7c9d5b8f6-x2x4q",
      node: path.at(-1)?.[0] ?? null,
      ip: "192.168.218.66",
      port: protocol === "icmp" ? null : 8080,
    },
    protocol,
    probe: protocol === "icmp" ? "ping" : protocol === "udp" ? "dns-udp" : "http",
    hops,
    verdict: {
      status: "delivered",
      direction: null,
      lastSeen: null,
      firstMissing: null,
      confidence: "high",
      cause: null,
      lookedAt: [],
      rejectedBy: null,
      lost: { packets: 0, of: 0 },
      caveats: [],
      packets: [],
      ...options.verdict,
    },
    timeline: buildTimeline(hops, protocol),
    ...options.more,
  };
}

/** Packets 250 ms apart, each hop some tens of microseconds after the one before. */
function buildTimeline(hops: readonly HopFinding[], protocol = "icmp"): TimelinePacket[] {
  const total = Math.max(0, ...hops.map((hop) => hop.request.packets));
  const packets: TimelinePacket[] = [];
  for (let seq = 0; seq < Math.min(total, 32); seq += 1) {
    const startUs = seq * 250_000;
    packets.push({
      direction: "request",
      summary:
        protocol === "icmp" ? `ICMP echo request seq ${seq + 1}` : `${protocol} 40122 → 8080 #${seq + 1}`,
      seenAtUs: hops.map((hop, index) => (seq < hop.request.packets ? startUs + index * 38 + seq * 3 : null)),
    });
    if (hops.every((hop) => seq >= hop.reply.packets)) continue;
    packets.push({
      direction: "reply",
      summary:
        protocol === "icmp" ? `ICMP echo reply seq ${seq + 1}` : `${protocol} 8080 → 40122 #${seq + 1}`,
      seenAtUs: hops.map((hop, index) =>
        seq < hop.reply.packets ? startUs + 700 + (hops.length - index) * 35 : null,
      ),
    });
  }
  return packets;
}

const all = (count: number, pair: readonly [number, number]): (readonly [number, number])[] =>
  Array.from({ length: count }, () => pair);

export function refOf(path: readonly Place[], index: number): HopRef {
  const [node, role, device] = path[index] ?? ["?", "nic", "?"];
  return { node, role, interface: device };
}

/** Requests that end between hop `at - 1` and hop `at`. */
function lostAt(at: number, cause: Verdict["cause"], more: Partial<Verdict> = {}): FlowFinding {
  return buildFlow({
    counts: [...all(at, [4, 0] as const), ...all(8 - at, [0, 0] as const)],
    verdict: {
      status: "lost",
      direction: "request",
      lastSeen: refOf(EIGHT, at - 1),
      firstMissing: refOf(EIGHT, at),
      lost: { packets: 4, of: 4 },
      cause,
      lookedAt: [
        "node-a: FDB of vxlan.calico",
        "node-a: neighbours of vxlan.calico",
        "node-a: kernel drop trace",
      ],
      packets: [1, 3, 5, 7].map((frame) => ({
        pcap: `captures/${EIGHT[at - 1]?.[0]}/${EIGHT[at - 1]?.[1]}.${EIGHT[at - 1]?.[2]}.pcap`,
        frame,
        summary: `ICMP echo request, id 4242, seq ${(frame + 1) / 2}`,
      })),
      ...more,
    },
  });
}

export const fdbMissing = lostAt(3, {
  code: "fdb-entry-missing",
  summary: "vxlan.calico on node-a has no FDB entry for 66:9f:1c:04:aa:17, the MAC of node-b's tunnel",
  evidence: [
    "bridge fdb show dev vxlan.calico: no entry for 66:9f:1c:04:aa:17",
    "kernel: 4 of 4 dropped in vxlan_xmit, reason NO_TX_TARGET, 4–50 µs after vxlan.calico saw them",
  ],
});

export const firewallDrop = lostAt(
  6,
  {
    code: "netfilter-rule",
    summary:
      "a rule of chain cali-tw-cali41f14107a8d drops them: “End of tier default. Drop if no policies passed packet” (NetworkPolicy shop/deny-web)",
    evidence: [
      'iptables-save -c: [4:336] -A cali-tw-cali41f14107a8d -m comment --comment "End of tier default. Drop if no policies passed packet" -j DROP, counter 0 → 4',
      "kernel: 4 of 4 dropped in nft_do_chain, reason NETFILTER_DROP, 35–51 µs after vxlan.calico saw them",
    ],
  },
  {
    caveats: [
      "node-b's clock is 3.2 ms ahead of node-a's (from matched packets); order across nodes is adjusted",
    ],
  },
);

export const causeUnknown = lostAt(4, null, {
  confidence: "medium",
  lookedAt: [
    "node-a: link eth0 up, no tx errors",
    "node-b: link eth0 up, rx counters unchanged",
    "node-b: kernel drop trace (tracefs not available: lockdown=confidentiality)",
  ],
  caveats: ["Nothing between the two NICs can be captured: the underlay itself may have dropped them"],
});

export const healthy = buildFlow({ counts: all(8, [4, 4]), verdict: {} });
export const healthySameNode = buildFlow({
  id: "f0-http",
  path: FOUR,
  counts: all(4, [6, 5]),
  protocol: "tcp",
  verdict: {},
});

export const replyLost = buildFlow({
  id: "f1-dns",
  protocol: "udp",
  counts: [...all(6, [4, 0]), [4, 4], [4, 4]],
  verdict: {
    status: "lost",
    direction: "reply",
    lastSeen: refOf(EIGHT, 6),
    firstMissing: refOf(EIGHT, 5),
    lost: { packets: 4, of: 4 },
    cause: {
      code: "rp-filter",
      summary: "rp_filter on cali41f14107a8d (strict) dropped the replies: no route back through it",
      evidence: [
        "nstat: TcpExtIPReversePathFilter 0 → 4",
        "kernel: 4 of 4 dropped in ip_rcv_finish_core, reason IP_RPFILTER",
      ],
    },
    lookedAt: ["node-b: rp_filter", "node-b: nstat"],
    packets: [
      { pcap: "captures/node-b/host-veth.cali41f14107a8d.pcap", frame: 2, summary: "DNS response 0x1a2b" },
    ],
  },
});

export const rejected = buildFlow({
  id: "f2-http",
  protocol: "tcp",
  counts: all(8, [3, 3]),
  verdict: {
    status: "rejected",
    direction: "request",
    lastSeen: refOf(EIGHT, 7),
    rejectedBy: { ip: "192.168.218.66", node: "node-b", how: "TCP RST" },
    cause: {
      code: "no-listener",
      summary: "nobody listens on port 8080 in shop/web-7c9d5b8f6-x2x4q",
      evidence: ["ss -Hlntu in the pod: no socket on 8080"],
    },
    packets: [{ pcap: "captures/node-b/pod.eth0.pcap", frame: 2, summary: "TCP RST, ACK 8080 → 40122" }],
  },
});

export const unanswered = buildFlow({
  id: "f3-udp",
  protocol: "udp",
  counts: all(8, [4, 0]),
  verdict: {
    status: "unanswered",
    direction: "request",
    lastSeen: refOf(EIGHT, 7),
    confidence: "medium",
    lookedAt: [
      "node-b: sockets of shop/web-7c9d5b8f6-x2x4q",
      "node-b: nstat in the pod (UdpInCsumErrors 0 → 0)",
    ],
  },
});

export const inconclusive = buildFlow({
  id: "f4-http",
  protocol: "tcp",
  counts: [
    [12, 10],
    [12, 10],
    [0, 0],
    [7, 9],
    [7, 9],
    [12, 10],
    [12, 10],
    [12, 10],
  ],
  verdict: {
    status: "inconclusive",
    confidence: "low",
    caveats: [
      "vxlan.calico on node-a: the capture ended early (size limit)",
      "eth0 on node-a: 41 packets were dropped by the kernel before tcpdump read them",
    ],
  },
  more: {
    hops: buildFlow({ counts: all(8, [7, 9]), verdict: {} }).hops.map((hop) =>
      hop.index === 3 ? { ...hop, droppedByKernel: 41 } : hop,
    ),
  },
});

export const partlyLost: FlowFinding = (() => {
  const flow = lostAt(4, null, { lost: { packets: 2, of: 6 }, confidence: "medium" });
  const hops = flow.hops.map((hop) => ({
    ...hop,
    request: hop.index < 4 ? { packets: 6, bytes: 504 } : { packets: 4, bytes: 336 },
    reply: { packets: 4, bytes: 336 },
  }));
  return { ...flow, id: "f5-partly", hops, timeline: buildTimeline(hops) };
})();

export const asymmetric: FlowFinding = {
  ...healthy,
  id: "f6-asym",
  replyHops: healthy.hops
    .filter((hop) => hop.role !== "tunnel")
    .reverse()
    .map((hop, index) => ({ ...hop, index, request: { packets: 0, bytes: 0 } })),
};

export const HOSTILE_STRINGS = [
  "</script><script>document.title='PWNED'</script>",
  '"><img src=x onerror="document.title=\'PWNED\'">',
  "javascript:document.title='PWNED'",
  "</style><svg onload=document.title='PWNED'>",
  "\u001b[2J\u001b]0;PWNED\u0007\r\nfake line",
  "a\u202egnp.exe\u2066",
  "| [x](javascript:alert(1)) `<b>` ![i](http://evil.example/p.png) | **bold**",
  "]]> & <!-- --> &lt;",
  "日本語のポッド名前とても長い名前ですよ本当に",
] as const;

export const hostile: FlowFinding = (() => {
  const text = (index: number): string => HOSTILE_STRINGS[index % HOSTILE_STRINGS.length] ?? "";
  const ref: HopRef = { node: text(0), role: "tunnel", interface: text(4) };
  return {
    ...healthy,
    id: text(1),
    from: { pod: text(0), node: text(8), ip: text(1), port: null },
    to: { pod: text(6), node: text(3), ip: text(2), port: 80 },
    hops: healthy.hops.map((hop, index) => ({
      ...hop,
      node: index < 4 ? text(0) : text(8),
      interface: text(index),
      pcap: text(index + 1),
    })),
    verdict: {
      ...healthy.verdict,
      status: "lost",
      direction: "request",
      lastSeen: ref,
      firstMissing: { ...ref, interface: text(1), role: "nic" },
      cause: { code: text(1), summary: text(0), evidence: [...HOSTILE_STRINGS] },
      lookedAt: [...HOSTILE_STRINGS],
      rejectedBy: { ip: text(1), node: text(3), how: text(0) },
      caveats: [...HOSTILE_STRINGS],
      packets: HOSTILE_STRINGS.map((value, index) => ({ pcap: value, frame: index + 1, summary: value })),
    },
    timeline: HOSTILE_STRINGS.map((value, index) => ({
      direction: "request" as const,
      summary: value,
      seenAtUs: [index * 10, null, -5, index, null, null, null, null],
    })),
  };
})();

const FAULT_CHECK: CheckFinding = {
  id: "reachable",
  status: "fail",
  message: "shop/client does not reach shop/web-7c9d5b8f6-x2x4q",
};

export function buildFindings(flows: readonly FlowFinding[], more: Partial<Findings> = {}): Findings {
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: {
      id: "2026-11-20T21-44-54Z-trace-path-shop-client",
      runbook: "trace-path",
      startedAt: "2026-11-20T21:44:54.000Z",
      complete: true,
      incomplete: [],
    },
    flows,
    checks: [
      flows.every((flow) => flow.verdict.status === "delivered")
        ? { id: "reachable", status: "pass", message: "every flow was delivered and answered" }
        : FAULT_CHECK,
      { id: "no-kernel-drops", status: "pass", message: "no capture lost packets" },
    ],
    ...more,
  };
}

/** Name → findings: every status, reply loss, short and long paths, several flows, an incomplete run, hostile text. */
export const SAMPLES: Readonly<Record<string, Findings>> = {
  healthy: buildFindings([healthy]),
  sameNode: buildFindings([healthySameNode]),
  fdb: buildFindings([fdbMissing]),
  firewall: buildFindings([firewallDrop]),
  unknown: buildFindings([causeUnknown]),
  reply: buildFindings([replyLost]),
  rejected: buildFindings([rejected]),
  unanswered: buildFindings([unanswered]),
  inconclusive: buildFindings([inconclusive]),
  partly: buildFindings([partlyLost]),
  asymmetric: buildFindings([asymmetric]),
  six: buildFindings([healthy, firewallDrop, replyLost, rejected, unanswered, inconclusive]),
  incomplete: buildFindings([{ ...inconclusive, hops: inconclusive.hops.slice(0, 3), timeline: [] }], {
    run: {
      id: "run-2",
      runbook: "trace-path",
      startedAt: "2026-11-20T21:44:54.000Z",
      complete: false,
      incomplete: [
        "node-b: the connection was lost while its captures were pulled",
        "interrupted by the user",
      ],
    },
    checks: [
      { id: "reachable", status: "incomplete", message: "partial evidence" },
      { id: "mtu", status: "skipped", message: "no large packet was sent" },
      { id: "clock", status: "warn", message: "clocks differ by 120 ms" },
    ],
  }),
  hostile: buildFindings([hostile], {
    run: {
      id: HOSTILE_STRINGS[0],
      runbook: HOSTILE_STRINGS[1],
      startedAt: HOSTILE_STRINGS[4],
      complete: false,
      incomplete: [...HOSTILE_STRINGS],
    },
    checks: HOSTILE_STRINGS.map((message, index) => ({
      id: HOSTILE_STRINGS[(index + 1) % 9] ?? "",
      status: "fail",
      message,
    })),
  }),
  empty: buildFindings([], { checks: [] }),
};
