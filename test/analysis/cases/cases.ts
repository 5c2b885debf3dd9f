import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FlowFinding, FlowProtocol, HopRef, VerdictStatus } from "../../../lib/model/findings.js";

/**
 * Captures of faults that people met, each taken at every hop: `p1` to `p3` are pods, `n1` and `n2` nodes (cni0 a
 * bridge, flannel.1 VXLAN), `fab` the router between them. Files are in the order of the request.
 */

const CAPTURES = fileURLToPath(new URL("../../fixtures/captures/", import.meta.url));

/** A flow that the findings must have. What is left out may be anything. */
export interface ExpectedFlow {
  readonly protocol: FlowProtocol;
  readonly port?: number;
  readonly to?: string;
  readonly statuses: readonly VerdictStatus[];
  readonly direction?: "request" | "reply";
  /** Between which captures packets vanish: names of files without their ending. */
  readonly between?: readonly [string, string];
  readonly lost?: number;
}

/** A hop by its file, without its ending. */
export const nameOf = (hop: HopRef | null): string => hop?.interface.replace(/\.pcap$/, "") ?? "-";

/** Whether a flow of the findings is the one that is expected, and its verdict the right one. */
export function fitsFlow(flow: FlowFinding, wanted: ExpectedFlow): boolean {
  const { verdict } = flow;
  const [lastSeen, firstMissing] = wanted.between ?? [];
  return (
    flow.protocol === wanted.protocol &&
    (wanted.port === undefined || flow.to.port === wanted.port) &&
    (wanted.to === undefined || flow.to.ip === wanted.to) &&
    wanted.statuses.includes(verdict.status) &&
    (wanted.direction === undefined || verdict.direction === wanted.direction) &&
    (lastSeen === undefined || nameOf(verdict.lastSeen) === lastSeen) &&
    (firstMissing === undefined || nameOf(verdict.firstMissing) === firstMissing) &&
    (wanted.lost === undefined || verdict.lost.packets === wanted.lost)
  );
}

export interface Case {
  readonly name: string;
  readonly what: string;
  readonly files: readonly string[];
  readonly flows: readonly ExpectedFlow[];
  /** No flow at all may be called lost, rejected or unanswered. */
  readonly healthy?: true;
}

const SENDER = ["p1.eth0", "n1.veth1", "n1.cni0", "n1.flannel.1", "n1.eth0"];
const RECEIVER = ["n2.eth0", "n2.flannel.1", "n2.cni0", "n2.veth2", "p2.eth0"];
const ALL = [...SENDER, "fab.fa1", "fab.fa2", ...RECEIVER];

const delivered = (protocol: FlowProtocol, port?: number): ExpectedFlow => ({
  protocol,
  statuses: ["delivered"],
  ...(port === undefined ? {} : { port }),
});

const lost = (
  protocol: FlowProtocol,
  direction: "request" | "reply",
  between: readonly [string, string],
  more: Partial<ExpectedFlow> = {},
): ExpectedFlow => ({ protocol, statuses: ["lost"], direction, between, ...more });

const CASES: readonly Case[] = [
  {
    name: "bridge-skips-nat",
    what: "a Service on the same node: the reply is switched by the bridge past NAT, and the client resets it",
    files: ["p1.eth0", "n1.veth1", "n1.cni0", "n1.veth3", "p3.eth0"],
    flows: [{ protocol: "tcp", statuses: ["rejected", "lost", "unanswered"] }],
  },
  {
    name: "two-pods-one-address",
    what: "two pods have one address, and the other one answers",
    files: ["p1.eth0", "n1.flannel.1", "n2.flannel.1", "n2.cni0", "n2.veth2", "p2.eth0"],
    flows: [{ protocol: "icmp", statuses: ["lost", "inconclusive", "rejected"] }],
  },
  {
    name: "local-policy-no-endpoint",
    what: "externalTrafficPolicy Local: the node has no endpoint and drops on purpose",
    files: ["fab.fa1", "n1.eth0"],
    flows: [{ protocol: "tcp", statuses: ["unanswered", "lost"] }],
  },
  {
    name: "tunnel-peer-unknown",
    what: "the tunnel has no FDB entry for the other node",
    files: ALL,
    flows: [lost("icmp", "request", ["n1.flannel.1", "n1.eth0"])],
  },
  {
    name: "first-syn-dropped",
    what: "the first SYN of each connection is dropped, its copy a second later passes: two of four",
    files: ALL,
    flows: [lost("tcp", "request", ["n1.cni0", "n1.flannel.1"], { lost: 2 })],
  },
  {
    name: "forward-policy-drop",
    what: "the receiver's FORWARD policy is DROP",
    files: ALL,
    flows: [lost("icmp", "request", ["n2.flannel.1", "n2.cni0"])],
  },
  {
    name: "healthy-service",
    what: "ping, TCP to the pod and to its Service, whose both forms pass cni0",
    files: ALL,
    flows: [delivered("icmp"), delivered("tcp", 80)],
    healthy: true,
  },
  {
    name: "healthy-bridge-floods",
    what: "a bridge port sees frames for another port",
    files: ALL,
    flows: [delivered("tcp")],
    healthy: true,
  },
  {
    name: "fabric-mtu-hole",
    what: "over 1400 bytes vanish in the fabric without a word: large pings one way, TCP data the other",
    files: ALL,
    flows: [
      lost("icmp", "request", ["fab.fa1", "fab.fa2"], { lost: 3 }),
      lost("tcp", "reply", ["fab.fa2", "fab.fa1"]),
    ],
  },
  {
    name: "gateway-unanswered",
    what: "the pod asks who has 169.254.1.1, nobody answers, and no IP packet is ever sent",
    files: ["p1.eth0", "n1.veth1", "n1.flannel.1", "n1.eth0"],
    flows: [{ protocol: "arp", statuses: ["unanswered"] }],
  },
  {
    name: "reply-route-astray",
    what: "the receiver's route back is another device's",
    files: ALL,
    flows: [lost("icmp", "reply", ["n2.cni0", "n2.flannel.1"])],
  },
  {
    name: "dns-denied",
    what: "TCP passes, and the pod's DNS is dropped on its node",
    files: ALL,
    flows: [delivered("tcp", 80), lost("udp", "request", ["n1.cni0", "n1.flannel.1"], { port: 53 })],
  },
  {
    name: "reply-skips-snat",
    what: "the reply comes back with the pod's own address, and the client resets each SYN-ACK",
    files: ALL,
    flows: [{ protocol: "tcp", statuses: ["rejected", "lost", "unanswered"] }],
  },
  {
    name: "host-port-stale",
    what: "a host port is translated to a pod that is gone",
    files: ["fab.fa2", "n2.eth0", "n2.cni0", "n2.veth2", "p2.eth0"],
    flows: [{ protocol: "tcp", statuses: ["rejected", "lost"] }],
  },
  {
    name: "inner-tcp-dropped",
    what: "in one tunnel ICMP passes and TCP does not",
    files: ALL,
    flows: [delivered("icmp"), lost("tcp", "request", ["fab.fa1", "fab.fa2"])],
  },
  {
    name: "tunnel-mac-wrong",
    what: "the inner destination MAC is not the receiver's tunnel device's",
    files: ALL,
    flows: [lost("icmp", "request", ["n2.flannel.1", "n2.cni0"])],
  },
];

export function listCases(): readonly (Case & { readonly paths: readonly string[] })[] {
  return CASES.map((one) => ({
    ...one,
    paths: one.files.map((file) => join(CAPTURES, one.name, `${file}.pcap`)),
  }));
}
