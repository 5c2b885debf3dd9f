import { connect, http, httpAt, ping, pour, udp } from "./programs.js";
import { service, SERVICE } from "./rules.js";
import { BRIDGED, delivered, dropping, PLAIN, ROUTED, type Scenario } from "./scenario.js";
import { podAddress } from "./world.js";

/** Faults that look like another one, or that are in two places. */

const [P1, P2, P4] = [podAddress("p1"), podAddress("p2"), podAddress("p4")];
const from1 = (...scripts: readonly string[]): Scenario["traffic"] => scripts.map((script) => ["p1", script]);
const QUIET = "sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0";

export const ODDITIES: readonly Scenario[] = [
  {
    name: "hairpin-not-masqueraded",
    what: "a pod is led to itself, with its own address as source",
    files: ["p1.eth0", "n1.veth1", "n1.cni0"],
    set: [["n1", `${service("p1")}; ip link set veth1 type bridge_slave hairpin on`]],
    traffic: from1(httpAt(SERVICE, 80, "/100", "-m 1.5")),
    flows: [
      {
        protocol: "tcp",
        port: 80,
        statuses: ["unanswered", "lost", "inconclusive"],
        findings: ["own-address-as-destination"],
      },
    ],
  },
  {
    name: "hairpin-mode-off",
    what: "the bridge sends nothing back to the port that it came from",
    files: ["p1.eth0", "n1.veth1", "n1.cni0"],
    set: [["n1", `${service("p1")}; iptables -t nat -A POSTROUTING -s ${P1} -d ${P1} -j MASQUERADE`]],
    traffic: from1(httpAt(SERVICE, 80, "/100", "-m 1.5")),
    flows: [{ protocol: "tcp", port: 80, statuses: ["unanswered", "lost", "inconclusive"] }],
  },
  {
    name: "one-backend-refuses",
    what: "of a Service's two backends one has no process at the port",
    shape: { nodes: 3, wiring: "plain" },
    files: [
      "p1.eth0",
      "n1.veth1",
      "n1.eth0",
      "n2.eth0",
      "n2.veth2",
      "p2.eth0",
      "n3.eth0",
      "n3.veth4",
      "p4.eth0",
    ],
    set: [
      ["n1", service("p2", { others: ["p4"] })],
      ["p4", "iptables -A INPUT -p tcp --dport 8080 -j REJECT --reject-with tcp-reset"],
    ],
    traffic: from1(...[1, 2, 3, 4].map(() => httpAt(SERVICE, 80))),
    flows: [delivered("tcp", 80), { protocol: "tcp", port: 80, statuses: ["rejected"] }],
  },
  {
    name: "packets-doubled",
    what: "the sender's node sends a copy of each request",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [["n1", `iptables -t mangle -A FORWARD -s ${P1} -d ${P2} -j TEE --gateway 10.77.0.12`]],
    traffic: from1(udp(P2, 9514, { count: 4 }), http(P2)),
    flows: [
      { protocol: "udp", port: 9514, statuses: ["delivered"], findings: ["duplicate-packets"] },
      { protocol: "tcp", port: 8080, statuses: ["delivered"], findings: ["duplicate-packets"] },
    ],
  },
  {
    name: "replies-invalid-elsewhere",
    what: "replies come back by a third node that knows nothing of the connection, and drops them as invalid",
    shape: { nodes: 3, wiring: "plain" },
    files: ["p1.eth0", "n1.veth1", "n1.eth0", "n3.eth0", "n2.eth0", "n2.veth2", "p2.eth0"],
    set: [
      ["n2", "ip route replace 10.244.1.0/24 via 10.77.0.13"],
      ["n3", `${QUIET}; iptables -A FORWARD -p tcp -m conntrack --ctstate INVALID -j DROP`],
    ],
    traffic: from1(ping(P2), connect(P2, 8090, { count: 1, waitMs: 1400 })),
    flows: [
      delivered("icmp"),
      {
        protocol: "tcp",
        port: 8090,
        statuses: ["lost"],
        direction: "reply",
        between: ["n3.eth0", "n1.eth0"],
      },
    ],
  },
  {
    name: "no-such-service",
    what: "a ClusterIP that no rule knows: it leaves by the default route, where nobody is",
    shape: { wiring: "routed" },
    files: ["p1.eth0", "n1.veth1", "n1.eth0"],
    traffic: from1(httpAt("10.96.0.99", 80, "/100", "-m 1.5")),
    flows: [{ protocol: "tcp", port: 80, statuses: ["lost", "rejected", "unanswered", "inconclusive"] }],
  },
  {
    name: "tunnel-peer-wrong",
    what: "the tunnel's entry leads to a third node, which has another MAC",
    shape: { nodes: 3 },
    files: [...BRIDGED.slice(0, 5), "n3.eth0", ...BRIDGED.slice(5)],
    set: [
      [
        "n1",
        "bridge fdb del 66:00:00:00:00:02 dev flannel.1; bridge fdb append 66:00:00:00:00:02 dev flannel.1 dst 10.77.0.13",
      ],
    ],
    traffic: from1(ping(P2, 3)),
    flows: [{ protocol: "icmp", statuses: ["lost"], direction: "request", lost: 3 }],
  },
  {
    name: "large-requests-vanish",
    what: "the sender's node drops what is over 1300 bytes, without a word",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [
      ["n1", dropping(`ip saddr ${P1}`, "ip length > 1300")],
      ["p1", "ethtool -K eth0 tso off gso off"],
    ],
    traffic: from1(ping(P2), pour(P2, 8090, { bytes: 6000, waitMs: 1500 })),
    flows: [
      delivered("icmp"),
      {
        protocol: "tcp",
        statuses: ["lost"],
        direction: "request",
        between: ["n1.veth1", "n1.vxlan.calico"],
        findings: ["mtu-hole"],
      },
    ],
  },
  {
    name: "reset-by-a-firewall",
    what: "the sender's node resets, in the server's name, what asks for a certain page",
    files: BRIDGED,
    set: [
      [
        "n1",
        `iptables -A FORWARD -p tcp --dport 8080 -m string --algo bm --string secret -j REJECT --reject-with tcp-reset`,
      ],
    ],
    traffic: from1(http(P2), http(P2, "/secret")),
    flows: [{ protocol: "tcp", port: 8080, statuses: ["rejected"] }],
  },
  {
    name: "two-places-lose",
    what: "the sender's node loses every fifth request, the far one every fourth reply",
    files: BRIDGED,
    set: [
      ["n1", dropping(`ip saddr ${P1} icmp type echo-request`, "numgen inc mod 5 0")],
      [
        "n2",
        `nft -f - <<'END'
table inet back { chain way { type filter hook forward priority -10; policy accept; icmp type echo-reply numgen inc mod 4 0 drop; }
}
END`,
      ],
    ],
    traffic: from1(`ping -n -c 20 -i 0.02 -W 1 ${P2} || true`),
    flows: [
      {
        protocol: "icmp",
        statuses: ["lost"],
        direction: "request",
        between: ["n1.cni0", "n1.flannel.1"],
        counted: true,
        missing: [
          ["request", "n1.cni0", "n1.flannel.1", 4],
          ["reply", "n2.cni0", "n2.flannel.1", 4],
        ],
      },
    ],
  },
  {
    name: "path-mtu-not-heard",
    what: "the far node says that packets are too big, and the client's firewall keeps that from it",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [
      ["n2", "ip link set veth2 mtu 1300"],
      [
        "p1",
        "iptables -A INPUT -p icmp --icmp-type fragmentation-needed -j DROP; ethtool -K eth0 tso off gso off",
      ],
    ],
    traffic: from1(ping(P2), pour(P2, 8090, { bytes: 6000, waitMs: 1500 })),
    flows: [
      delivered("icmp"),
      {
        protocol: "tcp",
        port: 8090,
        statuses: ["rejected", "lost"],
        direction: "request",
        between: ["n2.eth0", "n2.veth2"],
      },
    ],
  },
  {
    name: "gateway-silent-ipv6",
    what: "the pod's gateway does not answer neighbour discovery",
    shape: { wiring: "routed", family: 6 },
    files: ["p1.eth0", "n1.veth1"],
    set: [["n1", "ip addr del fe80::1/64 dev veth1"]],
    traffic: from1(`ping -n -c 4 -i 1 -W 1 ${podAddress("p2", 6)} || true`),
    flows: [{ protocol: "nd", statuses: ["unanswered"] }],
  },
  {
    name: "any-every-third",
    what: "all devices of both nodes; the far node drops every third ping",
    files: ["n1.any", "n2.any"],
    set: [["n2", dropping(`ip saddr ${P1} icmp type echo-request`, "numgen inc mod 3 0")]],
    traffic: from1(`ping -n -c 9 -i 0.05 -W 1 ${P2} || true`, http(P2)),
    flows: [
      delivered("tcp", 8080),
      { protocol: "icmp", statuses: ["lost"], direction: "request", counted: true },
    ],
  },
  {
    name: "syn-queue-full",
    what: "the server's program takes no more connections, its kernel drops the next ones",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [
      [
        "p2",
        "sysctl -qw net.ipv4.tcp_syncookies=0; setsid python3 -c 'import socket,time; s=socket.socket(); s.bind((\"\",8077)); s.listen(0); time.sleep(20)' >/dev/null 2>&1 & sleep 0.6",
      ],
    ],
    traffic: from1(
      [1, 2, 3, 4].map(() => `(${pour(P2, 8077, { bytes: 10, waitMs: 1600 })}) &`).join(" ") + " wait",
    ),
    flows: [{ protocol: "tcp", port: 8077, statuses: ["unanswered"] }],
  },
  {
    name: "last-node-of-three-drops",
    what: "of two servers on two nodes one node drops UDP that it forwards",
    shape: { nodes: 3 },
    files: [
      ...BRIDGED.slice(0, 5),
      "n2.eth0",
      "n2.veth2",
      "p2.eth0",
      "n3.eth0",
      "n3.flannel.1",
      "n3.veth4",
      "p4.eth0",
    ],
    set: [["n3", dropping(`ip daddr ${P4} udp dport 8090`, "meta l4proto udp")]],
    traffic: from1(udp(P2, 8090), udp(P4, 8090)),
    flows: [
      delivered("udp", 8090, { to: P2 }),
      {
        protocol: "udp",
        to: P4,
        statuses: ["lost"],
        direction: "request",
        between: ["n3.flannel.1", "n3.veth4"],
        counted: true,
      },
    ],
  },
];
