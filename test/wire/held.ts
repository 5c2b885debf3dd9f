import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { FlowEnds, NEITHER } from "../../lib/analysis/follow/ends.js";
import { dissectFrame, dissectQuote } from "../../lib/analysis/dissect/dissect.js";
import { Packet, STOP } from "../../lib/analysis/dissect/packet.js";
import { buildFilter } from "../../lib/capture/filter.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowAddress } from "../../lib/model/evidence.js";
import type { Protocol } from "../../lib/model/traffic.js";
import type { Flow, Hop, Worn } from "../../lib/model/hops.js";
import { openersOf } from "../../lib/wire/open.js";
import { ethernet, framesOf, icmp, ip, markOf, pcap, tcp, udp, type Ip } from "../capture/packets.js";

/**
 * Holds a format's capture filter, as the real tcpdump understands it, against its dissector: over packets of every
 * outer and inner version both have to choose the same ones.
 */
export interface Wrapping {
  readonly protocol: number;
  readonly body: Buffer;
}

export interface HeldFormat {
  /** What the hop wears, by its outer version. */
  readonly worn: (outer: 4 | 6) => Worn;
  /** What the outer IP header carries; `change` names one of `variants`. */
  readonly wrap: (inner: Buffer, worn: Worn, change?: string) => Wrapping;
  /** Ways to wrap that are of the flow … */
  readonly same: readonly string[];
  /** … and that are of another network, or of none. */
  readonly other: readonly string[];
  /** Ways that a device of the format does not wrap, so that its filter leaves them out, and a dissector reads. */
  readonly unfiltered?: readonly string[];
}

const FROM: readonly FlowAddress[] = [
  { ip: "10.1.0.5", port: null },
  { ip: "fd00:1::5", port: null },
];
const TO: readonly FlowAddress[] = [
  { ip: "10.1.1.7", port: 8080 },
  { ip: "fd00:1:1::7", port: 8080 },
];
const OUTER = { 4: ["10.77.0.11", "10.77.0.12"], 6: ["fd77::11", "fd77::12"] } as const;
const STRANGER = { 4: "10.1.0.99", 6: "fd00:1::99" } as const;
const NUMBER = { 4: { icmp: 1, udp: 17, tcp: 6 }, 6: { icmp: 58, udp: 17, tcp: 6 } } as const;
const ICMP = {
  4: { request: 8, reply: 0, error: 3, other: 13 },
  6: { request: 128, reply: 129, error: 1, other: 135 },
} as const;
const VERSIONS = [4, 6] as const;
const PROTOCOLS: readonly Protocol[] = ["icmp", "udp", "tcp"];

/** Inner packets of a flow and of its neighbours, by what they are. */
function innerPackets(version: 4 | 6, protocol: Protocol): Record<string, Buffer> {
  const [from = "", to = ""] = [FROM, TO].map((list) => list[version === 4 ? 0 : 1]?.ip);
  const types = ICMP[version];
  const body = (src: number, dst: number, type: number): Buffer =>
    protocol === "icmp" ? icmp(type) : protocol === "tcp" ? tcp(src, dst) : udp(src, dst);
  const request = {
    src: from,
    dst: to,
    protocol: NUMBER[version][protocol],
    body: body(40_000, 8080, types.request),
  };
  const reply = { ...request, src: to, dst: from, body: body(8080, 40_000, types.reply) };
  const error = (about: Ip): Ip => ({
    ...{ src: STRANGER[version], dst: about.src, protocol: NUMBER[version].icmp },
    body: icmp(types.error, ip(about)),
  });
  const later = { body: Buffer.alloc(24, 0xee), fragmentOffset: 90 };
  const packets: Record<string, Ip> = {
    request,
    reply,
    "request with options": { ...request, optionWords: version === 4 ? 3 : 0 },
    "first fragment": { ...request, moreFragments: true },
    "later fragment": { ...request, ...later },
    "later fragment of a reply": { ...reply, ...later, moreFragments: true },
    "error about the request": error(request),
    "error about another": error({ ...request, dst: STRANGER[version] }),
    "another source": { ...request, src: STRANGER[version] },
    "another destination": { ...request, dst: STRANGER[version] },
    "later fragment of another": { ...request, ...later, dst: STRANGER[version] },
    "another port or type": { ...request, body: body(40_000, 81, types.other) },
    "the port on the wrong side": { ...request, body: body(8080, 40_000, types.other) },
    "another protocol": { ...request, protocol: 132 },
  };
  return Object.fromEntries(Object.entries(packets).map(([name, packet]) => [name, ip(packet)]));
}

/** Frames by what they are, as a hop on the wire shows them. */
function framesOfFormat(format: HeldFormat): Map<string, Buffer> {
  const frames = new Map<string, Buffer>();
  for (const outer of VERSIONS) {
    const [src, dst] = OUTER[outer];
    const worn = format.worn(outer);
    const put = (name: string, carried: Wrapping, more: Partial<Ip> = {}): void => {
      frames.set(`IPv${outer}, ${name}`, ethernet(ip({ src, dst, ...carried, ...more })));
    };
    for (const version of VERSIONS) {
      for (const protocol of PROTOCOLS) {
        const inner = innerPackets(version, protocol);
        const name = (what: string): string => `IPv${version} ${protocol}: ${what}`;
        for (const [what, packet] of Object.entries(inner)) put(name(what), format.wrap(packet, worn));
        const request = inner["request"] ?? Buffer.alloc(0);
        for (const change of [...format.same, ...format.other, ...(format.unfiltered ?? [])])
          put(name(change), format.wrap(request, worn, change));
        const carried = format.wrap(request, worn);
        if (outer === 4) put(name("outer options"), carried, { optionWords: 2 });
        if (outer === 4) put(name("first outer fragment"), carried, { moreFragments: true });
        put(name("later outer fragment"), carried, { fragmentOffset: 90 });
        put(name("another outer protocol"), { ...carried, protocol: 132 });
        frames.set(`IPv${outer}, ${name("bare")}`, ethernet(request));
      }
    }
  }
  return frames;
}

