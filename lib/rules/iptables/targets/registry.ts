import { valueOf } from "../arguments.js";
import { passOn, setConnectionMark, setMark } from "./marks.js";
import { doNotTrack, setHopLimit, setTrafficClass, track } from "./others.js";
import type { MakeAction } from "./target.js";
import { destination, mapNetwork, masquerade, redirect, source } from "./translations.js";

/** Targets that change nothing that rules ask for. */
const PASSING =
  "LOG NFLOG ULOG TRACE AUDIT CHECKSUM TCPMSS TCPOPTSTRIP CLASSIFY SET IDLETIMER LED RATEEST TEE SECMARK CONNSECMARK ECN";

/** What iptables-extensions(8) calls a target. A chain of another's making is none of them. */
export const TARGETS: ReadonlyMap<string, MakeAction> = new Map<string, MakeAction>([
  ["ACCEPT", () => () => ({ kind: "accept" })],
  ["DROP", () => () => ({ kind: "drop" })],
  ["RETURN", () => () => ({ kind: "return" })],
  [
    "REJECT",
    (options) => () => ({
      kind: "reject",
      how: valueOf(options, "--reject-with") ?? "icmp-port-unreachable",
    }),
  ],
  ["MARK", setMark],
  ["CONNMARK", setConnectionMark],
  ["DNAT", destination],
  ["SNAT", source],
  ["MASQUERADE", masquerade],
  ["REDIRECT", redirect],
  ["NETMAP", mapNetwork],
  ["CT", track],
  ["NOTRACK", doNotTrack],
  ["TTL", setHopLimit],
  ["HL", setHopLimit],
  ["DSCP", setTrafficClass],
  ["TOS", setTrafficClass],
  ["QUEUE", () => () => ({ kind: "lost-sight", how: "a program that takes packets from a queue decides" })],
  ["NFQUEUE", () => () => ({ kind: "lost-sight", how: "a program that takes packets from a queue decides" })],
  ["TPROXY", () => () => ({ kind: "lost-sight", how: "it is given to a proxy of this machine" })],
  ["SYNPROXY", () => () => ({ kind: "lost-sight", how: "the kernel answers the handshake itself" })],
  ...PASSING.split(" ").map((name): [string, MakeAction] => [name, () => passOn]),
]);
