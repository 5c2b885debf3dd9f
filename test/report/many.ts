import type {
  DetectorFinding,
  ExchangeFinding,
  Findings,
  FlowAudit,
  FlowFinding,
  HopRef,
  LegFinding,
  RateFinding,
  RewriteFinding,
  VerdictStatus,
} from "../../lib/model/findings.js";
import {
  buildFindings,
  buildFlow,
  EIGHT,
  healthy,
  hostile,
  HOSTILE_STRINGS,
  refOf,
  SAMPLES,
} from "./samples.js";

/** Flows with all that a whole analysis says of them. */

const LOST_AT = 4;

function buildLegs(sent: number, missing: number, hops = EIGHT): LegFinding[] {
  const last = hops.length - 1;
  const make = (direction: LegFinding["direction"], [from, to]: readonly [number, number]): LegFinding => {
    const isBreak = direction === "request" && from === LOST_AT;
    const came = direction === "reply" || from > LOST_AT ? sent - missing : sent;
    const least = 20 + from * 3;
    return {
      ...{ direction, from: refOf(hops, from), to: refOf(hops, to) },
      ...{ sent: came, missing: isBreak ? missing : 0, share: isBreak ? missing / sent : 0 },
      ...{ undecided: from === 3 ? 2 : 0, delayUs: { least, median: least + 12, most: least + 900 } },
      pattern: isBreak ? ["all along: 1 in 3", "over 1400 bytes only"] : [],
    };
  };
  const forth = Array.from({ length: last }, (_, at) => make("request", [at, at + 1]));
  const back = Array.from({ length: last }, (_, at) => make("reply", [last - at, last - at - 1]));
  return [...forth, ...back];
}

const rewrites: readonly RewriteFinding[] = [
  {
    direction: "request",
    before: refOf(EIGHT, 0),
    after: refOf(EIGHT, 1),
    source: { was: "10.244.1.5:40122", is: "10.244.1.5:40122" },
    destination: { was: "10.96.0.20:80", is: "10.244.2.7:8080" },
    connections: 12,
  },
  {
    direction: "reply",
    before: refOf(EIGHT, 1),
    after: refOf(EIGHT, 0),
    source: { was: "10.244.2.7:8080", is: "10.96.0.20:80" },
    destination: { was: "10.244.1.5:40122", is: "10.244.1.5:40122" },
    connections: 12,
  },
];

const exchanges: readonly ExchangeFinding[] = [
  {
    protocol: "http",
    outcome: "HTTP 200 OK",
    kind: "ok",
    count: 8,
    tookMs: { least: 2.1, median: 3, most: 40 },
  },
  {
    ...{ protocol: "http", outcome: "HTTP 503 Service Unavailable", kind: "error", count: 3 },
    tookMs: { least: 9, median: 10, most: 11.5 },
  },
  { protocol: "tcp", outcome: "no answer to the request", kind: "none", count: 1, tookMs: null },
];

const detected: readonly DetectorFinding[] = [
  {
    code: "retransmission-storm",
    severity: "warn",
    summary: "24 of 72 segments were sent again, up to 4 times each",
    evidence: ["seq 1449 was sent 4 times in 3.1 s"],
    packets: [
      { pcap: "captures/node-a/pod.eth0.pcap", frame: 17, summary: "TCP 40122 → 8080 seq 1449 len 1448" },
    ],
    next: ["Compare the MTU of vxlan.calico with that of eth0: ip link"],
    reference: "RFC 6298",
  },
  {
    code: "mtu-hole",
    severity: "fail",
    summary: "Packets of 1400 bytes pass, packets of 1480 bytes do not",
    evidence: ["largest that passed: 1400 B", "smallest that did not: 1480 B"],
    packets: [],
    next: ["Set the pods' MTU to 1400 or less"],
    reference: "RFC 1191",
  },
  {
    ...{ code: "port-reuse", severity: "note", summary: "Port 40122 was used again after 2 s" },
    ...{ evidence: [], packets: [], next: [], reference: null },
  },
];

const rate: RateFinding = {
  slotMs: 250,
  request: {
    sent: Array.from({ length: 24 }, (_, slot) => 2 + (slot % 3)),
    missing: Array.from({ length: 24 }, (_, slot) => (slot % 3 === 2 ? 3 : 0)),
  },
  reply: {
    sent: Array.from({ length: 24 }, (_, slot) => 1 + (slot % 2)),
    missing: Array.from({ length: 24 }, () => 0),
  },
};

