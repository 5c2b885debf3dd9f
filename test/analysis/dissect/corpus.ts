import { LINKTYPE } from "../../../lib/packets/linktype.js";
import { greHeader } from "../../wire/gre.js";
import {
  concat,
  ethernet,
  icmp,
  ip,
  ipv4,
  ipv6,
  pcap,
  sll,
  sll2,
  tcp,
  udp,
  vxlan,
  type PcapRecord,
} from "../helpers/packets.js";

/** Captures of every link type and encapsulation, the same each time, with all that tshark and hopbook can both tell. */
export interface MadeCapture {
  readonly name: string;
  readonly bytes: Buffer;
}

type Wrap = (packet: Buffer) => Buffer;
type Link = (packet: Buffer, bigEndian: boolean) => Buffer;
type Version = 4 | 6;

const NODES = {
  4: { source: "10.77.0.11", destination: "10.77.0.12" },
  6: { source: "fd77::11", destination: "fd77::12" },
} as const;
const typeOf = (packet: Uint8Array): number => (packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);
const outer = (version: Version, protocol: number, body: Uint8Array): Buffer =>
  ip({ ...NODES[version], protocol }, body);
const overUdp = (
  version: Version,
  port: number,
  ...parts: readonly (Uint8Array | readonly number[])[]
): Buffer => outer(version, 17, udp(50_001, port, concat(...parts)));
const inIp =
  (version: Version): Wrap =>
  (packet) =>
    outer(version, packet[0]! >> 4 === 6 ? 41 : 4, packet);
const inGre =
  (version: Version, options: Omit<Parameters<typeof greHeader>[0], "type">, isFrame = false): Wrap =>
  (packet) =>
    outer(
      version,
      47,
      concat(
        greHeader({ type: isFrame ? 0x6558 : typeOf(packet), ...options }),
        isFrame ? ethernet(packet) : packet,
      ),
    );
const genericVxlan = (packet: Buffer): Buffer =>
  overUdp(4, 4790, [0x0c, 0, 0, packet[0]! >> 4 === 6 ? 2 : 1, 0, 0, 7, 0], packet);
const geneve =
  (version: Version): Wrap =>
  (packet) =>
    overUdp(version, 6081, [2, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 1, 9, 9, 9, 9], ethernet(packet));
const erspan =
  (kind: 1 | 2 | 3): Wrap =>
  (packet) => {
    const headers = { 1: [], 2: [0x10, 1, 0, 100, 0, 0, 0, 5], 3: [0x20, 1, 0, 100, 1, 2, 3, 4, 0, 0, 0, 0] };
    const type = kind === 3 ? 0x22eb : 0x88be;
    const gre = greHeader({ type, ...(kind === 1 ? {} : { sequence: 9 }) });
    return outer(4, 47, concat(gre, headers[kind], ethernet(packet)));
  };

/** By their outermost version; null: whichever the packets are of. */
const WRAPS: readonly (readonly [name: string, version: Version | null, wrap: Wrap])[] = [
  ["bare", null, (packet) => packet],
  ["VXLAN", 4, (packet) => vxlan(ethernet(packet), NODES[4])],
  ["VXLAN over IPv6", 6, (packet) => vxlan(ethernet(packet), NODES[6])],
  ["VXLAN with a tag inside", 4, (packet) => vxlan(ethernet(packet, { vlan: 9 }), NODES[4])],
  ["generic VXLAN", 4, genericVxlan],
  ["Geneve", 4, geneve(4)],
  ["Geneve over IPv6", 6, geneve(6)],
  ["IP in IPv4", 4, inIp(4)],
  ["IP in IPv6", 6, inIp(6)],
  ["GRE", 4, inGre(4, {})],
  ["GRE with all options", 4, inGre(4, { checksum: true, key: 77, sequence: 5 })],
  ["GRE over IPv6", 6, inGre(6, { key: 5 })],
  ["frames in GRE", 4, inGre(4, { key: 5 }, true)],
  ["ERSPAN II", 4, erspan(2)],
  ["ERSPAN III", 4, erspan(3)],
  ["ERSPAN I", 4, erspan(1)],
  ["VXLAN in GRE", 4, (packet) => inGre(4, {})(vxlan(ethernet(packet), NODES[6]))],
  ["IP in IP in IP", 6, (packet) => inIp(6)(inIp(4)(packet))],
  ["Geneve in VXLAN", 4, (packet) => vxlan(ethernet(geneve(4)(packet)), NODES[4])],
];

