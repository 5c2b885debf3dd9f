import { NAMINGS } from "../../fixtures/namings.js";
import { readFileSync } from "node:fs";
import { findCause } from "../../../lib/analysis/cause/index.js";
import type { CauseInput, CauseResult, FlowAlike } from "../../../lib/model/cause.js";
import type { EvidenceHop, FlowEvidence, StateKind, StateRecord } from "../../../lib/model/evidence.js";

const HEALTHY = new URL("../../fixtures/state/none/icmp.json", import.meta.url);

/** A real path: pod, host veth, tunnel and NIC of node-a (0–3), then of node-b in reverse (4–7). */
export const FLOW = (JSON.parse(readFileSync(HEALTHY, "utf8")) as { input: CauseInput }).input.flow;
export const [POD_A, VETH_A, TUNNEL_A, NIC_A, NIC_B, TUNNEL_B, VETH_B, POD_B] = FLOW.hops as readonly [
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
  EvidenceHop,
];
export const CLIENT = FLOW.from.ip;
export const WEB = FLOW.to.ip;

/** What a look at a node said. `at`: "node-b", or "node-b shop/web" for inside the pod. */
export interface Look {
  readonly at: string;
  readonly kind: StateKind;
  readonly text: string;
  readonly phase?: "before" | "after";
  readonly argv?: readonly string[];
  readonly exitCode?: number | null;
  readonly stderr?: string;
}

export interface Asked extends Partial<Omit<CauseInput, "lost" | "state" | "drops" | "readText">> {
  /** How many packets were lost; default 4. */
  readonly lose?: number;
  readonly ipBytes?: number;
  readonly looks?: readonly Look[];
  readonly trace?: string;
  /** evidence/policies.json. */
  readonly policies?: string;
  readonly drops?: CauseInput["drops"];
}

export const FIRST_SEC = 1000;

/** Asks for the cause of a loss between two hops; default: node-b's tunnel and host veth. */
export function ask(asked: Asked): CauseResult {
  const { lose = 4, ipBytes = 84, looks = [], trace, policies, ...rest } = asked;
  const texts = new Map<string, string>();
  const state = looks.map((look, index): StateRecord => {
    const [node = "", pod] = look.at.split(" ");
    const file = `look-${index}`;
    texts.set(file, look.text);
    return {
      node,
      netns: pod === undefined ? "host" : { pod },
      kind: look.kind,
      phase: look.phase ?? "after",
      argv: (look.argv ?? ["look", look.kind]) as StateRecord["argv"],
      exitCode: look.exitCode === undefined ? 0 : look.exitCode,
      file,
      stderr: look.stderr ?? "",
    };
  });
  if (trace !== undefined) texts.set("trace", trace);
  if (policies !== undefined) texts.set("evidence/policies.json", policies);
  const lastSeen = rest.lastSeen === undefined ? TUNNEL_B : rest.lastSeen;
  const worn = lastSeen?.role === "nic" ? 50 : 0;
  return findCause({
    flow: FLOW,
    status: "lost",
    direction: "request",
    firstMissing: VETH_B,
    lostCount: lose,
    rejectedBy: null,
    ...rest,
    lastSeen,
    lost: Array.from({ length: lose }, (_, index) => ({
      seenAtSec: FIRST_SEC + index * 0.2,
      frameBytes: ipBytes + worn + 14,
      ipBytes,
      ref: { pcap: "captures/x.pcap", frame: index + 1, summary: "packet" },
    })),
    state,
    drops:
      rest.drops ??
      (trace === undefined ? [] : [{ node: "node-b", file: "trace", unavailable: null, taiOffsetSec: 0 }]),
    namings: NAMINGS,
    readText: (path) => texts.get(path),
  });
}

/** Another flow that lost packets at the same place. */
export function alike(changes: Partial<FlowAlike> = {}): FlowAlike {
  return {
    flow: { ...FLOW, id: "f1" },
    status: "lost",
    direction: "request",
    lastSeen: TUNNEL_B,
    firstMissing: VETH_B,
    lostCount: 4,
    uncertainCount: 0,
    smallestLostIpBytes: 84,
    ...changes,
  };
}

export const flowOf = (protocol: FlowEvidence["protocol"], port: number | null = null): FlowEvidence => ({
  ...FLOW,
  protocol,
  to: { ...FLOW.to, port, addresses: [{ ip: WEB, port }] },
});

/** Trace lines of packets that came in on a device and were freed shortly after they were seen. */
export function freed(
  count: number,
  event: {
    location?: string;
    reason?: string | null;
    device?: string | null;
    bytes?: number;
    delaySec?: number;
  },
): string {
  const { location = "nft_do_chain", reason = "NETFILTER_DROP", device = "vxlan.calico" } = event;
  const { bytes = 84, delaySec = 0.00003 } = event;
  return Array.from({ length: count }, (_, index) => {
    const atSec = FIRST_SEC + index * 0.2 + delaySec;
    const skb = `skbaddr=00000000${index.toString(16).padStart(8, "0")}`;
    const came = `ping-1 [000] ..s1. ${(atSec - 0.00001).toFixed(6)}: netif_receive_skb: dev=${String(device)} ${skb} len=${bytes}\n`;
    const told = reason === null ? "" : ` reason: ${reason}`;
    return `${device === null ? "" : came}ping-1 [000] ..s1. ${atSec.toFixed(6)}: kfree_skb: ${skb} protocol=2048 location=${location}+0x1/0x2${told}\n`;
  }).join("");
}

/** iptables-save before and after, in which the rules (after `-A `) count. */
export function counted(
  at: string,
  rules: readonly { readonly rule: string; readonly from?: number; readonly to: number }[],
  chains: readonly string[] = [],
): Look[] {
  const write = (pick: (rule: { from?: number; to: number }) => number): string =>
    [
      "*filter",
      ":INPUT ACCEPT [0:0]",
      ":FORWARD ACCEPT [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ...chains.map((chain) => `:${chain} - [0:0]`),
      ...rules.map((rule) => `[${pick(rule)}:0] -A ${rule.rule}`),
      "COMMIT",
    ].join("\n");
  const argv = ["iptables-save", "-c"];
  return [
    { at, kind: "iptables", phase: "before", argv, text: write((rule) => rule.from ?? 0) },
    { at, kind: "iptables", argv, text: write((rule) => rule.to) },
  ];
}

/** `nstat` before and after. */
export function grew(at: string, counter: string, by: number): Look[] {
  const write = (value: number): string => JSON.stringify({ kernel: { [counter]: value } });
  return [
    { at, kind: "nstat", phase: "before", text: write(10) },
    { at, kind: "nstat", text: write(10 + by) },
  ];
}
