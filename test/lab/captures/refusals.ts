import { connect, dig, http, httpAt, ping, pour, tls, udp } from "./programs.js";
import { SERVICE } from "./rules.js";
import { BRIDGED, delivered, PLAIN, ROUTED, type Scenario } from "./scenario.js";
import { podAddress, type Pod } from "./world.js";

/** What is refused, answered with an error, or not answered though it arrived. */

const [P1, P2] = [podAddress("p1"), podAddress("p2")];

const from = (pod: Pod, ...scripts: readonly string[]): Scenario["traffic"] =>
  scripts.map((script) => [pod, script] as const);

export const REFUSALS: readonly Scenario[] = [
  {
    name: "nobody-listens-tcp",
    what: "no process has the port: the pod's kernel resets",
    files: BRIDGED,
    traffic: from("p1", ping(P2), connect(P2, 7777)),
    flows: [delivered("icmp"), { protocol: "tcp", port: 7777, statuses: ["rejected"] }],
  },
  {
    name: "nobody-listens-udp",
    what: "no process has the port: the pod's kernel says unreachable",
    shape: { wiring: "routed" },
    files: ROUTED,
    traffic: from("p1", ping(P2), udp(P2, 7777, { count: 2 })),
    flows: [delivered("icmp"), { protocol: "udp", port: 7777, statuses: ["rejected"] }],
  },
  {
    name: "service-without-endpoints",
    what: "kube-proxy rejects a Service that has no endpoint",
    files: BRIDGED,
    set: [
      [
        "n1",
        `iptables -A FORWARD -d ${SERVICE} -p tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable`,
      ],
    ],
    traffic: from("p1", http(P2), httpAt(SERVICE, 80)),
    flows: [delivered("tcp", 8080), { protocol: "tcp", port: 80, statuses: ["rejected"] }],
  },
  {
    name: "policy-rejects-by-reset",
    what: "the far node's firewall resets in the server's name",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n2", `iptables -A FORWARD -d ${P2} -p tcp --dport 8080 -j REJECT --reject-with tcp-reset`]],
    traffic: from("p1", ping(P2), http(P2)),
    flows: [delivered("icmp"), { protocol: "tcp", port: 8080, statuses: ["rejected"] }],
  },
  {
    name: "route-prohibited",
    what: "the sender's node has a route that forbids",
    files: BRIDGED,
    set: [["n1", "ip route replace prohibit 10.244.2.0/24"]],
    traffic: from("p1", ping(P2)),
    flows: [{ protocol: "icmp", statuses: ["rejected"] }],
  },
  {
    name: "far-pod-gone",
    what: "the far pod is gone: its node asks who has the address, and says unreachable in the end",
    files: BRIDGED.slice(0, -2),
    set: [["n2", "ip link set veth2 down"]],
    traffic: from("p1", `ping -n -c 3 -i 0.5 -W 3 ${P2} || true; sleep 1.5`),
    flows: [{ protocol: "icmp", statuses: ["rejected"] }],
  },
  {
    name: "routing-loop",
    what: "two nodes send the packets to each other until their TTL ends",
    shape: { wiring: "plain" },
    files: PLAIN.slice(0, 4),
    set: [
      [
        "n2",
        "ip route del 10.244.2.2; ip route replace 10.244.2.0/24 via 10.77.0.11; sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0",
      ],
      ["n1", "sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0"],
    ],
    traffic: from("p1", ping(P2, 2, "-t 9")),
    flows: [{ protocol: "icmp", statuses: ["rejected", "lost"] }],
  },
  {
    name: "dns-refused",
    what: "the server refuses names that are not its own: delivered, and an error of DNS",
    files: BRIDGED,
    traffic: from("p1", dig(P2, { name: "www.example.com", more: "+tries=1" })),
    flows: [delivered("udp", 53, { outcome: "REFUSED" })],
  },
  {
    name: "dns-no-such-name",
    what: "a name that does not exist, along the search domains",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from(
      "p1",
      dig(P2, { name: "wep.shop.svc.cluster.local" }),
      dig(P2, { name: "wep.svc.cluster.local" }),
      dig(P2),
    ),
    flows: [delivered("udp", 53, { outcome: "NXDOMAIN" })],
  },
  {
    name: "http-503",
    what: "the server answers 503: no matter of the network",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from("p1", http(P2, "/status/503"), http(P2, "/status/503")),
    flows: [delivered("tcp", 8080, { outcome: "503" })],
  },
  {
    name: "http-never-answers",
    what: "the server takes the request and never says anything",
    files: BRIDGED,
    traffic: from("p1", http(P2, "/never", "-m 1")),
    flows: [{ protocol: "tcp", port: 8080, statuses: ["unanswered"] }],
  },
  {
    name: "server-resets-after-request",
    what: "the server's program resets whoever says something",
    shape: { wiring: "routed" },
    files: ROUTED,
    traffic: from("p1", httpAt(P2, 8098), httpAt(P2, 8098)),
    flows: [{ protocol: "tcp", port: 8098, statuses: ["rejected"] }],
  },
  {
    name: "server-reads-nothing",
    what: "the server's program does not read: its window closes",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [["p2", "sysctl -qw net.ipv4.tcp_rmem='4096 16384 65536'"]],
    traffic: from("p1", pour(P2, 8099, { bytes: 300_000, waitMs: 1200 })),
    flows: [
      { protocol: "tcp", port: 8099, statuses: ["delivered", "unanswered"], findings: ["zero-window"] },
    ],
    snaplen: 96,
  },
  {
    name: "client-drops-syn-ack",
    what: "the client's own firewall drops the answer: its kernel never hears of it",
    files: BRIDGED,
    set: [["p1", "iptables -A INPUT -p tcp --sport 8090 -j DROP"]],
    traffic: from("p1", ping(P2), connect(P2, 8090, { count: 1, waitMs: 1300 })),
    flows: [
      delivered("icmp"),
      {
        protocol: "tcp",
        port: 8090,
        statuses: ["unanswered"],
        direction: "reply",
        findings: ["handshake-incomplete"],
      },
    ],
  },
  {
    name: "server-pod-drops",
    what: "the pod's own firewall drops the SYN: it arrived, and nobody answers",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["p2", "iptables -A INPUT -p tcp --dport 8080 -j DROP"]],
    traffic: from("p1", ping(P2), http(P2, "/100", "-m 1.5")),
    flows: [
      delivered("icmp"),
      { protocol: "tcp", port: 8080, statuses: ["unanswered"], findings: ["handshake-incomplete"] },
    ],
  },
  {
    name: "egress-unanswered",
    what: "out of the cluster, masqueraded, to a machine that is silent",
    shape: { wiring: "routed" },
    files: ["p1.eth0", "n1.veth1", "n1.eth0"],
    set: [
      ["n1", "iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -j MASQUERADE"],
      ["n2", "iptables -A INPUT -s 10.77.0.11 -p icmp -j DROP"],
    ],
    traffic: from("p1", ping("10.77.0.12", 3)),
    flows: [{ protocol: "icmp", statuses: ["unanswered", "inconclusive"] }],
  },
  {
    name: "client-sends-other-tls",
    what: "the client asks for a version of TLS that the server has not",
    files: BRIDGED,
    traffic: from("p1", tls(P2, "--tls-max 1.1")),
    flows: [delivered("tcp", 8443)],
    snaplen: 400,
  },
  {
    name: "stray-masquerade",
    what: "the sender's node masquerades what goes to the other pod, whose node lets only the pod in",
    files: BRIDGED,
    set: [
      ["n1", `iptables -t nat -A POSTROUTING -s ${P1} -d ${P2} -j MASQUERADE`],
      ["n2", `iptables -A FORWARD -d ${P2} ! -s ${P1} -j DROP`],
    ],
    traffic: from("p1", ping(P2, 3), http(P2, "/100", "-m 1.5")),
    flows: [
      {
        protocol: "icmp",
        statuses: ["lost"],
        direction: "request",
        between: ["n2.flannel.1", "n2.cni0"],
        lost: 3,
        findings: ["source-rewritten"],
      },
      {
        protocol: "tcp",
        statuses: ["lost"],
        direction: "request",
        between: ["n2.flannel.1", "n2.cni0"],
        findings: ["source-rewritten"],
      },
    ],
  },
];