/** Every third request is lost between node-b's NIC and its tunnel; there is a Service in front. */
export const everyThird: FlowFinding = buildFlow({
  id: "f0-http",
  protocol: "tcp",
  counts: [
    ...Array.from({ length: 5 }, () => [72, 48] as const),
    ...Array.from({ length: 3 }, () => [48, 48] as const),
  ],
  verdict: {
    status: "lost",
    direction: "request",
    lastSeen: refOf(EIGHT, LOST_AT),
    firstMissing: refOf(EIGHT, LOST_AT + 1),
    lost: { packets: 24, of: 72, share: 24 / 72 },
    cause: {
      code: "firewall-drop",
      summary: "an iptables rule on node-b drops every third packet",
      evidence: ["-A FORWARD -m statistic --mode nth --every 3 -j DROP, counter 0 → 24"],
    },
  },
  more: { legs: buildLegs(72, 24), rewrites, exchanges, findings: detected, connections: 12, rate },
});

/** Whole, but what came back is an error. */
export const answersErrors: FlowFinding = {
  ...healthy,
  id: "f1-http",
  protocol: "tcp",
  legs: buildLegs(4, 0),
  exchanges: exchanges.slice(1, 2),
  findings: detected.slice(1, 2),
  connections: 1,
};

export const oneWay: FlowFinding = {
  ...buildFlow({
    id: "f2-udp",
    protocol: "udp",
    counts: Array.from({ length: 8 }, () => [20, 0] as const),
    verdict: {},
  }),
  exchanges: [{ protocol: "udp", outcome: "one-way", kind: "oneWay", count: 20, tookMs: null }],
};

const STATUSES: readonly VerdictStatus[] = ["delivered", "delivered", "delivered", "lost", "inconclusive"];

/** So many flows between as many clients and a server, of which some are in trouble. */
export function buildMany(count: number): readonly FlowFinding[] {
  return Array.from({ length: count }, (_, index): FlowFinding => {
    const status = STATUSES[index % STATUSES.length] ?? "delivered";
    const base = status === "lost" ? everyThird : healthy;
    const from = { pod: null, node: null, ip: `10.244.${(index >> 8) & 255}.${index & 255}`, port: null };
    return { ...base, id: `f${index}`, from, verdict: { ...base.verdict, status } };
  });
}

/** The same flow over so many hops. */
export function stretch(flow: FlowFinding, count: number): FlowFinding {
  const half = Math.floor(count / 2);
  const hops = Array.from({ length: count }, (_, index) => {
    const like = flow.hops[index < half ? 0 : flow.hops.length - 1] ?? flow.hops[0];
    if (like === undefined) throw new Error("no hop");
    return {
      ...like,
      index,
      node: `node-${Math.floor(index / 4)}`,
      interface: `eth${index}`,
      role: "nic" as const,
    };
  });
  const ref = (index: number): { node: string; role: "nic"; interface: string } => ({
    ...{ node: hops[index]?.node ?? "", role: "nic", interface: hops[index]?.interface ?? "" },
  });
  const verdict = { ...flow.verdict, lastSeen: ref(half - 1), firstMissing: ref(half) };
  const timeline = flow.timeline.map((packet) => ({
    ...packet,
    seenAtUs: hops.map((_, index) =>
      packet.direction === "request" && index >= half ? null : 1000 + index * 40,
    ),
  }));
  return { ...flow, hops, verdict, timeline, legs: [], rewrites: [] };
}

const LONG_NODES: Readonly<Record<string, string>> = {
  "node-a": "ip-10-0-113-27.eu-central-1.compute.internal",
  "node-b": "ip-10-0-98-201.eu-central-1.compute.internal",
};

/** The same flow between pods and nodes with names as long as those of real clusters. */
function nameLong(flow: FlowFinding): FlowFinding {
  const longer = <T extends { readonly node: string }>(one: T): T => ({
    ...one,
    node: LONG_NODES[one.node] ?? one.node,
  });
  const { firstMissing, lastSeen } = flow.verdict;
  return {
    ...flow,
    from: { ...flow.from, pod: "payments-production/checkout-frontend-api-6d4b75cb6d-hczpw" },
    to: { ...flow.to, pod: "payments-production/postgres-primary-proxy-0" },
    hops: flow.hops.map(longer),
    ...(flow.legs && {
      legs: flow.legs.map((leg) => ({ ...leg, from: longer(leg.from), to: longer(leg.to) })),
    }),
    verdict: {
      ...flow.verdict,
      firstMissing: firstMissing && longer(firstMissing),
      lastSeen: lastSeen && longer(lastSeen),
    },
  };
}