/** The frame with an 802.1Q tag. */
function tag(frame: Buffer): Buffer {
  return Buffer.concat([frame.subarray(0, 12), Buffer.from([0x81, 0, 0, 7]), frame.subarray(12)]);
}

function end(addresses: readonly FlowAddress[]): End {
  return {
    ...{
      kind: "pod",
      text: "x",
      pod: "x/y",
      node: "node-a",
      ip: addresses[0]?.ip ?? "",
      port: null,
      addresses,
    },
    ...{ netns: { kind: "host" }, hostNetwork: false, cniHostInterfaces: [] },
  };
}

function filterOf(worn: Worn, protocol: Protocol): string {
  const hop: Hop = {
    ...{
      index: 0,
      id: "node-a.nic.eth0",
      node: "node-a",
      role: "nic",
      interface: "eth0",
      netns: { kind: "host" },
    },
    ...{ mtuBytes: 1500, encapsulation: worn, evidence: [] },
  };
  const path = {
    from: end(FROM),
    to: end(TO),
    recipe: "r",
    hops: [hop],
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [],
  };
  const flow: Flow = { id: "f0", protocol, probe: null, path };
  return buildFilter(hop, [flow], { sshConnection: null });
}

/** Whether the analysis counts the frame to the flow. */
function isOfFlow(frame: Buffer, worn: Worn, protocol: Protocol): boolean {
  const [packet, quoted] = [new Packet(), new Packet()];
  const tunnels = openersOf(worn);
  dissectFrame(frame, { at: 0, capturedBytes: frame.length, linktype: 1 }, { tunnels }, packet);
  if (packet.stop !== STOP.none || packet.worn === null) return false;
  const type = frame.readUInt16BE(12) === 0x8100 ? frame.readUInt16BE(16) : frame.readUInt16BE(12);
  if (type !== (worn.outer === 4 ? 0x0800 : 0x86dd)) return false;
  if (worn.vni !== undefined && packet.tunnelId !== worn.vni) return false;
  const ends = new FlowEnds(FROM, TO, protocol);
  if (ends.directionOf(packet) !== NEITHER) return true;
  return dissectQuote(frame, packet, tunnels, quoted) && ends.directionOf(quoted) !== NEITHER;
}

export const real =
  spawnSync("tcpdump", ["--version"]).status === 0 ? {} : { skip: "this machine has no tcpdump" };

/** What filter and dissector choose, by outer version, protocol and whether the frames have a VLAN tag. */
function hold(format: HeldFormat): { name: string; filter: string[]; dissector: string[]; all: string[] }[] {
  const frames = [...framesOfFormat(format)];
  const folder = mkdtempSync(join(tmpdir(), "hopbook-wire-"));
  try {
    return [false, true].flatMap((tagged) => {
      const marked = frames.map(([, frame], index) => {
        const copy = Buffer.from(tagged ? tag(frame) : frame);
        copy.writeUInt16BE(index, 10);
        return copy;
      });
      const file = join(folder, `${String(tagged)}.pcap`);
      writeFileSync(file, pcap(marked));
      return VERSIONS.flatMap((outer) =>
        PROTOCOLS.map((protocol) => {
          const worn = format.worn(outer);
          // A device's own filter sees frames without the tag, which the kernel takes away; a file has it.
          const filter = `${tagged ? "vlan and " : ""}${filterOf(worn, protocol)}`;
          const out = execFileSync("tcpdump", ["-r", file, "-w", "-", "--", filter], {
            stdio: ["ignore", "pipe", "ignore"],
          });
          const nameOf = (index: number): string => frames[index]?.[0] ?? "?";
          return {
            name: `IPv${outer} outside, ${protocol}${tagged ? ", VLAN" : ""}`,
            filter: framesOf(out).map((frame) => nameOf(markOf(frame))),
            dissector: marked.flatMap((frame, index) =>
              isOfFlow(frame, worn, protocol) ? [nameOf(index)] : [],
            ),
            all: frames
              .map(([name]) => name)
              .filter((name) => name.startsWith(`IPv${outer},`) && name.includes(` ${protocol}: `)),
          };
        }),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const OURS =
  /: (request|reply|request with options|first fragment|later fragment|later fragment of a reply|error about the request|outer options|first outer fragment)$/;

/** Those of the names that any format's filter has to choose. */
function isOurs(name: string, same: readonly string[]): boolean {
  return OURS.test(name) || same.some((change) => name.endsWith(`: ${change}`));
}

/** Filter and dissector choose the same packets, and those of the flow. */
export function chooseAlike(t: Test, format: HeldFormat): void {
  const isUnfiltered = (one: string): boolean =>
    (format.unfiltered ?? []).some((change) => one.endsWith(`: ${change}`));
  for (const { name, filter, dissector, all } of hold(format)) {
    const filtered = dissector.filter((one) => !isUnfiltered(one));
    t.strictSame(filtered, filter, `${name}: dissector as filter`);
    t.strictSame(dissector.filter(isUnfiltered), all.filter(isUnfiltered), `${name}: the dissector's own`);
    t.strictSame(
      filter,
      all.filter((one) => isOurs(one, format.same)),
      `${name}: the flow's`,
    );
  }
}
