import { join } from "node:path";
import t from "tap";
import { analyzePcaps } from "../../../lib/analysis/pcaps.js";
import { judge } from "../helpers/judge.js";
import { arp, ethernet, icmp, ip, pcap } from "../helpers/packets.js";
import { CALICO, CLIENT, NODE_IPS, pings, SERVER, START_US, type SimPacket } from "../helpers/run.js";

/** Simulated packets have no checksums. */
const UNFINISHED = "note checksum-unfinished";
const codes = (found: Awaited<ReturnType<typeof judge>>): readonly string[] =>
  (found.findings ?? [])
    .map(({ severity, code }) => `${severity} ${code}`)
    .filter((one) => one !== UNFINISHED);
const said = (found: Awaited<ReturnType<typeof judge>>): readonly string[] =>
  (found.exchanges ?? []).map(({ kind, outcome, count }) => `${kind} ${outcome} × ${count}`);

t.test("what was said is in the findings, heard at one place", async (t) => {
  const found = await judge(t, { protocol: "icmp", packets: pings(4) });
  t.strictSame(said(found), ["ok echo answered × 4"]);
  t.strictSame(codes(found), []);
});

const segment = (
  atUs: number,
  reply: boolean,
  o: { flags: string; seq: number; ack?: number },
  more = {},
): SimPacket => ({
  ...{ atUs, reply, tcp: o },
  ...more,
});

t.test("TCP: an attempt without an answer, and the leg where it ends", async (t) => {
  const packets = [0, 1_000_000, 3_000_000].map((atUs) =>
    segment(atUs, false, { flags: "S", seq: 1 }, { reach: 4 }),
  );
  const found = await judge(t, { protocol: "tcp", packets });
  t.strictSame(codes(found), ["fail handshake-incomplete"]);
  t.match(found.findings, [
    { summary: /the SYNs end between node-a ens4 and node-b ens4$/, packets: [{ frame: 1 }, {}, {}] },
  ]);
  t.strictSame(said(found), ["none SYN never answered × 1"]);
});

t.test("TCP: of many connections the packets of the first are shown", async (t) => {
  const packets = [1, 2, 3, 4, 5, 6].flatMap((clientPort) => [
    segment(clientPort * 10_000, false, { flags: "S", seq: 1 }, { clientPort }),
    segment(clientPort * 10_000 + 900, true, { flags: "R.", seq: 0, ack: 2 }, { clientPort }),
  ]);
  const found = await judge(t, { protocol: "tcp", packets });
  t.match(found.findings, [{ code: "connection-refused", summary: /^6 of 6 connections/ }]);
  t.equal(found.findings?.[0]?.packets.length, 8);
});

t.test("TCP: refused with a reset, by whom and after what", async (t) => {
  const packets = [
    segment(0, false, { flags: "S", seq: 1 }),
    segment(900, true, { flags: "R.", seq: 0, ack: 2 }),
  ];
  const found = await judge(t, { protocol: "tcp", packets });
  t.strictSame(codes(found), ["fail connection-refused"]);
  t.match(found.findings, [
    { evidence: [/^the reset came .* after the packet before it$/, /.*/], packets: [{}, {}] },
  ]);
});

t.test("TCP: a first SYN that is lost", async (t) => {
  const packets = [
    segment(0, false, { flags: "S", seq: 1 }, { reach: 2 }),
    segment(1_020_000, false, { flags: "S", seq: 1 }),
    segment(1_021_000, true, { flags: "S.", seq: 9, ack: 2 }),
    segment(1_022_000, false, { flags: ".", seq: 2, ack: 10 }),
  ];
  const found = await judge(t, { protocol: "tcp", packets });
  t.strictSame(codes(found), ["warn first-syn-lost"]);
  t.match(found.findings, [{ summary: /end between node-a cali1 and node-a vxlan\.calico$/ }]);
});

