import { connect, dig, http, httpAt, ping, pour, tls, udp } from "./programs.js";
import { BRIDGED, delivered, PLAIN, ROUTED, type ExpectedFlow, type Scenario } from "./scenario.js";
import { MIXED } from "./mixed.js";
import { service, SERVICE } from "./rules.js";
import { podAddress, type Pod, type Wiring } from "./world.js";

/** Sets in which nothing is wrong: all is delivered, no detector warns, and nothing but notes is said. */

const ADDRESS = {
  4: { p1: podAddress("p1"), p2: podAddress("p2"), p3: podAddress("p3"), p4: podAddress("p4") },
  6: { p1: podAddress("p1", 6), p2: podAddress("p2", 6), p3: podAddress("p3", 6), p4: podAddress("p4", 6) },
} as const;

const WAYS: Readonly<Record<Wiring, readonly string[]>> = { bridge: BRIDGED, routed: ROUTED, plain: PLAIN };

interface Probe {
  readonly name: string;
  readonly ask: (address: string) => string;
  readonly flow: (family: 4 | 6) => ExpectedFlow;
  readonly snaplen?: number;
}

const PROBES: readonly Probe[] = [
  { name: "ping", ask: (to) => ping(to, 3), flow: () => delivered("icmp") },
  { name: "udp", ask: (to) => udp(to, 8090), flow: () => delivered("udp", 8090) },
  {
    name: "dns",
    ask: (to) =>
      `${dig(to, { family: to.includes(":") ? 6 : 4 })}; ${dig(to, { family: to.includes(":") ? 6 : 4, more: "+tcp" })}`,
    flow: () => delivered("udp", 53),
  },
  { name: "connect", ask: (to) => connect(to, 8090), flow: () => delivered("tcp", 8090) },
  { name: "http", ask: (to) => http(to, "/3000"), flow: () => delivered("tcp", 8080, { outcome: "200" }) },
  { name: "tls", ask: (to) => tls(to), flow: () => delivered("tcp", 8443), snaplen: 400 },
];

/** Every probe over every wiring. */
const MATRIX: readonly Scenario[] = (["bridge", "routed", "plain"] as const).flatMap((wiring) =>
  PROBES.map(({ name, ask, flow, snaplen = 192 }): Scenario => ({
    name: `healthy-${wiring}-${name}`,
    what: `${name} between two nodes, ${wiring}`,
    shape: { wiring },
    files: WAYS[wiring],
    traffic: [["p1", ask(ADDRESS[4].p2)]],
    flows: [flow(4)],
    snaplen,
  })),
);

const OVER_IPV6: readonly Scenario[] = PROBES.map(({ name, ask, flow, snaplen = 192 }): Scenario => {
  const wiring = (["bridge", "routed", "plain"] as const)[
    PROBES.findIndex((probe) => probe.name === name) % 3
  ]!;
  return {
    name: `healthy-ipv6-${name}`,
    what: `${name} over IPv6, ${wiring}`,
    shape: { wiring, family: 6 },
    files: WAYS[wiring],
    traffic: [["p1", ask(ADDRESS[6].p2)]],
    flows: [flow(6)],
    snaplen,
  };
});

const SAME_NODE = ["p1.eth0", "n1.veth1", "n1.cni0", "n1.veth3", "p3.eth0"];
const toService = httpAt(SERVICE, 80, "/800");
const atService = delivered("tcp", 80, { outcome: "200" });

const more = (pod: Pod, script: string): Scenario["traffic"] => [[pod, script]];

