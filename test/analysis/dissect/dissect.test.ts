import t from "tap";
import { LINKTYPE } from "../../../lib/packets/linktype.js";
import { STOP } from "../../../lib/analysis/dissect/packet.js";
import { destinationOf, sourceOf } from "../../../lib/analysis/dissect/summarise.js";
import { NO_OPENERS, openersOf } from "../../../lib/wire/open.js";
import { dissect } from "../helpers/dissected.js";
import { concat, ethernet, icmp, ip, ipv4, ipv6, sll, sll2, tcp, udp, vxlan } from "../helpers/packets.js";
import { fc } from "../../fixtures/property.js";

const V4 = { source: "192.168.1.2", destination: "192.168.2.3" };
const V6 = { source: "fd00::1:2", destination: "fd00::2:3" };
const NODES = { source: "10.77.0.11", destination: "10.77.0.12" };
const ping = ipv4({ ...V4, protocol: 1, id: 77 }, icmp(8, 0, { id: 5, seq: 3, payload: Buffer.alloc(56) }));

const tag = (vlan: number, type: number): Buffer =>
  Buffer.from(Uint8Array.of(vlan >> 8, vlan & 0xff, type >> 8, type & 0xff));
/** Two MPLS labels, the second one at the bottom of the stack. */
const label = (payload: Uint8Array): Buffer => concat([0, 1, 0x20, 64, 0, 2, 0x21, 64], payload);
const nflog = (packet: Uint8Array, order: "LE" | "BE"): Buffer => {
  const short = (value: number): number[] =>
    order === "LE" ? [value & 0xff, value >> 8] : [value >> 8, value & 0xff];
  const header = [...short(8), ...short(1), 8, 0, 3, 0];
  return concat(
    [2, 0, 0, 5],
    header,
    [...short(5), ...short(10), 0, 0, 0, 0],
    [...short(4 + packet.length), ...short(9)],
    packet,
  );
};

t.test("link headers: several tags, MPLS, loopback of every system, NFLOG", async (t) => {
  const stacked = ethernet(concat(tag(20, 0x8100), tag(30, 0x0800), ping), { vlan: 10, type: 0x88a8 });
  const cases: readonly [Uint8Array, number, number][] = [
    [stacked, LINKTYPE.EN10MB, 10],
    [ethernet(concat(tag(9, 0x0800), ping), { type: 0x9100 }), LINKTYPE.EN10MB, 9],
    [ethernet(label(ping), { type: 0x8847 }), LINKTYPE.EN10MB, -1],
    [ethernet(concat(tag(5, 0x8847), label(ping)), { type: 0x8100 }), LINKTYPE.EN10MB, 5],
    [sll(concat(tag(7, 0x0800), ping), 0x8100), LINKTYPE.LINUX_SLL, 7],
    [concat([2, 0, 0, 0], ping), LINKTYPE.NULL, -1],
    [concat([0, 0, 0, 2], ping), LINKTYPE.LOOP, -1],
    [nflog(ping, "LE"), LINKTYPE.NFLOG, -1],
    [nflog(ping, "BE"), LINKTYPE.NFLOG, -1],
    [ping, LINKTYPE.RAW_OPENBSD, -1],
  ];
  for (const [frame, linktype, vlan] of cases) {
    const { packet, summary } = dissect(frame, { linktype });
    t.strictSame(
      [packet.stop, packet.vlan, summary],
      [STOP.none, vlan, "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 84 B"],
      `link type ${linktype}`,
    );
  }
});

t.test("link headers: Ethernet, one tag, both cooked kinds, raw", async (t) => {
  const cases: readonly [Uint8Array, number, number][] = [
    [ethernet(ping), LINKTYPE.EN10MB, -1],
    [ethernet(ping, { vlan: 300 }), LINKTYPE.EN10MB, 300],
    [sll(ping), LINKTYPE.LINUX_SLL, -1],
    [sll2(ping), LINKTYPE.LINUX_SLL2, -1],
    [ping, LINKTYPE.RAW, -1],
    [ping, LINKTYPE.RAW_BSD, -1],
    [ping, LINKTYPE.IPV4, -1],
  ];
  for (const [frame, linktype, vlan] of cases) {
    const { packet, summary } = dissect(frame, { linktype });
    t.equal(packet.stop, STOP.none);
    t.equal(packet.vlan, vlan);
    t.equal(summary, "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 84 B");
  }
  const six = ipv6({ ...V6, protocol: 17 }, udp(1000, 53, Buffer.alloc(3)));
  for (const [frame, linktype] of [
    [ethernet(six), LINKTYPE.EN10MB],
    [ethernet(label(six), { type: 0x8848 }), LINKTYPE.EN10MB],
    [sll(six), LINKTYPE.LINUX_SLL],
    [sll2(six), LINKTYPE.LINUX_SLL2],
    [six, LINKTYPE.IPV6],
  ] as const)
    t.equal(dissect(frame, { linktype }).summary, "UDP [fd00::1:2]:1000 → [fd00::2:3]:53, 3 B payload, 51 B");
});

