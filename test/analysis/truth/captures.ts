import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ethernet, icmp, ip, pcap, tcp, udp, type PcapRecord } from "../helpers/packets.js";
import { endsOf, tupleOf, type Form } from "./addresses.js";
import type { Frame, Segment } from "./frame.js";
import { extend, markEcn, wear, withChecksums, withHeaderChecksum } from "./layers.js";
import { isCaptured, type Sighting } from "./network.js";
import { Random } from "./random.js";
import type { FlowPlan, GapPlan, HopPlan, Scenario } from "./scenario.js";

export const START_US = 1_790_000_000_000_000;
const LINKTYPES = { ethernet: 1, vlan: 1, qinq: 1, raw: 101, sll: 113, sll2: 276 } as const;
const WINDOW = 502;
const STREAM = Buffer.alloc(200_000);
for (let index = 0; index < STREAM.length; index++) STREAM[index] = (index * 131 + (index >> 8) * 17) & 0xff;

/** Writes one capture file a hop; gives their paths in the hops' order. */
export function writeCaptures(dir: string, scenario: Scenario, sightings: readonly Sighting[]): string[] {
  const byHop: Sighting[][] = scenario.hops.map(() => []);
  for (const sighting of sightings)
    if (isCaptured(scenario, sighting.hop, sighting.atUs)) byHop[sighting.hop]!.push(sighting);
  const endUs = sightings.reduce((most, { atUs }) => Math.max(most, atUs), 0);
  return scenario.hops.map((hop, index) => {
    const random = new Random(scenario.seed + index);
    const seen = byHop[index]!.sort((a, b) => a.atUs - b.atUs).filter((sighting) =>
      scenario.gaps.every((gap) => gap.hop !== index || isKept(gap, sighting.atUs, { endUs, random })),
    );
    const aheadUs = START_US + scenario.aheadUs[hop.node]!;
    const step = scenario.odd?.clockStep;
    const steppedUs = (atUs: number): number =>
      step !== undefined && step.node === hop.node && atUs >= step.atUs ? step.byUs : 0;
    const records: PcapRecord[] = seen.map((sighting) => ({
      timeUs: sighting.atUs + aheadUs + steppedUs(sighting.atUs),
      bytes: show(scenario, sighting),
    }));
    if (scenario.noise && scenario.windows === null) records.push(...inventNoise(hop, aheadUs));
    // A clock that is set back leaves records as they were written.
    if (step === undefined) records.sort((a, b) => a.timeUs - b.timeUs);
    const path = join(dir, `${index}.${hop.name}.pcap`);
    const { snaplenBytes } = scenario;
    writeFileSync(path, pcap(records, { snaplenBytes, linktype: LINKTYPES[hop.link] }));
    return path;
  });
}

function isKept(
  { kind, share }: GapPlan,
  atUs: number,
  { endUs, random }: { readonly endUs: number; readonly random: Random },
): boolean {
  if (kind === "misses some") return !random.chance(share);
  return kind === "starts late" ? atUs >= endUs * share : atUs <= endUs * (1 - share);
}

/** A sighting's bytes: TTL, addresses and tunnel as they are there. */
function show(scenario: Scenario, { hop: index, frame, ...form }: Sighting): Buffer {
  const { hops } = scenario;
  const plan = scenario.flows[frame.flow]!;
  const isForth = plan.reversed !== frame.isRequest;
  const [first, last] = plan.span;
  const passed = isForth ? hops.slice(first + 1, index + 1) : hops.slice(index + 1, last + 1);
  const ttl = 64 - passed.filter(({ routed }) => routed).length;
  const packet = decorate(build(scenario, frame, { ...form, ttl }), scenario, { index, isForth });
  const [a, b] = ["172.18.1.11", "172.18.2.12"];
  const outer = isForth ? { source: a, destination: b } : { source: b, destination: a };
  return wear(packet, hops[index]!, outer);
}

/** With what real machines put into packets beside, as it is at a hop. */
function decorate(
  packet: Buffer,
  { real, v6 }: Scenario,
  at: { readonly index: number; readonly isForth: boolean },
): Buffer {
  if (real === undefined) return packet;
  const { markedFrom, extended } = real;
  const isBehind = markedFrom !== null && (at.isForth ? at.index >= markedFrom : at.index < markedFrom);
  const marked = markedFrom === null ? packet : markEcn(packet, isBehind ? 3 : 2);
  return extended && v6 ? extend(marked) : marked;
}