t.test("ICMP errors by what they say, about whose packets", async (t) => {
  const quoted = ip({ source: CLIENT, destination: SERVER, protocol: 1 }, icmp(8, 0, { id: 7, seq: 1 }));
  const error = (type: number, code: number, seq = 0): SimPacket => ({
    ...{ atUs: 900, reply: true },
    raw: ip(
      { source: NODE_IPS["node-b"], destination: CLIENT, protocol: 1 },
      icmp(type, code, { seq, payload: quoted }),
    ),
  });
  const of = async (...errors: readonly SimPacket[]) =>
    codes(
      await judge(t, {
        protocol: "icmp",
        packets: [...pings(1, (_, reply) => (reply ? null : {})), ...errors],
      }),
    );
  t.strictSame(await of(error(3, 1)), ["fail icmp-unreachable"]);
  t.strictSame(await of(error(3, 13)), ["fail icmp-prohibited"]);
  t.strictSame(await of(error(12, 0)), ["fail icmp-error"]);
  t.strictSame(await of(error(11, 0)), ["fail ttl-expired"]);
  t.strictSame(await of(error(3, 4, 1400)), ["note path-mtu-learned"]);
});

t.test("a size over which packets vanish", async (t) => {
  const packets = pings(6, (seq) => ({
    icmp: { seq, id: 7, payload: Buffer.alloc(seq % 2 === 0 ? 1400 : 56, seq) },
    ...(seq % 2 === 0 ? { reach: 4 } : {}),
  })).filter(({ reply, icmp: echo }) => reply !== true || echo!.seq % 2 === 1);
  const found = await judge(t, { protocol: "icmp", packets });
  t.strictSame(codes(found), ["fail mtu-hole"]);
});

t.test("flows to a Service: translated, and the client's one talk", async (t) => {
  const packets = [
    segment(0, false, { flags: "S", seq: 1 }),
    segment(900, true, { flags: "S.", seq: 9, ack: 2 }),
    segment(1000, false, { flags: ".", seq: 2, ack: 10 }),
  ];
  const found = await judge(t, { protocol: "tcp", packets, dnatAfter: 1 });
  t.strictSame(said(found), ["ok connected × 1"]);
  t.strictSame(codes(found), []);
});

t.test("nothing of a flow was seen: nothing is said", async (t) => {
  const found = await judge(t, { protocol: "tcp", packets: [], hops: CALICO.slice(0, 2) });
  t.strictSame([found.exchanges, found.findings], [[], []]);
});

t.test("two machines that answer for one address are told of by flows to it", async (t) => {
  const ask = (operation: number, sender: string, target: string, lastOfMac: number): Buffer => {
    const message = arp({ operation, sender, target });
    message[8 + 5] = lastOfMac;
    return ethernet(message, { type: 0x0806 });
  };
  const echo = (type: number, source: string, destination: string): Buffer =>
    ethernet(ip({ source, destination, protocol: 1 }, icmp(type, 0, { id: 1, seq: 1 })));
  const frames = [
    ask(1, "10.0.0.1", "10.0.0.2", 1),
    ask(2, "10.0.0.2", "10.0.0.1", 2),
    ask(2, "10.0.0.2", "10.0.0.1", 3),
    echo(8, "10.0.0.1", "10.0.0.2"),
    echo(0, "10.0.0.2", "10.0.0.1"),
  ];
  const dir = t.testdir({
    "a.pcap": pcap(frames.map((bytes, index) => ({ timeUs: START_US + index * 100, bytes }))),
  });
  const { flows } = await analyzePcaps([join(dir, "a.pcap")]);
  t.match(flows.find(({ protocol }) => protocol === "icmp")?.findings, [
    {
      code: "neighbour-two-macs",
      summary: /^10\.0\.0\.2 is answered for by .*:02 and .*:03 \(ARP\)$/,
      packets: [{ frame: 1 }],
    },
  ]);
});