t.test("a tunnel without an identifier is named alone", async (t) => {
  const { packet, summary } = dissect(ipv4({ ...NODES, protocol: 4 }, ping), { linktype: LINKTYPE.RAW });
  t.equal(packet.tunnelId, -1);
  t.equal(summary, "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 84 B, in IPIP");
});

t.test("what is not IP, or cut within a link header, is not IP", async (t) => {
  const cases: readonly [Uint8Array, number][] = [
    [ethernet(ping, { type: 0x0806 }), LINKTYPE.EN10MB],
    [ethernet(label(ping), { type: 0x8847 }).subarray(0, 17), LINKTYPE.EN10MB],
    [ethernet(label(ping), { type: 0x8847 }).subarray(0, 22), LINKTYPE.EN10MB],
    [ethernet(label(Buffer.alloc(40)), { type: 0x8847 }), LINKTYPE.EN10MB],
    [
      ethernet(concat(...Array<Buffer>(17).fill(tag(1, 0x8100)), tag(1, 0x0800), ping), { type: 0x8100 }),
      LINKTYPE.EN10MB,
    ],
    [concat([2, 0, 0], []), LINKTYPE.NULL],
    [concat([7, 0, 0, 0], ping), LINKTYPE.NULL],
    [concat([2, 2, 2, 2], ping), LINKTYPE.LOOP],
    [nflog(ping, "LE").subarray(0, 12), LINKTYPE.NFLOG],
    [concat([2, 0, 0, 0, 3, 0, 9, 0], ping), LINKTYPE.NFLOG],
    [ping, 147],
    [ethernet(ping).subarray(0, 13), LINKTYPE.EN10MB],
    [ethernet(ping, { vlan: 1 }).subarray(0, 17), LINKTYPE.EN10MB],
    [sll(ping, 0x0806), LINKTYPE.LINUX_SLL],
    [sll(ping).subarray(0, 15), LINKTYPE.LINUX_SLL],
    [sll2(ping, 0x0806), LINKTYPE.LINUX_SLL2],
    [sll2(ping).subarray(0, 19), LINKTYPE.LINUX_SLL2],
  ];
  for (const [frame, linktype] of cases) {
    const { packet, summary } = dissect(frame, { linktype });
    t.equal(packet.stop, STOP.notIp);
    t.equal(summary, "not IP");
  }
});

t.test("IPv4: options, padding, fragments, BIG TCP's length of 0", async (t) => {
  const body = udp(1000, 53, Buffer.from("query"));
  const withOptions = dissect(ethernet(ipv4({ ...V4, protocol: 17, options: Buffer.alloc(8, 1) }, body)));
  t.match(withOptions.packet, { sourcePort: 1000, payloadBytes: 5, ipBytes: 41 });
  const padded = dissect(
    concat(ethernet(ipv4({ ...V4, protocol: 17, ttl: 9 }, body)), Buffer.alloc(13, 0xff)),
  );
  t.match(padded.packet, { payloadBytes: 5, ttl: 9, stop: STOP.none });
  const first = dissect(ethernet(ipv4({ ...V4, protocol: 17, moreFragments: true, id: 9 }, body)));
  t.match(first.packet, { moreFragments: 1, fragmentOffset: 0, sourcePort: 1000 });
  t.match(first.summary, /\(first fragment\)/);
  const later = dissect(ethernet(ipv4({ ...V4, protocol: 17, fragmentOffset: 1480, id: 9 }, body)));
  t.match(later.packet, { fragmentOffset: 1480, sourcePort: 0, ipId: 9, l4Bytes: 13 });
  t.equal(later.summary, "UDP fragment at 1480 of IP id 9, 192.168.1.2 → 192.168.2.3, 33 B");
  const big = dissect(
    ethernet(
      ipv4(
        { ...V4, protocol: 6, length: 0 },
        tcp({ sourcePort: 1, destinationPort: 2, seq: 3 }, Buffer.alloc(9)),
      ),
    ),
  );
  t.match(big.packet, { payloadBytes: 9, ipBytes: 49, stop: STOP.none });
  t.equal(dissect(ethernet(ipv4({ ...V4, protocol: 17, dontFragment: true }, body))).packet.dontFragment, 1);
});

