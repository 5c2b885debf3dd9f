import { connect, dig, http, httpAt, ping, pour, tls, udp } from "./programs.js";
import { service, SERVICE } from "./rules.js";
import { BRIDGED, delivered, PLAIN, ROUTED, type Scenario } from "./scenario.js";
import { nodeAddress, podAddress } from "./world.js";

/** Much at once, and what looks odd and is in order. */

const [P1, P2, P3, P4] = [podAddress("p1"), podAddress("p2"), podAddress("p3"), podAddress("p4")];
const from1 = (...scripts: readonly string[]): Scenario["traffic"] => scripts.map((script) => ["p1", script]);
const atOnce = (...scripts: readonly string[]): string =>
  `${scripts.map((one) => `(${one}) &`).join(" ")} wait`;

export const MIXED: readonly Scenario[] = [
  {
    name: "healthy-all-at-once",
    what: "every probe at the same time",
    files: BRIDGED,
    traffic: from1(atOnce(ping(P2), udp(P2, 8090), dig(P2), connect(P2, 8090), http(P2), tls(P2))),
    flows: [delivered("icmp"), delivered("udp", 8090), delivered("udp", 53), delivered("tcp", 8080)],
  },
  {
    name: "healthy-many-connections",
    what: "a dozen connections side by side through a Service",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n1", service("p2")]],
    traffic: from1(atOnce(...Array.from({ length: 12 }, () => httpAt(SERVICE, 80)))),
    flows: [delivered("tcp", 80)],
  },
  {
    name: "healthy-fast-pings",
    what: "pings 2 ms apart, all alike",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from1(`ping -n -c 40 -i 0.002 -W 1 -p 00 ${P2}`),
    flows: [delivered("icmp")],
  },
  {
    name: "healthy-same-datagrams",
    what: "the same datagram again and again, from one port",
    files: BRIDGED,
    traffic: from1(
      `node -e 'const s = require("node:dgram").createSocket("udp4"); let n = 0; const t = setInterval(() => { s.send("same", 8090, "${P2}"); if (++n === 15) { clearInterval(t); setTimeout(() => s.close(), 300); } }, 5);'`,
    ),
    flows: [delivered("udp", 8090)],
  },
  {
    name: "healthy-client-resets-at-end",
    what: "the client has its answer and closes with a reset",
    files: BRIDGED,
    traffic: from1(
      `node -e 'const s = require("node:net").connect(8080, "${P2}", () => s.write("GET /500 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")); s.once("data", () => setTimeout(() => s.resetAndDestroy(), 50));'`,
    ),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-keep-alive",
    what: "five requests over one connection",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from1(`curl -s -o /dev/null 'http://${P2}:8080/[1-5]00'`),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-waits-for-answer",
    what: "a request that waits for its answer still when the captures end",
    shape: { wiring: "plain" },
    files: PLAIN,
    traffic: from1(`setsid curl -s -o /dev/null -m 8 http://${P2}:8080/never >/dev/null 2>&1 & sleep 1.6`),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-node-port",
    what: "a port of the node, from another node, masqueraded on its way to the pod",
    shape: { nodes: 3 },
    files: ["n3.eth0", "n1.eth0", "n1.flannel.1", "n2.flannel.1", "n2.cni0", "n2.veth2", "p2.eth0"],
    set: [
      [
        "n1",
        `iptables -t nat -A PREROUTING -p tcp -d ${nodeAddress("n1")} --dport 30080 -j DNAT --to-destination ${P2}:8080
         iptables -t nat -A POSTROUTING -d ${P2} -p tcp --dport 8080 -j MASQUERADE`,
      ],
    ],
    traffic: [["n3", httpAt(nodeAddress("n1"), 30080, "/300")]],
    flows: [delivered("tcp", 30080)],
  },
  {
    name: "healthy-port-rewritten",
    what: "a masquerade that gives each connection another port",
    files: BRIDGED,
    set: [["n1", `iptables -t nat -A POSTROUTING -s ${P1} -d ${P2} -p tcp -j MASQUERADE --random-fully`]],
    traffic: from1(http(P2), http(P2), http(P2)),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-ping-masqueraded",
    what: "pings whose id a masquerade rewrites",
    shape: { wiring: "routed" },
    files: ROUTED,
    set: [["n1", `iptables -t nat -A POSTROUTING -s ${P1} -d ${P2} -p icmp -j MASQUERADE --random-fully`]],
    traffic: from1(ping(P2, 4)),
    flows: [delivered("icmp")],
  },
  {
    name: "healthy-any-service-same-node",
    what: "all devices of one node, a Service led to a pod beside the client",
    files: ["n1.any"],
    set: [["n1", service("p3")]],
    traffic: from1(httpAt(SERVICE, 80), ping(P3)),
    flows: [delivered("tcp", 80), delivered("icmp")],
  },
  {
    name: "healthy-any-hairpin",
    what: "all devices of one node, a pod asks its own Service",
    shape: { wiring: "routed" },
    files: ["n1.any"],
    set: [["n1", `${service("p1")}; iptables -t nat -A POSTROUTING -s ${P1} -d ${P1} -j MASQUERADE`]],
    traffic: from1(httpAt(SERVICE, 80)),
    flows: [delivered("tcp", 80)],
  },
  {
    name: "healthy-any-three-nodes",
    what: "all devices of three nodes, two servers on two of them",
    shape: { nodes: 3 },
    files: ["n1.any", "n2.any", "n3.any"],
    traffic: from1(http(P2), http(P4), ping(P2), dig(P4)),
    flows: [
      delivered("tcp", 8080, { to: P2 }),
      delivered("tcp", 8080, { to: P4 }),
      delivered("icmp"),
      delivered("udp", 53),
    ],
  },
  {
    name: "healthy-nic-alone",
    what: "both nodes' NICs and no more",
    shape: { wiring: "routed" },
    files: ["n1.eth0", "n2.eth0"],
    traffic: from1(ping(P2), http(P2, "/4000"), dig(P2)),
    flows: [delivered("icmp"), delivered("tcp", 8080), delivered("udp", 53)],
  },
  {
    name: "healthy-late-answer",
    what: "the server thinks for a while before it answers",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [["p2", "tc qdisc add dev eth0 root tbf rate 64kbit burst 1600 latency 2s 2>/dev/null || true"]],
    traffic: from1(http(P2, "/6000")),
    flows: [delivered("tcp", 8080)],
  },
  {
    name: "healthy-offload-off",
    what: "a download where no device cuts or joins",
    shape: { wiring: "plain" },
    files: PLAIN,
    set: [
      ["p1", "ethtool -K eth0 gro off gso off tso off"],
      ["p2", "ethtool -K eth0 gro off gso off tso off"],
      ["n1", "ethtool -K eth0 gro off gso off tso off; ethtool -K veth1 gro off gso off tso off"],
      ["n2", "ethtool -K eth0 gro off gso off tso off; ethtool -K veth2 gro off gso off tso off"],
    ],
    traffic: from1(http(P2, "/30000")),
    flows: [delivered("tcp", 8080)],
    snaplen: 110,
  },
  {
    name: "healthy-cut-on-the-way",
    what: "a download and an upload that one node's devices cut and the other's join",
    files: BRIDGED,
    set: [["n1", "ethtool -K eth0 gro on gso off tso off; ethtool -K flannel.1 gso off tso off"]],
    traffic: from1(http(P2, "/50000"), pour(P2, 8090, { bytes: 50_000, waitMs: 400 })),
    flows: [delivered("tcp", 8080), delivered("tcp", 8090)],
    snaplen: 130,
  },
  {
    name: "healthy-ipv6-service",
    what: "a ClusterIP over IPv6",
    shape: { family: 6 },
    files: BRIDGED,
    set: [
      [
        "n1",
        `ip6tables -t nat -A PREROUTING -d fd96::10 -p tcp --dport 80 -j DNAT --to-destination [${podAddress("p2", 6)}]:8080`,
      ],
    ],
    traffic: from1(httpAt("fd96::10", 80, "/900")),
    flows: [delivered("tcp", 80)],
  },
  {
    name: "healthy-ipv6-fragments",
    what: "pings of 3000 bytes over IPv6, in fragments",
    shape: { wiring: "plain", family: 6 },
    files: PLAIN,
    traffic: from1(ping(podAddress("p2", 6), 2, "-s 3000")),
    flows: [delivered("icmp")],
  },
];
