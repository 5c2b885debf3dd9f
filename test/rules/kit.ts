import type { BaseChain } from "../../lib/rules/chain.js";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { makePacket, type Packet, type PacketDescription } from "../../lib/rules/packet.js";
import { viewNode, type NodeState } from "../../lib/rules/view.js";
import { sayConditions, type Under } from "../../lib/rules/walk/conditions.js";
import { walkHooks, type HookStep, type Walk } from "../../lib/rules/walk/path.js";

export const CLIENT = "10.0.0.1";
export const SERVER = "10.0.1.2";

export function packetOf(description: Partial<PacketDescription> = {}): Packet {
  const packet = makePacket({
    ...{ source: CLIENT, destination: SERVER, protocol: "tcp", sourcePort: 40000, destinationPort: 80 },
    ...{ tcpFlags: 2, lengthBytes: 60, hopLimit: 64, trafficClass: 0 },
    connection: { state: "new", isSourceTranslated: false, isDestinationTranslated: false, mark: 0 },
    ...description,
  });
  if (packet === undefined) throw new Error("no packet");
  return packet;
}

/** In by eth0, out by veth1, as a router sees it. */
export const FORWARDED: readonly HookStep[] = [
  { hook: "prerouting", family: "ip", inDevice: "eth0", outDevice: null },
  { hook: "forward", family: "ip", inDevice: "eth0", outDevice: "veth1" },
  { hook: "postrouting", family: "ip", inDevice: null, outDevice: "veth1" },
];

export interface Asked {
  readonly packet?: Partial<PacketDescription>;
  readonly steps?: readonly HookStep[];
  readonly node?: NodeState;
}

export function walkChains(
  chains: readonly BaseChain[],
  { packet, steps = FORWARDED, node = {} }: Asked = {},
): Walk {
  return walkHooks(chains, packetOf(packet), { steps, node: viewNode(node) });
}

/** Rules of the filter table's FORWARD, other chains by `CHAIN: rule`. */
export function filter(rules: readonly string[], chains: readonly string[] = []): string {
  return [
    "*filter",
    ":INPUT ACCEPT [0:0]",
    ":FORWARD ACCEPT [0:0]",
    ":OUTPUT ACCEPT [0:0]",
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...rules.map((rule) => `-A ${rule}`),
    "COMMIT",
    "",
  ].join("\n");
}

export function walkFilter(
  rules: readonly string[],
  asked: Asked & { readonly chains?: readonly string[] } = {},
): Walk {
  return walkChains(loadIptables(filter(rules, asked.chains), 4), asked);
}

/** "drop by -A FORWARD -j DROP if …", one for each fate; "pass" for what comes through. */
export function fates({ ended, passed }: Walk): string[] {
  const spell = (what: string, under: Under): string => {
    const said = sayConditions(under);
    return said === null ? what : `${what} if ${said}`;
  };
  return [
    ...ended.map(({ kind, rule, world }) => spell(`${kind} by ${rule?.text ?? "policy"}`, world.conditions)),
    ...passed.map(({ conditions }) => spell("pass", conditions)),
  ];
}

/** The processor's time of the faster of two, for other work of the machine is no cost of the evaluator's. */
export function timed<Result>(run: () => Result): { readonly ms: number; readonly result: Result } {
  const runs = [1, 2].map(() => {
    const from = process.cpuUsage();
    const result = run();
    const { user, system } = process.cpuUsage(from);
    return { ms: (user + system) / 1000, result };
  });
  return runs.toSorted((one, other) => one.ms - other.ms)[0]!;
}