t.test("IPv4 that is cut or cannot be", async (t) => {
  const whole = ethernet(ping);
  t.match(dissect(whole.subarray(0, 14 + 19)), {
    packet: { stop: STOP.cut },
    summary: "IP packet cut short",
  });
  t.equal(dissect(whole.subarray(0, 14)).packet.stop, STOP.cut);
  const edit = (at: number, value: number): Buffer => {
    const copy = Buffer.from(whole);
    copy[14 + at] = value;
    return copy;
  };
  t.equal(dissect(edit(0, 0x44)).packet.stop, STOP.malformed, "a header of 16 bytes");
  t.equal(dissect(edit(0, 0x55)).packet.stop, STOP.malformed, "version 5");
  t.equal(
    dissect(ethernet(ipv4({ ...V4, protocol: 1, length: 19 }, Buffer.alloc(20)))).packet.stop,
    STOP.malformed,
  );
  const options = ethernet(ipv4({ ...V4, protocol: 1, options: Buffer.alloc(40) }, Buffer.alloc(8)));
  t.equal(dissect(options.subarray(0, 14 + 30)).packet.stop, STOP.cut, "cut within the options");
  t.equal(dissect(whole.subarray(0, 14 + 25)).packet.stop, STOP.cut, "cut within ICMP");
  t.match(dissect(whole.subarray(0, 14 + 25)).summary, "ICMP, 192.168.1.2 → 192.168.2.3, 84 B");
});

t.test("IPv6: extension headers, fragments, lengths", async (t) => {
  const body = udp(1000, 53, Buffer.from("query"));
  const chain = concat(
    [43, 0, 0, 0, 0, 0, 0, 0],
    [51, 0, 0, 0, 0, 0, 0, 0],
    [60, 1, ...new Array<number>(10).fill(0)],
    [17, 0, 0, 0, 0, 0, 0, 0],
  );
  const chained = dissect(ethernet(ipv6({ ...V6, protocol: 0, options: chain }, body)));
  t.match(chained.packet, { protocol: 17, sourcePort: 1000, payloadBytes: 5, stop: STOP.none });
  const fragment = (offset: number, more: number): Buffer =>
    concat([17, 0, offset >> 8, (offset & 0xf8) | more, 0, 0, 1, 2]);
  const first = dissect(ethernet(ipv6({ ...V6, protocol: 44, options: fragment(0, 1) }, body)));
  t.match(first.packet, { moreFragments: 1, fragmentOffset: 0, ipId: 258, sourcePort: 1000 });
  const later = dissect(ethernet(ipv6({ ...V6, protocol: 44, options: fragment(1448, 0) }, body)));
  t.match(later.packet, { moreFragments: 0, fragmentOffset: 1448, protocol: 17, sourcePort: 0, l4Bytes: 13 });
  const jumbo = dissect(ethernet(ipv6({ ...V6, protocol: 17, length: 0 }, body)));
  t.match(jumbo.packet, { payloadBytes: 5, ipBytes: 53 });
  const padded = dissect(concat(ethernet(ipv6({ ...V6, protocol: 17 }, body)), [0, 0, 0]));
  t.equal(padded.packet.payloadBytes, 5);
  const whole = ethernet(ipv6({ ...V6, protocol: 17 }, body));
  t.equal(dissect(whole.subarray(0, 14 + 39)).packet.stop, STOP.cut);
  const malformed = Buffer.from(ipv6({ ...V6, protocol: 17 }, body));
  malformed[0] = 0x70;
  t.equal(dissect(ethernet(malformed, { type: 0x86dd })).packet.stop, STOP.malformed, "version 7");
  const endless = ethernet(ipv6({ ...V6, protocol: 0, options: Buffer.alloc(80) }, Buffer.alloc(0)));
  t.equal(
    dissect(endless).packet.stop,
    STOP.otherProtocol,
    "ten hop-by-hop headers are not followed to their end",
  );
  const cutChain = ethernet(ipv6({ ...V6, protocol: 0, options: chain.subarray(0, 4) }, Buffer.alloc(0)));
  t.equal(dissect(cutChain).packet.stop, STOP.cut);
  const long = ethernet(
    ipv6({ ...V6, protocol: 0, options: Buffer.from([17, 9, 0, 0, 0, 0, 0, 0]) }, Buffer.alloc(8)),
  );
  t.equal(dissect(long).packet.stop, STOP.malformed, "a header longer than the packet");
  const beyond = ethernet(
    ipv6(
      { ...V6, protocol: 0, length: 200, options: Buffer.from([17, 9, 0, 0, 0, 0, 0, 0]) },
      Buffer.alloc(8),
    ),
  );
  t.equal(dissect(beyond).packet.stop, STOP.cut, "a header longer than what was captured");
});