const tagged = (packet: Uint8Array): Buffer =>
  concat([0, 9, typeOf(packet) >> 8, typeOf(packet) & 0xff], packet);
const labelled = (packet: Uint8Array): Buffer => concat([0, 1, 0x20, 64, 0, 2, 0x21, 64], packet);
/** As the capturing machine has it, whose byte order the file's is. */
const nflog = (packet: Uint8Array, bigEndian: boolean): Buffer => {
  const short = (value: number): number[] => {
    const bytes = [value & 0xff, value >> 8];
    return bigEndian ? bytes.reverse() : bytes;
  };
  const head = [packet[0]! >> 4 === 6 ? 10 : 2, 0, 0, 5, ...short(4 + packet.length), ...short(9)];
  return concat(head, packet);
};
const family = (packet: Uint8Array, order: "LE" | "BE"): Buffer => {
  const number = packet[0]! >> 4 === 6 ? 24 : 2;
  return concat(order === "LE" ? [number, 0, 0, 0] : [0, 0, 0, number], packet);
};

const LINKS: readonly (readonly [name: string, linktype: number, version: Version | null, link: Link])[] = [
  ["Ethernet", LINKTYPE.EN10MB, null, (packet) => ethernet(packet)],
  ["a tag", LINKTYPE.EN10MB, null, (packet) => ethernet(packet, { vlan: 300 })],
  [
    "two tags",
    LINKTYPE.EN10MB,
    null,
    (packet) => ethernet(concat([0, 8, 0x81, 0], tagged(packet)), { type: 0x88a8 }),
  ],
  ["MPLS", LINKTYPE.EN10MB, null, (packet) => ethernet(labelled(packet), { type: 0x8847 })],
  ["LINUX_SLL", LINKTYPE.LINUX_SLL, null, (packet) => sll(packet)],
  ["LINUX_SLL2", LINKTYPE.LINUX_SLL2, null, (packet) => sll2(packet)],
  ["LINUX_SLL with a tag", LINKTYPE.LINUX_SLL, null, (packet) => sll(tagged(packet), 0x8100)],
  ["RAW", LINKTYPE.RAW, null, (packet) => packet],
  ["RAW of BSD", LINKTYPE.RAW_BSD, null, (packet) => packet],
  ["NULL", LINKTYPE.NULL, null, (packet) => family(packet, "LE")],
  ["LOOP", LINKTYPE.LOOP, null, (packet) => family(packet, "BE")],
  ["NFLOG", LINKTYPE.NFLOG, null, nflog],
  ["IPV4", LINKTYPE.IPV4, 4, (packet) => packet],
  ["IPV6", LINKTYPE.IPV6, 6, (packet) => packet],
];

const CAPTURES = 60;

export function makeCorpus(): MadeCapture[] {
  return Array.from({ length: CAPTURES }, (_, index) => {
    const [linkName, linktype, linkVersion, link] = LINKS[index % LINKS.length]!;
    const fits = WRAPS.filter(
      ([, version]) => version === null || linkVersion === null || version === linkVersion,
    );
    const [wrapName, , wrap] = fits[(index + Math.floor(index / LINKS.length) * 5) % fits.length]!;
    const version = wrapName === "bare" && linkVersion !== null ? linkVersion : index % 3 === 2 ? 6 : 4;
    const bigEndian = index % 5 === 1;
    const frames = conversations(index, version).map(({ timeUs, bytes }) => ({
      timeUs,
      bytes: link(wrap(Buffer.from(bytes)), bigEndian),
    }));
    const options = { linktype, bigEndian, nanoseconds: index % 4 === 3 };
    return { name: `${index}: ${wrapName} on ${linkName}, IPv${version}`, bytes: pcap(frames, options) };
  });
}

