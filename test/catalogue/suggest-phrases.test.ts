import { join } from "node:path";
import t from "tap";
import { suggest } from "../../lib/catalogue/suggest.js";
import { listRunbooks } from "../../lib/runbook/index.js";

/** What people on call type or paste, and which runbooks may stand first or second for it; `!`: it has to be the first. */
const PHRASES: readonly (readonly [text: string, names: string])[] = [
  ["networkpolicy", "policy-drop!"],
  ["denied by policy", "policy-drop!"],
  ["connection refused after policy", "policy-drop!"],
  ["connection times out since we applied a network policy", "policy-drop!"],
  ["network policies are blocking allowed traffic", "policy-drop!"],
  ["networkpolicy's egress is not working", "policy-drop!"],
  ["a networkpolicy with only egress denies all ingress traffic", "policy-drop!"],
  ["deny-egress netpol allows all traffic instead", "policy-drop!"],
  ["xx drop (Policy denied) flow 0x0 to endpoint 310, identity 4->2", "policy-drop!"],
  [
    "requests to a cluster ip only work when the pod is on the same node",
    "trace-service trace-nodes node-to-node",
  ],
  ["pod can't connect to a service on another node", "trace-service node-to-node"],
  ["cannot reach pod on other node", "node-to-node trace-path"],
  ["pod connectivity fails on certain nodes", "trace-nodes node-to-node"],
  ["pod to pod communication across nodes", "node-to-node"],
  ["pods on different nodes are unable to communicate with each other", "node-to-node"],
  ["no cross-subnet pod communication with wireguard enabled", "node-to-node"],
  ["ipip protocol 4 blocked by the security group", "node-to-node"],
  ["pod can't connect to a service in a crossnode setup", "node-to-node trace-path"],
  ["pod egress denied", "policy-drop!"],
  ["egress network policy is not applied", "policy-drop!"],
  ["can't ping 8.8.8.8 from a pod", "egress!"],
  ["host to host latency", "connect!"],
  ["bad udp cksum when using vxlan", "checksum-offload!"],
  ["dns works after ethtool -K flannel.1 tx-checksum-ip-generic off", "checksum-offload dns"],
  ["only the node that runs the app answers on its nodeport", "trace-service!"],
  ["my coredns logs many i/o timeouts", "dns trace-path"],
  ["Client.Timeout exceeded while awaiting headers", "trace-path!"],
  ["dial tcp 172.16.1.11:32307: connect: no route to host", "trace-path!"],
  ["Failed to establish a new connection: [Errno 110] Connection timed out", "trace-path!"],
  [
    "Readiness probe failed: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    "trace-path!",
  ],
  ["dial tcp 10.96.0.20:80: connect: connection refused", "trace-path trace-service"],
  ["504 Gateway Time-out", "trace-path!"],
  ["curl: (56) Recv failure: Connection reset by peer", "count-resets!"],
  ["read tcp 172.18.68.56:55230->172.19.0.1:443: read: connection reset by peer", "count-resets!"],
  ["java.net.SocketException: Connection reset", "count-resets!"],
  ["connection reset by peer from time to time", "watch-resets!"],
  [
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "count-resets trace-path",
  ],
  ["connection reset due to invalid conntrack packets", "conntrack!"],
  ["kernel: nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack!"],
  ["conntrack insert_failed rises", "conntrack!"],
  ["udp traffic still goes to a stale endpoint after the pod was restarted", "conntrack!"],
  ["DNS intermittent delays of 5s", "dns!"],
  [";; connection timed out; no servers could be reached", "dns!"],
  ["plugin/errors: 2 example.com. A: read udp 10.244.1.5:39011->10.96.0.10:53: i/o timeout", "dns"],
  ["dial tcp: lookup db.shop.svc.cluster.local on 10.96.0.10:53: server misbehaving", "dns!"],
  ["java.net.UnknownHostException: db", "dns!"],
  ["getaddrinfo EAI_AGAIN redis", "dns!"],
  ["nslookup fails from a pod", "dns!"],
  ["mtu mismatch with wireguard", "mtu!"],
  ["packets larger than 1450 bytes are dropped over vxlan", "mtu!"],
  ["curl hangs after TLS client hello", "mtu!"],
  ["ping works but downloads of large files get stuck", "mtu!"],
  ["pods cannot access the internet", "egress!"],
  ["pod to external traffic is not masqueraded", "egress!"],
  ["wrong source ip when leaving the cluster", "egress!"],
  ["cannot access the service ip from a node", "trace-service!"],
  ["some endpoints of the service time out", "trace-service!"],
  ["no healthy upstream", "trace-service!"],
  ["nodeport only reachable on the node where the pod runs", "trace-service trace-nodes"],
  ["cannot curl some endpoints from some nodes after a node drain", "trace-nodes trace-service"],
  ["calls to pods are sometimes slow, they take 10 or 20 seconds", "connect!"],
  ["high latency between pods on different hosts", "connect!"],
  ["random network latency", "connect!"],
  ["net/http: TLS handshake timeout", "connect mtu"],
  ["x509: certificate signed by unknown authority", "connect!"],
  ["x509: certificate is valid for a.example, not b.example", "connect!"],
  ["remote error: tls: handshake failure", "connect!"],
  ["how to find the veth peer of a container's eth0", "find-interface!"],
  ["tcpdump is not available in the container", "capture!"],
  ["get a pcap file of what a pod sends", "capture!"],
  ["iperf shows many retransmits", "packet-loss!"],
  ["rx_dropped rises on the node's interface", "pod-interfaces packet-loss"],
  ["intermittent timeouts between pods", "watch-path packet-loss"],
];

const entries = await listRunbooks([join(import.meta.dirname, "../../runbooks")]);
const RUNBOOKS = entries.map(({ name, runbook }) => ({ name, symptoms: runbook?.metadata.symptoms ?? [] }));

for (const [text, names] of PHRASES) {
  t.test(`${text}: ${names}`, (t) => {
    const found = suggest(text, RUNBOOKS).map(({ of }) => of.name);
    const wanted = names.replace("!", "").split(" ");
    const shown = found.slice(0, names.endsWith("!") ? 1 : 2);
    t.ok(
      shown.some((name) => wanted.includes(name)),
      `says ${found.join(", ") || "nothing"}`,
    );
    t.end();
  });
}
