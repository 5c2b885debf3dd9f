import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CaptureRecord, FlowEvidence, ProbeRecord } from "../../../lib/model/evidence.js";
import type { Protocol } from "../../../lib/model/traffic.js";
import type { HopRole } from "../../../lib/model/roles.js";
import { ethernet, icmp, ip, pcap, tcp, udp, vxlan, type PcapRecord } from "./packets.js";

/** A run folder made of packets that go along a simulated path. */

export const START_US = 1_790_000_000_000_000;
export const CLIENT = "192.168.1.2";
export const SERVER = "192.168.2.3";
export const SERVICE = "10.96.0.10";
export const NODE_IPS = { "node-a": "10.77.0.11", "node-b": "10.77.0.12" } as const;
type NodeName = keyof typeof NODE_IPS;

export interface SimHop {
  readonly node: NodeName;
  readonly role: HopRole;
  readonly interface: string;
  readonly tunnel?: boolean;
  readonly passedBy?: readonly ("request" | "reply")[];
  /** Packets go in WireGuard's messages. */
  readonly sealed?: true;
  /** … with so many bytes of another tunnel's headers within. */
  readonly withinBytes?: number;
}

const hop = (node: NodeName, role: HopRole, name: string, tunnel = false): SimHop => ({
  node,
  role,
  interface: name,
  tunnel,
});

/** Calico's way through VXLAN: eight hops. */
export const CALICO: readonly SimHop[] = [
  hop("node-a", "pod", "eth0"),
  hop("node-a", "host-veth", "cali1"),
  hop("node-a", "tunnel", "vxlan.calico"),
  hop("node-a", "nic", "ens4", true),
  hop("node-b", "nic", "ens4", true),
  hop("node-b", "tunnel", "vxlan.calico"),
  hop("node-b", "host-veth", "cali2"),
  hop("node-b", "pod", "eth0"),
];

/** One packet as its sender made it. */
export interface SimPacket {
  /** µs since the start, at the sender. */
  readonly atUs: number;
  readonly reply?: boolean;
  /** How many hops of its way show it; default all. */
  readonly reach?: number;
  /** Hops (request order) that do not show it although it passes. */
  readonly hidden?: readonly number[];
  readonly id?: number;
  readonly clientPort?: number;
  /** By protocol. */
  readonly icmp?: { readonly seq: number; readonly id?: number; readonly payload?: Uint8Array };
  readonly udp?: Uint8Array;
  readonly tcp?: {
    readonly seq: number;
    readonly ack?: number;
    readonly flags?: string;
    readonly payload?: Uint8Array;
    readonly timestamp?: number;
  };
  readonly fragment?: { readonly offset: number; readonly more: boolean; readonly bytes: number };
  /** A packet that is no part of the flow: these bytes at each hop, inside the tunnel where there is one. */
  readonly raw?: Uint8Array;
}

export interface SimOptions {
  readonly protocol: Protocol;
  readonly packets: readonly SimPacket[];
  readonly hops?: readonly SimHop[];
  /** The request is sent to a ClusterIP and translated behind this hop. */
  readonly dnatAfter?: number;
  /** The ClusterIP stands for so many more backends. */
  readonly otherBackends?: number;
  /** The target's address in the other IP family. */
  readonly otherIp?: string;
  /** Hops (request order) that show TCP data in pieces of so many bytes. */
  readonly pieces?: Readonly<Record<number, number>>;
  readonly aheadUs?: Partial<Record<NodeName, number>>;
  readonly snaplenBytes?: number;
  readonly v6?: boolean;
  readonly probe?: FlowEvidence["probe"];
  readonly oneWay?: true;
  /** The target is an address of Services' that none has, and this is how that is known: it is no pod, on no node. */
  readonly noService?: string;
  readonly probes?: readonly Partial<ProbeRecord>[];
  /** By hop: changes to the capture's record; null: no capture at all. */
  readonly captures?: Readonly<Record<number, Partial<CaptureRecord> | null>>;
  readonly requestHops?: readonly number[];
  readonly replyHops?: readonly number[];
  /** Nodes of which only the pods were entered. */
  readonly unseen?: readonly NodeName[];
  readonly unentered?: FlowEvidence["unentered"];
}

const PORT = 8080;
const HOP_US = 20;

function addresses(options: SimOptions): { client: string; server: string; service: string } {
  return options.v6 === true
    ? { client: "fd00::1:2", server: "fd00::2:3", service: "fd96::10" }
    : { client: CLIENT, server: SERVER, service: SERVICE };
}