const hostileAt = (index: number): string => HOSTILE_STRINGS[index % HOSTILE_STRINGS.length] ?? "";

const hostileRef = (index: number): HopRef => ({
  node: index < 4 ? hostileAt(0) : hostileAt(8),
  role: healthy.hops[index]?.role ?? "nic",
  interface: hostileAt(index),
});

/** Hostile text in every field that a whole analysis adds. */
const hostileDetails: Partial<FlowFinding> = {
  legs: healthy.hops.slice(1).map((_, index) => ({
    ...{ direction: "request", from: hostileRef(index), to: hostileRef(index + 1) },
    ...{ sent: 3, missing: 1, share: 1 / 3, undecided: 1, delayUs: null, pattern: [...HOSTILE_STRINGS] },
  })),
  rewrites: HOSTILE_STRINGS.map((value, index) => ({
    direction: "request",
    before: hostileRef(index),
    after: hostileRef(index + 1),
    ...{
      source: { was: value, is: hostileAt(index + 1) },
      destination: { was: value, is: value },
      connections: 2,
    },
  })),
  exchanges: HOSTILE_STRINGS.map((outcome) => ({
    protocol: "dns",
    outcome,
    kind: "error",
    count: 2,
    tookMs: null,
  })),
  findings: HOSTILE_STRINGS.map((value) => ({
    ...{
      code: value,
      severity: "fail",
      summary: value,
      evidence: [...HOSTILE_STRINGS],
      next: [...HOSTILE_STRINGS],
    },
    ...{ packets: [{ pcap: value, frame: 1, summary: value }], reference: value },
  })),
  rate,
  connections: 3,
  audit: {
    status: "fault",
    statements: HOSTILE_STRINGS.map((value) => ({
      ...{ check: value, severity: "fault", direction: null, what: value, next: value },
      place: { node: value, pod: value, device: value },
      evidence: [{ command: value, line: value }],
    })),
  },
};

const AUDIT: FlowAudit = {
  status: "fault",
  statements: [
    {
      ...{ check: "rules", severity: "fault", direction: "request" },
      place: { node: "node-b", pod: null, device: null },
      what: "the request from 10.244.1.5 to 10.244.2.7 is dropped by a rule of FORWARD",
      evidence: [{ command: "iptables-save -c", line: "-A FORWARD -d 10.244.2.7/32 -j DROP" }],
      next: "Take the rule out: `iptables-save` shows it",
    },
    {
      ...{ check: "mtu", severity: "warning", direction: null, evidence: [], next: null },
      place: { node: "node-b", pod: "shop/web", device: "eth0" },
      what: "eth0 takes 1500 bytes and its other end 1450",
    },
    ...(["doubt", "doubt", "fine"] as const).map((severity) => ({
      ...{
        check: severity === "fine" ? "links" : "routes",
        severity,
        direction: null,
        evidence: [],
        next: null,
      },
      place: { node: "node-a", pod: null, device: "eth0" },
      what: "eth0 is up",
    })),
  ],
};

/** Those of samples.ts, and what whole analyses add. */
export const ALL_SAMPLES: Readonly<Record<string, Findings>> = {
  ...SAMPLES,
  everyThird: buildFindings([everyThird]),
  long: buildFindings([stretch(everyThird, 30)]),
  several: buildFindings([answersErrors, oneWay, everyThird, healthy], {
    checks: [],
    leftOut: { flows: 4990, statuses: { delivered: 4980, lost: 10 } },
  }),
  many: buildFindings(buildMany(40)),
  audited: buildFindings([{ ...everyThird, audit: AUDIT }]),
  names: buildFindings([nameLong(everyThird), nameLong(healthy)]),
  hostile: { ...(SAMPLES["hostile"] ?? buildFindings([])), flows: [{ ...hostile, ...hostileDetails }] },
};

/** Of a run in which what people chose is hostile. */
export const RECORD = {
  startedAt: "2026-11-20T21:44:54.000Z",
  finishedAt: "2026-11-20T21:45:08.250Z",
  cluster: HOSTILE_STRINGS[0],
  profile: `/etc/${HOSTILE_STRINGS[1]}`,
  command: ["hopbook", "run", "trace-path", "--to", "it's <here>", ...HOSTILE_STRINGS],
};
