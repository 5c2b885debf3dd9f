import { connect, dig, http, httpAt, ping, udp } from "./programs.js";
import { service, SERVICE } from "./rules.js";
import { BRIDGED, delivered, dropping, PLAIN, ROUTED, type ExpectedFlow, type Scenario } from "./scenario.js";
import { podAddress, type Pod } from "./world.js";

/** Packets that vanish between two captures. */

const [P1, P2] = [podAddress("p1"), podAddress("p2")];

const lost = (
  protocol: "icmp" | "tcp" | "udp",
  direction: "request" | "reply",
  between: readonly [string, string],
  more: Partial<ExpectedFlow> = {},
): ExpectedFlow => ({ protocol, statuses: ["lost"], direction, between, ...more });

const from = (pod: Pod, ...scripts: readonly string[]): Scenario["traffic"] =>
  scripts.map((script) => [pod, script] as const);

const INGRESS = 'type filter hook ingress device "eth0" priority 0;';
/** Of VXLAN: the inner packet's protocol. */
const INNER = { icmp: "@th,312,8 1", tcp: "@th,312,8 6", udp: "@th,312,8 17" } as const;

export const LOSSES: readonly Scenario[] = [
  {
    name: "every-third-request",
    what: "the sender's node drops every third packet of HTTP: retransmissions hide it",
    files: BRIDGED,
    set: [["n1", dropping(`ip saddr ${P1} tcp dport 8080`, "numgen inc mod 3 0")]],
    traffic: from("p1", ping(P2), http(P2)),
    flows: [
      delivered("icmp"),
      lost("tcp", "request", ["n1.cni0", "n1.flannel.1"], { port: 8080, counted: true }),
    ],
  },
  {
    name: "every-fifth-reply-inside-tunnel",
    what: "the asking node's NIC drops every fifth packet of the tunnel that holds TCP",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n1", dropping(`udp dport 4789 ${INNER.tcp}`, "numgen inc mod 5 0", INGRESS)]],
    traffic: from("p1", ping(P2), http(P2), http(P2)),
    flows: [
      delivered("icmp"),
      lost("tcp", "reply", ["n1.eth0", "n1.vxlan.calico"], { port: 8080, counted: true }),
    ],
  },
  {
    name: "large-replies-vanish",
    what: "the server's node drops packets over 1400 bytes and tells nobody: pages that are small pass",
    files: BRIDGED,
    set: [
      ["n2", dropping(`ip saddr ${P2}`, "ip length > 1400")],
      ["p2", "ethtool -K eth0 tso off gso off"],
    ],
    traffic: from("p1", http(P2), http(P2, "/8000")),
    flows: [lost("tcp", "reply", ["n2.cni0", "n2.flannel.1"], { port: 8080, findings: ["mtu-hole"] })],
    snaplen: 160,
  },
  {
    name: "syn-acks-dropped",
    what: "the server's node drops every SYN-ACK",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n2", dropping(`ip saddr ${P2} tcp flags & (syn | ack) == syn | ack`, "meta l4proto tcp")]],
    traffic: from("p1", ping(P2), connect(P2, 8090, { count: 1, waitMs: 1500 })),
    flows: [
      delivered("icmp"),
      lost("tcp", "reply", ["n2.veth2", "n2.vxlan.calico"], {
        port: 8090,
        counted: true,
        findings: ["handshake-incomplete"],
      }),
    ],
  },
  {
    name: "dns-answers-dropped",
    what: "answers of DNS are dropped at the asking node, questions arrive",
    files: BRIDGED,
    set: [["n1", dropping("udp sport 53", "meta l4proto udp")]],
    traffic: from("p1", dig(P2), http(P2)),
    flows: [
      delivered("tcp", 8080),
      lost("udp", "reply", ["n1.flannel.1", "n1.cni0"], { port: 53, counted: true }),
    ],
  },
  {
    name: "outer-checksum-wrong",
    what: "a device spoils the tunnel's outer checksum, and the far node throws all of it away",
    files: BRIDGED,
    set: [
      [
        "n1",
        "nft add table ip bad; nft 'add chain ip bad out { type filter hook postrouting priority 300; }'; nft add rule ip bad out udp dport 8472 udp checksum set 0xbd67; ethtool -K eth0 tx off",
      ],
    ],
    traffic: from("p1", ping(P2, 3), udp(P2, 8090)),
    flows: [
      lost("icmp", "request", ["n2.eth0", "n2.flannel.1"], { lost: 3, findings: ["outer-checksum-wrong"] }),
      lost("udp", "request", ["n2.eth0", "n2.flannel.1"], { lost: 3, findings: ["outer-checksum-wrong"] }),
    ],
  },
  {
    name: "reverse-path-filter",
    what: "the far node has another way back, and its rp_filter drops what comes by the tunnel",
    files: BRIDGED,
    set: [
      [
        "n2",
        "sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.flannel/1.rp_filter=1; ip route replace 10.244.1.0/24 via 10.77.0.11",
      ],
    ],
    traffic: from("p1", ping(P2, 3)),
    flows: [lost("icmp", "request", ["n2.flannel.1", "n2.cni0"], { lost: 3 })],
  },
  {
    name: "second-fragment-dropped",
    what: "fragments that are not the first are dropped at the far node",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [["n2", dropping("ip saddr 10.244.1.2", "ip frag-off & 0x1fff != 0", INGRESS)]],
    traffic: from("p1", ping(P2), ping(P2, 2, "-s 2500")),
    flows: [lost("icmp", "request", ["n2.eth0", "n2.veth2"])],
  },
  {
    name: "one-backend-dropped",
    what: "of a Service's two backends the node of one drops all",
    shape: { nodes: 3 },
    files: [
      ...BRIDGED.slice(0, 5),
      "n2.eth0",
      "n2.flannel.1",
      "n2.veth2",
      "p2.eth0",
      "n3.eth0",
      "n3.flannel.1",
      "n3.veth4",
      "p4.eth0",
    ],
    set: [
      ["n1", service("p2", { others: ["p4"] })],
      ["n3", dropping(`ip daddr ${podAddress("p4")} tcp dport 8080`, "meta l4proto tcp")],
    ],
    traffic: from("p1", ...[1, 2, 3, 4].map(() => httpAt(SERVICE, 80, "/100", "--connect-timeout 1.4"))),
    flows: [
      lost("tcp", "request", ["n3.flannel.1", "n3.veth4"], {
        counted: true,
        findings: ["one-backend-fails"],
      }),
    ],
  },
  {
    name: "wrong-pod-mac",
    what: "the far node has a stale neighbour entry for the pod",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n2", `ip neigh replace ${P2} lladdr 02:00:00:00:00:99 dev veth2 nud permanent`]],
    traffic: from("p1", ping(P2, 3)),
    flows: [{ protocol: "icmp", statuses: ["unanswered", "lost"] }],
  },
  {
    name: "link-away-for-a-second",
    what: "the underlay is away for a while amid pings, and comes back",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from(
      "p1",
      `ping -n -c 12 -i 0.1 -W 1 ${P2} & sleep 0.35; nsenter -t 1 -n bridge link set dev fa2 state 0; sleep 0.4; nsenter -t 1 -n bridge link set dev fa2 state 3; wait`,
    ),
    flows: [lost("icmp", "request", ["n1.eth0", "n2.eth0"])],
  },
  {
    name: "ipv6-forward-drop",
    what: "the far node drops IPv6 that it forwards",
    shape: { family: 6 },
    files: BRIDGED,
    set: [
      [
        "n2",
        dropping(
          `ip6 daddr ${podAddress("p2", 6)} meta l4proto icmpv6 icmpv6 type echo-request`,
          "meta l4proto icmpv6",
        ),
      ],
    ],
    traffic: from("p1", ping(podAddress("p2", 6), 3), http(podAddress("p2", 6))),
    flows: [delivered("tcp", 8080), lost("icmp", "request", ["n2.flannel.1", "n2.cni0"], { counted: true })],
  },
  {
    name: "tunnel-port-differs",
    what: "the far node's tunnel listens at another UDP port",
    files: BRIDGED,
    set: [
      [
        "n2",
        "ip link set flannel.1 down; ip link del flannel.1; ip link add flannel.1 address 66:00:00:00:00:02 type vxlan id 1 local 10.77.0.12 dev eth0 dstport 4789 nolearning; ip link set flannel.1 mtu 1450 up",
      ],
    ],
    traffic: from("p1", ping(P2, 3)),
    flows: [
      {
        protocol: "icmp",
        statuses: ["rejected"],
        direction: "request",
        between: ["n2.eth0", "n2.flannel.1"],
      },
    ],
  },
  {
    name: "tunnel-id-differs",
    what: "the far node's tunnel has another VNI",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [
      [
        "n2",
        "ip link del vxlan.calico; ip link add vxlan.calico address 66:00:00:00:00:02 type vxlan id 77 local 10.77.0.12 dev eth0 dstport 4789 nolearning; ip link set vxlan.calico mtu 1450 up",
      ],
    ],
    traffic: from("p1", ping(P2, 3), udp(P2, 8090)),
    flows: [
      lost("icmp", "request", ["n2.eth0", "n2.vxlan.calico"], { lost: 3 }),
      lost("udp", "request", ["n2.eth0", "n2.vxlan.calico"], { lost: 3 }),
    ],
  },
];