const OTHERS: readonly Scenario[] = [
  {
    name: "healthy-service-far",
    what: "a ClusterIP, led to another node",
    files: BRIDGED,
    set: [["n1", service("p2")]],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-service-routed",
    what: "a ClusterIP, led to another node, routed",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n1", service("p2")]],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-service-plain",
    what: "a ClusterIP with no tunnel behind it",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [["n1", service("p2")]],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-service-masqueraded",
    what: "a ClusterIP whose clients are all masqueraded",
    files: BRIDGED,
    set: [["n1", `${service("p2")}; iptables -t nat -A POSTROUTING -d ${ADDRESS[4].p2} -j MASQUERADE`]],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-service-same-node",
    what: "a ClusterIP, led to a pod of the same node",
    files: SAME_NODE,
    set: [["n1", service("p3")]],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-service-dns",
    what: "DNS by a ClusterIP",
    files: BRIDGED,
    set: [["n1", service("p2", { port: 53, target: 53, protocol: "udp" })]],
    traffic: more("p1", `${dig(SERVICE)}; ${dig(SERVICE, { name: "nothing.example", more: "+tries=1" })}`),
    flows: [{ protocol: "udp", port: 53, statuses: ["delivered"], outcome: "REFUSED" }],
  },
  {
    name: "healthy-hairpin",
    what: "a pod asks its own Service",
    files: ["p1.eth0", "n1.veth1", "n1.cni0"],
    set: [
      [
        "n1",
        `${service("p1")}; ip link set veth1 type bridge_slave hairpin on
        iptables -t nat -A POSTROUTING -s ${ADDRESS[4].p1} -d ${ADDRESS[4].p1} -j MASQUERADE`,
      ],
    ],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-hairpin-routed",
    what: "a pod asks its own Service, routed",
    shape: { wiring: "routed" },
    files: ["p1.eth0", "n1.veth1"],
    set: [
      [
        "n1",
        `${service("p1")}; iptables -t nat -A POSTROUTING -s ${ADDRESS[4].p1} -d ${ADDRESS[4].p1} -j MASQUERADE`,
      ],
    ],
    traffic: more("p1", toService),
    flows: [atService],
  },
  {
    name: "healthy-same-node",
    what: "two pods on one bridge: ping, UDP, HTTP",
    files: SAME_NODE,
    traffic: more("p1", `${ping(ADDRESS[4].p3)}; ${udp(ADDRESS[4].p3, 8090)}; ${http(ADDRESS[4].p3)}`),
    flows: [delivered("icmp"), delivered("udp", 8090), delivered("tcp", 8080)],
  },
  {
    name: "healthy-same-node-routed",
    what: "two pods of one node, routed",
    shape: { wiring: "routed" },
    files: ["p1.eth0", "n1.veth1", "n1.veth3", "p3.eth0"],
    traffic: more("p1", `${ping(ADDRESS[4].p3)}; ${dig(ADDRESS[4].p3)}; ${http(ADDRESS[4].p3)}`),
    flows: [delivered("icmp"), delivered("udp", 53), delivered("tcp", 8080)],
  },
  {
    name: "healthy-any-bridge",
    what: "all devices of both nodes, ping and HTTP",
    files: ["n1.any", "n2.any"],
    traffic: more("p1", `${ping(ADDRESS[4].p2)}; ${http(ADDRESS[4].p2)}`),
    flows: [delivered("icmp"), delivered("tcp", 8080)],
  },
  {
    name: "healthy-any-routed",
    what: "all devices of both nodes, routed, DNS and a Service",
    shape: { wiring: "routed" },
    files: ["n1.any", "n2.any"],
    set: [["n1", service("p2")]],
    traffic: more("p1", `${dig(ADDRESS[4].p2)}; ${toService}`),
    flows: [delivered("udp", 53), delivered("tcp", 80)],
  },
  {
    name: "healthy-any-ipv6",
    what: "all devices of both nodes, IPv6",
    shape: { wiring: "plain", family: 6 },
    files: ["n1.any", "n2.any"],
    traffic: more("p1", `${ping(ADDRESS[6].p2)}; ${http(ADDRESS[6].p2)}`),
    flows: [delivered("icmp"), delivered("tcp", 8080)],
  },
  {
    name: "healthy-any-and-pods",
    what: "the pods' devices, and all of the nodes",
    files: ["p1.eth0", "n1.any", "n2.any", "p2.eth0"],
    traffic: more("p1", `${udp(ADDRESS[4].p2, 8090)}; ${connect(ADDRESS[4].p2, 8090)}`),
    flows: [delivered("udp", 8090), delivered("tcp", 8090)],
  },
  {
    name: "healthy-three-nodes-detour",
    what: "requests take a third node, replies come straight",
    shape: { wiring: "plain", nodes: 3 },
    files: ["p1.eth0", "n1.veth1", "n1.eth0", "n3.eth0", "n2.eth0", "n2.veth2", "p2.eth0"],
    set: [
      ["n1", "ip route replace 10.244.2.0/24 via 10.77.0.13"],
      ["n3", "sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0"],
    ],
    traffic: more("p1", `${ping(ADDRESS[4].p2)}; ${http(ADDRESS[4].p2)}`),
    flows: [delivered("icmp"), delivered("tcp", 8080)],
  },
  {
    name: "healthy-three-nodes-service",
    what: "a Service on three nodes, with a backend on two",
    shape: { nodes: 3 },
    files: [...BRIDGED.slice(0, 5), "n2.eth0", "n2.veth2", "p2.eth0", "n3.eth0", "n3.veth4", "p4.eth0"],
    set: [["n1", service("p2", { others: ["p4"] })]],
    traffic: more("p1", `${toService}; ${toService}; ${toService}; ${toService}`),
    flows: [delivered("tcp", 80)],
  },
  {
    name: "healthy-download",
    what: "60 kB, which devices cut and join again",
    files: BRIDGED,
    traffic: more("p1", http(ADDRESS[4].p2, "/60000")),
    flows: [delivered("tcp", 8080)],
    snaplen: 128,
  },
  {
    name: "healthy-upload",
    what: "40 kB to who takes it and closes",
    shape: { wiring: "routed" },
    files: ROUTED,
    traffic: more("p1", pour(ADDRESS[4].p2, 8090, { bytes: 40_000, waitMs: 300 })),
    flows: [{ protocol: "tcp", port: 8090, statuses: ["delivered"] }],
    snaplen: 128,
  },
  {
    name: "healthy-one-way",
    what: "datagrams that nobody is to answer",
    files: BRIDGED,
    traffic: more("p1", udp(ADDRESS[4].p2, 9514, { count: 4 })),
    flows: [delivered("udp", 9514)],
  },
  {
    name: "healthy-fragments",
    what: "pings of 4000 bytes, in fragments",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: more("p1", ping(ADDRESS[4].p2, 2, "-s 4000")),
    flows: [delivered("icmp")],
  },
  {
    name: "healthy-path-mtu",
    what: "a smaller MTU on the way is told, learned and kept to",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [
      ["n2", "ip link set veth2 mtu 1300"],
      ["p2", "ip link set eth0 mtu 1300"],
    ],
    traffic: more("p1", pour(ADDRESS[4].p2, 8090, { bytes: 8_000, waitMs: 400 })),
    flows: [delivered("tcp", 8090)],
    snaplen: 128,
  },
  {
    name: "healthy-port-reused",
    what: "the same client port for one connection after the other",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: more(
      "p1",
      [1, 2, 3]
        .map(() => http(ADDRESS[4].p2, "/100", "--local-port 45000 --no-keepalive"))
        .join("; sleep 0.1; "),
    ),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-egress",
    what: "out of the cluster, masqueraded at the node",
    shape: { wiring: "routed" },
    files: ["p1.eth0", "n1.veth1", "n1.eth0", "n2.eth0"],
    set: [["n1", "iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE"]],
    traffic: more("p1", ping("10.77.0.12", 3)),
    flows: [delivered("icmp")],
  },
];

export const HEALTHY: readonly Scenario[] = [...MATRIX, ...OVER_IPV6, ...OTHERS, ...MIXED];