/** The packet's bytes at a hop: TTL, translation and tunnel as they are there. */
function shape(packet: SimPacket, index: number, options: SimOptions): Uint8Array[] {
  const hops = options.hops ?? CALICO;
  const { client, server, service } = addresses(options);
  const translated = options.dnatAfter === undefined || index > options.dnatAfter;
  const far = translated ? server : service;
  const port = translated ? PORT : 80;
  const clientPort = packet.clientPort ?? 40_000;
  const reply = packet.reply === true;
  const base = {
    source: reply ? far : client,
    destination: reply ? client : far,
    ttl: 64 - (reply ? hops.length - index : index),
    id: packet.id ?? 0,
  };
  const [from, to] = reply ? [port, clientPort] : [clientPort, port];
  const build = (): Uint8Array[] => {
    if (packet.raw !== undefined) return [packet.raw];
    if (packet.fragment !== undefined) {
      const { offset, more, bytes } = packet.fragment;
      const protocol = options.protocol === "icmp" ? 1 : 17;
      const first =
        options.protocol === "icmp"
          ? icmp(reply ? 0 : 8, 0, { id: 7, seq: 1 })
          : udp(from, to, Buffer.alloc(0));
      const body =
        offset === 0 ? Buffer.concat([first, Buffer.alloc(bytes - first.length, 5)]) : Buffer.alloc(bytes, 5);
      return [ip({ ...base, protocol, fragmentOffset: offset, moreFragments: more }, body)];
    }
    if (packet.udp !== undefined) return [ip({ ...base, protocol: 17 }, udp(from, to, packet.udp))];
    if (packet.icmp !== undefined) {
      const { seq, id = 7, payload = Buffer.alloc(56, seq) } = packet.icmp;
      const [request, answer] = options.v6 === true ? [128, 129] : [8, 0];
      const shown = options.dnatAfter !== undefined && translated ? id + 100 : id;
      return [ip({ ...base, protocol: 1 }, icmp(reply ? answer : request, 0, { id: shown, seq, payload }))];
    }
    const { payload = Buffer.alloc(0), seq, ...rest } = packet.tcp!;
    const piece = options.pieces?.[index] ?? Math.max(1, payload.length);
    const segments: Uint8Array[] = [];
    for (let at = 0; at === 0 || at < payload.length; at += piece)
      segments.push(
        ip(
          { ...base, protocol: 6 },
          tcp(
            { sourcePort: from, destinationPort: to, seq: seq + at, ...rest },
            payload.subarray(at, at + piece),
          ),
        ),
      );
    return segments;
  };
  return build().map((bytes) => {
    const { tunnel, sealed, withinBytes = 0 } = hops[index]!;
    if (tunnel !== true && sealed !== true) return ethernet(bytes);
    const [source, destination] = reply
      ? [NODE_IPS["node-b"], NODE_IPS["node-a"]]
      : [NODE_IPS["node-a"], NODE_IPS["node-b"]];
    if (sealed !== true) return ethernet(vxlan(ethernet(bytes), { source, destination }));
    const message = Buffer.alloc(32 + Math.ceil((bytes.length + withinBytes) / 16) * 16, 0xa5);
    message.set([4, 0, 0, 0]);
    return ethernet(ip({ source, destination, protocol: 17 }, udp(51_820, 51_820, message)));
  });
}

function recordsAt(index: number, options: SimOptions): PcapRecord[] {
  const hops = options.hops ?? CALICO;
  const ahead = options.aheadUs?.[hops[index]!.node] ?? 0;
  const records = options.packets.flatMap((packet) => {
    const step = packet.reply === true ? hops.length - 1 - index : index;
    if (step >= (packet.reach ?? Infinity) || packet.hidden?.includes(index) === true) return [];
    return shape(packet, index, options).map((bytes, piece) => ({
      timeUs: START_US + packet.atUs + step * HOP_US + piece + ahead,
      bytes,
    }));
  });
  return records.sort((a, b) => a.timeUs - b.timeUs);
}

function ofSeenNodes<Value>(
  { unseen = [] }: SimOptions,
  byNode: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(byNode).filter(([node]) => !unseen.includes(node as NodeName)));
}