t.test("ICMP and ICMPv6: echo, errors, what they quote", async (t) => {
  const quoted = ipv4({ ...V4, protocol: 17 }, udp(1000, 53, Buffer.alloc(30)));
  const error = (type: number, code: number, rest: Parameters<typeof icmp>[2] = {}): string =>
    dissect(
      ethernet(
        ipv4(
          { source: "10.0.0.1", destination: V4.source, protocol: 1 },
          icmp(type, code, { payload: quoted, ...rest }),
        ),
      ),
    ).summary;
  const about = ", about UDP 192.168.1.2:1000 → 192.168.2.3:53, 86 B";
  const way = ", 10.0.0.1 → 192.168.1.2";
  t.equal(error(3, 3), `ICMP port unreachable${way}${about}`);
  t.equal(error(3, 4, { seq: 1450 }), `ICMP fragmentation needed (MTU 1450)${way}${about}`);
  t.equal(error(3, 4), `ICMP fragmentation needed${way}${about}`);
  t.equal(error(3, 77), `ICMP unreachable code 77${way}${about}`);
  t.equal(error(4, 0), `ICMP type 4 code 0${way}${about}`);
  t.equal(error(11, 0), `ICMP time exceeded${way}${about}`);
  t.equal(error(11, 1), `ICMP reassembly time exceeded${way}${about}`);
  t.equal(error(12, 0), `ICMP type 12 code 0${way}${about}`);
  t.equal(error(0, 0, { seq: 4 }), `ICMP echo reply seq 4${way}, 86 B`);
  t.equal(
    error(3, 3, { payload: Buffer.alloc(8) }),
    `ICMP port unreachable${way}, 36 B`,
    "a quote that is none",
  );
  const quotes = (payload: Uint8Array): string => error(3, 3, { payload });
  t.match(
    quotes(ipv4({ ...V4, protocol: 1 }, icmp(8, 0, { seq: 1 }))),
    /about ICMP 192\.168\.1\.2 → 192\.168\.2\.3, /,
  );
  const segment = ipv4({ ...V4, protocol: 6 }, tcp({ sourcePort: 40000, destinationPort: 80, seq: 1 }));
  t.match(quotes(segment), /about TCP 192\.168\.1\.2:40000 → 192\.168\.2\.3:80/);
  t.match(
    quotes(segment.subarray(0, 28)),
    /about TCP 192\.168\.1\.2:40000 → 192\.168\.2\.3:80/,
    "the 8 bytes of RFC 792",
  );
  t.notMatch(quotes(segment.subarray(0, 27)), /about/);
  t.notMatch(quotes(Buffer.alloc(0)), /about/);
  t.notMatch(quotes(ipv4({ ...V4, protocol: 132 }, Buffer.alloc(12))), /about/);
  const inner = ipv4({ ...V4, protocol: 1 }, icmp(8, 0, { seq: 1 }));
  t.match(
    quotes(vxlan(ethernet(inner), NODES)),
    /about ICMP 192\.168\.1\.2/,
    "an error about a tunnel's packet",
  );

  const six = (type: number, code: number, mtu = 0): string => {
    const rest = icmp(type, code, {
      seq: mtu,
      payload: ipv6({ ...V6, protocol: 17 }, udp(1, 2, Buffer.alloc(4))),
    });
    return dissect(ethernet(ipv6({ source: "fd00::9", destination: V6.source, protocol: 58 }, rest))).summary;
  };
  t.match(six(1, 4), /^ICMPv6 port unreachable, fd00::9 → fd00::1:2, about UDP \[fd00::1:2\]:1/);
  t.match(six(1, 99), /^ICMPv6 unreachable code 99/);
  t.match(six(2, 0, 1280), /^ICMPv6 packet too big \(MTU 1280\)/);
  t.match(six(3, 0), /^ICMPv6 time exceeded/);
  t.match(six(3, 1), /^ICMPv6 reassembly time exceeded/);
  t.match(six(4, 0), /^ICMPv6 type 4 code 0/);
  t.match(six(128, 0, 7), /^ICMPv6 echo request seq 7/);
  t.match(six(129, 0, 7), /^ICMPv6 echo reply seq 7/);
  t.match(six(0, 0), /^ICMPv6 type 0 code 0 seq 0/);
  const quotedSix = icmp(1, 3, { payload: ipv6({ ...V6, protocol: 58 }, icmp(128, 0, { seq: 2 })) });
  t.match(
    dissect(ethernet(ipv6({ source: "fd00::9", destination: V6.source, protocol: 58 }, quotedSix))).summary,
    /about ICMPv6 fd00::1:2 → fd00::2:3/,
  );
  const short = ethernet(ipv6({ ...V6, protocol: 58 }, icmp(128, 0, {}).subarray(0, 7)));
  t.equal(dissect(short).packet.stop, STOP.cut);
  t.equal(
    dissect(ethernet(ipv6({ ...V6, protocol: 58, length: 7 }, icmp(128, 0, {})))).packet.stop,
    STOP.cut,
  );
  t.equal(dissect(ethernet(ipv4({ ...V4, protocol: 1, length: 27 }, icmp(8, 0, {})))).packet.stop, STOP.cut);
});