const STATUSES = [
  "200 OK",
  "204 No Content",
  "301 Moved Permanently",
  "404 Not Found",
  "503 Service Unavailable",
];
const RCODES = [0, 3, 2, 5, 0];

/** A few HTTP exchanges, some with segments that are sent again, DNS queries and pings. */
function conversations(seed: number, version: Version): PcapRecord[] {
  const client = version === 4 ? "10.1.0.5" : "fd00:1::5";
  const server = version === 4 ? "10.1.1.7" : "fd00:1:1::7";
  const records: PcapRecord[] = [];
  let timeUs = 1_790_000_000_000_000 + seed * 1_000_000;
  let id = seed * 100;
  const send = (from: "client" | "server", protocol: number, body: Buffer): void => {
    const way =
      from === "client" ? { source: client, destination: server } : { source: server, destination: client };
    timeUs += 1000 + ((seed * 37 + records.length * 101) % 900);
    id++;
    const options = { ...way, protocol: protocol === 1 && version === 6 ? 58 : protocol, id };
    records.push({ timeUs, bytes: version === 4 ? ipv4(options, body) : ipv6(options, body) });
  };
  for (let talk = 0; talk < 1 + (seed % 3); talk++) {
    const port = 40_000 + talk;
    const segment = (
      from: "client" | "server",
      flags: string,
      [seq, ack]: readonly [number, number],
      text = "",
    ): void => {
      const [sourcePort, destinationPort] = from === "client" ? [port, 80] : [80, port];
      const head = { sourcePort, destinationPort, seq, ack, flags, timestamp: records.length + 1 };
      send(from, 6, tcp(head, Buffer.from(text)));
    };
    const [a, b] = [1000 + seed, 900_000 + seed];
    const ask = `GET /${talk} HTTP/1.1\r\nHost: web\r\n\r\n`;
    const answer = `HTTP/1.1 ${STATUSES[(seed + talk) % STATUSES.length]}\r\nContent-Length: 0\r\n\r\n`;
    segment("client", "S", [a, 0]);
    segment("server", "S.", [b, a + 1]);
    segment("client", ".", [a + 1, b + 1]);
    segment("client", "P.", [a + 1, b + 1], ask);
    for (let again = 0; again < (seed + talk) % 3; again++) {
      timeUs += 300_000;
      segment("client", "P.", [a + 1, b + 1], ask);
    }
    segment("server", ".", [b + 1, a + 1 + ask.length]);
    segment("server", "P.", [b + 1, a + 1 + ask.length], answer);
    if ((seed + talk) % 4 === 1) {
      timeUs += 400_000;
      segment("server", "P.", [b + 1, a + 1 + ask.length], answer);
    }
    segment("client", "F.", [a + 1 + ask.length, b + 1 + answer.length]);
    segment("server", "F.", [b + 1 + answer.length, a + 2 + ask.length]);
    segment("client", ".", [a + 2 + ask.length, b + 2 + answer.length]);
  }
  const name = concat([1, 0x61, 7], Buffer.from("example"), [0, 0, 1, 0, 1]);
  for (let query = 0; query < 1 + (seed % 4); query++) {
    const rcode = RCODES[(seed + query) % RCODES.length]!;
    const port = 50_100 + query;
    send("client", 17, udp(port, 53, concat([seed, query, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name)));
    const record = rcode === 0 ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1] : [];
    const head = [seed, query, 0x81, 0x80 | rcode, 0, 1, 0, rcode === 0 ? 1 : 0, 0, 0, 0, 0];
    send("server", 17, udp(53, port, concat(head, name, record)));
  }
  for (let seq = 1; seq <= 2 + (seed % 2); seq++) {
    const [ask, answer] = version === 4 ? [8, 0] : [128, 129];
    const rest = { id: 7 + seed, seq, payload: Buffer.alloc(24, seq) };
    send("client", 1, icmp(ask, 0, rest));
    send("server", 1, icmp(answer, 0, rest));
  }
  return records;
}