function build(scenario: Scenario, frame: Frame, at: Form & { readonly ttl: number }): Buffer {
  const plan = scenario.flows[frame.flow]!;
  const { flow, connection, backend, body } = frame;
  const ends = endsOf(plan, { flow, connection, backend, v6: scenario.v6 });
  const tuple = tupleOf(ends, frame, at);
  const base = { ...tuple, ttl: at.ttl, id: frame.ipId, dontFragment: plan.ipId === "zero" };
  switch (body.kind) {
    case "udp":
      return withChecksums(
        ip({ ...base, protocol: 17 }, udp(tuple.sourcePort, tuple.destinationPort, body.payload)),
      );
    case "echo": {
      const [request, reply] = scenario.v6 ? [128, 129] : [8, 0];
      const id = frame.isRequest ? tuple.sourcePort : tuple.destinationPort;
      const message = icmp(frame.isRequest ? request : reply, 0, { ...body, id });
      return withChecksums(ip({ ...base, protocol: 1 }, message));
    }
    case "fragment": {
      const whole = build(scenario, body.of, at).subarray(20);
      const part = whole.subarray(body.from, body.from + body.length);
      const place = { fragmentOffset: body.from, moreFragments: !body.isLast };
      return withHeaderChecksum(ip({ ...base, ...place, protocol: 17 }, part));
    }
    case "too big": {
      const quoted = build(scenario, body.about, at).subarray(0, scenario.v6 ? 1200 : 548);
      const message = icmp(scenario.v6 ? 2 : 3, scenario.v6 ? 0 : 4, { seq: body.bytes, payload: quoted });
      const source = scenario.v6 ? "fd00:77::1" : "10.77.0.1";
      return withChecksums(ip({ ...base, source, protocol: 1 }, message));
    }
    case "refusal": {
      const quoted = build(scenario, body.about, at).subarray(0, scenario.v6 ? 1200 : 548);
      const message = icmp(scenario.v6 ? 1 : 3, scenario.v6 ? 4 : 3, { payload: quoted });
      return withChecksums(ip({ ...base, protocol: 1 }, message));
    }
    case "tcp": {
      const { seq, ack, length, flags } = body.segment;
      const [own, peer] = startsOf(frame);
      const header = {
        ...tuple,
        seq: (own + seq) >>> 0,
        ack: flags.includes(".") ? (peer + ack) >>> 0 : 0,
        flags,
        ...(flags.includes("R") ? {} : { options: optionsOf(plan, frame, peer) }),
      };
      // What comes with a SYN stands behind it.
      const start = flags.startsWith("S") ? seq + 1 : seq;
      const payload = STREAM.subarray(start, start + length);
      const shown = tcp(header, payload);
      shown.writeUInt16BE(flags.includes("R") ? 0 : WINDOW, 14);
      return withChecksums(ip({ ...base, protocol: 6 }, shown));
    }
  }
}

/** Both ends' initial sequence numbers; some wrap after a few bytes. */
function startsOf({ flow, connection, isRequest }: Frame): readonly [number, number] {
  const client = (flow * 1_000_003 + connection * 7919 + (connection % 3 === 1 ? 0xffffff00 : 5000)) >>> 0;
  const server =
    (flow * 2_000_003 + connection * 104_729 + (connection % 4 === 2 ? 0xfffffe00 : 900_000)) >>> 0;
  return isRequest ? [client, server] : [server, client];
}

function optionsOf({ timestamps }: FlowPlan, frame: Frame, peer: number): Uint8Array {
  const { sacks = [] } = (frame.body as { segment: Segment }).segment;
  const blocks = sacks.flatMap((range) => range.map((at) => (peer + at) >>> 0));
  const head = sacks.length === 0 ? [] : [1, 1, 5, 2 + 8 * sacks.length];
  const said = Buffer.alloc(blocks.length * 4);
  blocks.forEach((at, index) => said.writeUInt32BE(at, index * 4));
  return Buffer.concat([timestamps ? stampsOf(frame) : Buffer.alloc(0), Buffer.from(head), said]);
}

function stampsOf({ body }: Frame): Uint8Array {
  if (body.kind !== "tcp") return new Uint8Array(0);
  const { stampMs, echoMs } = body.segment;
  const options = Buffer.from([1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
  options.writeUInt32BE(stampMs >>> 0, 4);
  options.writeUInt32BE(echoMs >>> 0, 8);
  return options;
}

/** Who has the gateway, answered; and a host that joins a group. */
function inventNoise(hop: HopPlan, aheadUs: number): PcapRecord[] {
  if (hop.link !== "ethernet" || hop.wears !== "none") return [];
  const ask = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 244, 1, 9, 0, 0, 0, 0, 0, 0, 10, 244, 1, 1];
  const answer = [0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 2, 10, 244, 1, 1, 2, 0, 0, 0, 0, 1, 10, 244, 1, 9];
  const join = ip(
    { source: "10.244.1.1", destination: "224.0.0.22", protocol: 2, ttl: 1 },
    Buffer.from([0x22, 0, 0, 0, 0, 0, 0, 0]),
  );
  return [
    { timeUs: aheadUs + 10, bytes: ethernet(Uint8Array.from(ask), { type: 0x0806 }) },
    { timeUs: aheadUs + 40, bytes: ethernet(Uint8Array.from(answer), { type: 0x0806 }) },
    { timeUs: aheadUs + 70, bytes: ethernet(withChecksums(join)) },
  ];
}