t.test("UDP and TCP", async (t) => {
  t.equal(dissect(ethernet(ipv4({ ...V4, protocol: 17 }, Buffer.alloc(7)))).packet.stop, STOP.cut);
  t.equal(
    dissect(ethernet(ipv4({ ...V4, protocol: 17, length: 27 }, Buffer.alloc(8)))).packet.stop,
    STOP.cut,
  );
  t.equal(dissect(ethernet(ipv4({ ...V4, protocol: 6 }, Buffer.alloc(19)))).packet.stop, STOP.cut);
  const base = { sourcePort: 40000, destinationPort: 8080, seq: 0xfffffff0, ack: 5 };
  const of = (
    options: Partial<Parameters<typeof tcp>[0]>,
    payload?: Uint8Array,
  ): ReturnType<typeof dissect> =>
    dissect(ethernet(ip({ ...V4, protocol: 6 }, tcp({ ...base, ...options }, payload))));
  t.equal(
    of({ flags: "S", timestamp: 7 }).summary,
    "TCP 192.168.1.2:40000 → 192.168.2.3:8080 [S] seq 4294967280 len 0, 52 B",
  );
  t.match(of({ flags: "FP." }, Buffer.alloc(3)).summary, "[FP.] seq 4294967280 ack 5 len 3, 43 B");
  t.match(of({ flags: "" }).summary, "[none]");
  t.equal(of({ timestamp: 9 }).packet.timestampValue, 9, "the usual layout");
  const layout = Buffer.from([2, 4, 5, 0xb4, 1, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4, 0]);
  t.match(of({ options: layout }).packet, { timestampValue: 3, timestampEcho: 4 }, "another layout");
  for (const options of [
    [2, 0, 0, 0],
    [1, 1, 1, 8],
    [8, 10, 0, 0],
    [0, 8, 10, 0],
    [8, 4, 0, 0],
  ])
    t.match(
      of({ options: Buffer.from(options) }).packet,
      { timestampValue: 0, stop: STOP.none },
      `options ${options.join(" ")}`,
    );
  const cut = ethernet(ip({ ...V4, protocol: 6 }, tcp({ ...base, timestamp: 9 }))).subarray(0, 14 + 20 + 26);
  t.match(
    dissect(cut).packet,
    { timestampValue: 0, stop: STOP.none, sourcePort: 40000 },
    "options beyond the snap length",
  );
  const broken = (words: number): number => {
    const segment = tcp(base);
    segment[12] = words << 4;
    return dissect(ethernet(ip({ ...V4, protocol: 6 }, segment))).packet.stop;
  };
  t.equal(broken(4), STOP.malformed, "a header of 16 bytes");
  t.equal(broken(6), STOP.malformed, "a header longer than the packet");
  const esp = dissect(ethernet(ipv4({ ...V4, protocol: 50 }, Buffer.alloc(40))));
  t.match(esp, {
    packet: { stop: STOP.otherProtocol },
    summary: "IP protocol 50, 192.168.1.2 → 192.168.2.3, 60 B",
  });
});