/** Writes the run folder and gives the evidence that stands in it. */
export function writeRun(dir: string, options: SimOptions): FlowEvidence {
  const hops = options.hops ?? CALICO;
  const others = {
    ...(options.otherBackends === undefined ? {} : { otherBackends: options.otherBackends }),
    ...(options.otherIp === undefined ? {} : { otherIp: options.otherIp }),
  };
  const { client, server, service } = addresses(options);
  for (const name of ["evidence", "captures"]) mkdirSync(join(dir, name), { recursive: true });
  const evidenceHops = hops.map((one, index) => ({
    index,
    id: `${index}`,
    node: one.node,
    role: one.role,
    interface: one.interface,
    mtuBytes: 1500,
    encapsulation:
      one.tunnel === true
        ? ({ kind: "vxlan", port: 4789, vni: 4096, outer: 4 } as const)
        : one.sealed === true
          ? {
              kind: "wireguard",
              outer: 4 as const,
              ...(one.withinBytes === undefined ? {} : { withinBytes: one.withinBytes }),
            }
          : ({ kind: "none" } as const),
    ...(one.passedBy === undefined ? {} : { passedBy: one.passedBy }),
    pcap: `captures/${index}.pcap`,
  }));
  const port = options.protocol === "icmp" ? null : PORT;
  const direct = { ip: server, port };
  const to =
    options.dnatAfter === undefined ? [direct] : [{ ip: service, port: port === null ? null : 80 }, direct];
  const flow: FlowEvidence = {
    id: "f0",
    from: {
      pod: "shop/client",
      node: "node-a",
      ip: client,
      port: null,
      addresses: [{ ip: client, port: null }],
    },
    to: {
      ...(options.noService === undefined
        ? { pod: "shop/web", node: "node-b" }
        : { pod: null, node: null, noService: options.noService }),
      ...{ ...to[0]!, addresses: to, ...others },
    },
    protocol: options.protocol,
    probe: options.probe === undefined ? "ping" : options.probe,
    ...(options.oneWay === undefined ? {} : { oneWay: options.oneWay }),
    hops: options.requestHops?.map((index) => evidenceHops[index]!) ?? evidenceHops,
    replyHops: options.replyHops?.map((index) => evidenceHops[index]!) ?? null,
    underlay: ofSeenNodes(options, {
      "node-a": { ip: NODE_IPS["node-a"], interface: "ens4" },
      "node-b": { ip: NODE_IPS["node-b"], interface: "ens4" },
    }),
    tunnels: ofSeenNodes(options, {
      "node-b": {
        interface: "vxlan.calico",
        address: "192.168.2.0",
        gateway: null,
        remoteMac: null,
        remoteVtep: null,
      },
    }),
    notes: [],
    ...(options.unseen === undefined ? {} : { unseen: options.unseen }),
    ...(options.unentered === undefined ? {} : { unentered: options.unentered }),
  };
  const captures: CaptureRecord[] = [];
  for (const [index, one] of evidenceHops.entries()) {
    const change = options.captures?.[index];
    const records = recordsAt(index, options);
    if (change === null) continue;
    const snaplenBytes = options.snaplenBytes ?? 262_144;
    writeFileSync(join(dir, one.pcap), pcap(records, { snaplenBytes }));
    const ahead = options.aheadUs?.[hops[index]!.node] ?? 0;
    captures.push({
      hopId: one.id,
      node: one.node,
      interface: one.interface,
      argv: ["tcpdump"],
      filter: "",
      snaplenBytes,
      pcap: one.pcap,
      sizeBytes: 0,
      sha256: null,
      listeningAtSec: (START_US - 1_000_000 + ahead) / 1e6,
      stoppedAtSec: (START_US + 60_000_000 + ahead) / 1e6,
      captured: records.length,
      received: records.length,
      droppedByKernel: 0,
      droppedByInterface: null,
      endedEarly: null,
      ...change,
    });
  }
  const probes = (options.probes ?? []).map((probe) => ({
    flowId: "f0",
    kind: "ping",
    node: "node-a",
    argv: ["ping"],
    to: direct,
    tagHex: null,
    icmpId: null,
    attempts: [],
    exitCode: 0,
    error: null,
    ...probe,
  }));
  saveEvidence(dir, "flows.json", { flows: [flow] });
  saveEvidence(dir, "captures.json", { captures, barrier: { skewMs: 1, readyAfterMs: 2 } });
  saveEvidence(dir, "traffic.json", { probes });
  saveEvidence(dir, "run.json", {
    id: "run-1",
    runbook: "trace-path",
    startedAt: "2026-11-21T04:00:00Z",
    finishedAt: null,
    cluster: "sim",
    complete: true,
    incomplete: [],
  });
  return flow;
}

export function saveEvidence(dir: string, name: string, value: unknown): void {
  writeFileSync(join(dir, "evidence", name), JSON.stringify(value));
}

/** `count` pings a second apart, each answered unless told otherwise. */
export function pings(
  count: number,
  change: (seq: number, reply: boolean) => Partial<SimPacket> | null = () => ({}),
): SimPacket[] {
  const packets: SimPacket[] = [];
  for (let seq = 1; seq <= count; seq++) {
    for (const reply of [false, true]) {
      const changed = change(seq, reply);
      if (changed === null) continue;
      const atUs = (seq - 1) * 1_000_000 + (reply ? 500 : 0);
      packets.push({ atUs, reply, id: seq * 7 + (reply ? 900 : 0), icmp: { seq }, ...changed });
    }
  }
  return packets;
}