t.test("VXLAN: opened once, by its port only", async (t) => {
  const frame = ethernet(vxlan(ethernet(ping), { ...NODES, vni: 7 }));
  const opened = dissect(frame);
  t.equal(opened.summary, "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 84 B, in VXLAN 7");
  t.match(dissect(frame, { tunnels: NO_OPENERS }).summary, /^UDP 10\.77\.0\.11:50000 → 10\.77\.0\.12:4789/);
  const flannel = ethernet(vxlan(ethernet(ping), { ...NODES, port: 8472 }));
  t.equal(dissect(flannel).packet.tunnelId, 4096);
  const usual = openersOf({ kind: "vxlan", port: 4789, vni: 4096, outer: 4 });
  t.equal(dissect(flannel, { tunnels: usual }).packet.tunnelId, -1);
  const six = ethernet(
    vxlan(ethernet(ipv6({ ...V6, protocol: 17 }, udp(1, 2, Buffer.alloc(2)))), {
      source: "fd77::1",
      destination: "fd77::2",
    }),
  );
  t.match(dissect(six), { packet: { tunnelId: 4096, version: 6 }, summary: /in VXLAN 4096$/ });
  const own = openersOf({ kind: "vxlan", port: 4789, vni: 4096, outer: 4 });
  const twice = ethernet(vxlan(ethernet(vxlan(ethernet(ping), V4)), NODES));
  t.match(
    dissect(twice, { tunnels: own }).summary,
    /^UDP 192\.168\.1\.2:50000 .*, in VXLAN 4096$/,
    "a tunnel in a tunnel stays closed",
  );
  const arp = dissect(ethernet(vxlan(ethernet(Buffer.alloc(28), { type: 0x0806 }), NODES)));
  t.match(arp, { packet: { stop: STOP.none, tunnelId: -1 } }, "what the tunnel carries is no IP");
  const noVni = Buffer.from(frame);
  noVni[14 + 28] = 0;
  t.equal(dissect(noVni).packet.tunnelId, -1);
  t.equal(dissect(frame.subarray(0, 14 + 28 + 7)).packet.tunnelId, -1, "cut within the VXLAN header");
  t.equal(
    dissect(frame.subarray(0, 14 + 28 + 8 + 14)).packet.tunnelId,
    -1,
    "cut behind the inner Ethernet header",
  );
  t.equal(
    dissect(frame.subarray(0, 14 + 28 + 8 + 14 + 9)).packet.stop,
    STOP.cut,
    "cut within the inner IP header",
  );
  t.equal(dissect(frame.subarray(0, 14 + 20 + 5)).packet.stop, STOP.cut, "cut within the outer UDP header");
  t.equal(sourceOf(opened.packet), V4.source);
  t.equal(destinationOf(opened.packet), V4.destination);
});

t.test("random and mutated bytes never throw, and nothing outside the frame is believed", async () => {
  const seeds = [
    ethernet(ping),
    ethernet(
      vxlan(
        ethernet(
          ip({ ...V4, protocol: 6 }, tcp({ sourcePort: 1, destinationPort: 2, seq: 3, timestamp: 4 })),
        ),
        NODES,
      ),
    ),
    ethernet(
      ipv6(
        { ...V6, protocol: 0, options: Buffer.from([44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 1]) },
        udp(1, 2, Buffer.alloc(9)),
      ),
    ),
    ethernet(
      ipv4({ source: "10.0.0.1", destination: V4.source, protocol: 1 }, icmp(3, 3, { payload: ping })),
    ),
  ];
  const mutated = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }),
      fc.nat(150),
    )
    .map(([seed, edits, length]) => {
      const copy = Buffer.from(seed);
      for (const [at, value] of edits) if (at < copy.length) copy[at] = value;
      return copy.subarray(0, length);
    });
  const frames = fc.oneof(fc.uint8Array({ maxLength: 150 }), mutated);
  fc.assert(
    fc.property(frames, fc.constantFrom(...Object.values(LINKTYPE)), (frame, linktype) => {
      const { packet, summary } = dissect(frame, { linktype });
      return packet.end <= 7 + frame.length && summary.length > 0 && summary.length < 400;
    }),
    { numRuns: 5000 },
  );
});
