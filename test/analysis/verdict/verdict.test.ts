import t from "tap";
import { analyzeRun } from "../../../lib/analysis/index.js";
import { brief, judge, noCause } from "../helpers/judge.js";
import { icmp, ip, tcp, udp } from "../helpers/packets.js";
import {
  CALICO,
  CLIENT,
  NODE_IPS,
  pings,
  SERVER,
  START_US,
  type SimOptions,
  type SimPacket,
  writeRun,
} from "../helpers/run.js";

const LAST = CALICO.length;
const icmpError = (
  type: number,
  code: number,
  quoted: Uint8Array,
  source: string = NODE_IPS["node-b"],
): Uint8Array => ip({ source, destination: CLIENT, protocol: 1 }, icmp(type, code, { payload: quoted }));
const quotedPing = ip({ source: CLIENT, destination: SERVER, protocol: 1 }, icmp(8, 0, { id: 7, seq: 1 }));

t.test("pings: delivered, lost at each hop, lost on the way back, unanswered", async (t) => {
  const healthy = await judge(t, { protocol: "icmp", packets: pings(4) });
  t.equal(brief(healthy), "delivered - - → - high");
  t.same(healthy.verdict.caveats, []);
  t.same(
    healthy.hops.map(({ request, reply }) => [request.packets, request.bytes, reply.packets]),
    CALICO.map(() => [4, 336, 4]),
  );
  t.equal(healthy.timeline.length, 8);
  t.same(healthy.timeline[0]?.seenAtUs, [0, 20, 40, 60, 80, 100, 120, 140]);
  t.same(healthy.timeline[1]?.seenAtUs, [640, 620, 600, 580, 560, 540, 520, 500]);
  for (let reach = 1; reach < LAST; reach++) {
    const lost = await judge(t, {
      protocol: "icmp",
      packets: pings(4, (_, reply) => (reply ? null : { reach })),
    });
    t.equal(brief(lost), `lost request ${reach - 1} → ${reach} high`);
    t.match(lost.verdict.lost, { packets: 4, of: 4 });
    t.same(
      lost.verdict.packets.map(({ pcap, frame }) => [pcap, frame]),
      [1, 2, 3, 4].map((frame) => [`captures/${reach - 1}.pcap`, frame]),
    );
    const back = await judge(t, {
      protocol: "icmp",
      packets: pings(4, (_, reply) => (reply ? { reach } : {})),
    });
    t.equal(brief(back), `lost reply ${LAST - reach} → ${LAST - reach - 1} high`);
  }
  const unanswered = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? null : {})),
  });
  t.equal(brief(unanswered), "unanswered - 7 → - high");
});

t.test("the timeline has 64 packets at most, and those that were lost among them", async (t) => {
  const lost = (seq: number, reply: boolean) => (seq < 46 ? {} : reply ? null : { reach: 3 });
  const { timeline } = await judge(t, { protocol: "icmp", packets: pings(50, lost) });
  t.equal(timeline.length, 64);
  t.equal(timeline.filter(({ seenAtUs }) => seenAtUs.includes(null)).length, 5);
});

t.test("partial loss names how many, the main break, and the others", async (t) => {
  const packets = pings(6, (seq, reply) => (seq > 3 ? {} : reply ? null : { reach: seq === 3 ? 2 : 5 }));
  const found = await judge(t, { protocol: "icmp", packets });
  t.equal(brief(found), "lost request 4 → 5 high");
  t.match(found.verdict.lost, { packets: 2, of: 5 }, "of those that came there");
  t.match(found.verdict.caveats, ["1 more packets were last seen at node-a cali1"]);
  const some = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (seq, reply) => (seq === 2 && reply ? null : {})),
  });
  t.equal(brief(some), "unanswered - 7 → - high");
  t.match(some.verdict.caveats, ["1 of 4 requests arrived and were not answered"]);
});

t.test("the last ping without an answer: none yet where the captures end soon, else none", async (t) => {
  const packets = pings(3, (seq, reply) => (seq === 3 && reply ? null : {}));
  const until = (stoppedAtSec: number): NonNullable<SimOptions["captures"]> =>
    Object.fromEntries(CALICO.map((_, index) => [index, { stoppedAtSec }]));
  const soon = await judge(t, { protocol: "icmp", packets, captures: until(START_US / 1e6 + 2.9) });
  t.equal(brief(soon), "delivered - - → - high");
  t.match(soon.verdict.caveats, ["The last request has no answer yet"]);
  const late = await judge(t, { protocol: "icmp", packets, captures: until(START_US / 1e6 + 3.2) });
  t.equal(brief(late), "unanswered - 7 → - high");
  t.match(late.verdict.caveats, ["1 of 3 requests arrived and were not answered"]);
});

t.test("UDP: packets too big for a hop, which says so, and smaller ones that come through", async (t) => {
  const datagram = (atUs: number, bytes: number, o: Partial<SimPacket> = {}): SimPacket => ({
    ...{ atUs, id: atUs, udp: Buffer.alloc(bytes, 7), ...o },
  });
  const quoted = ip(
    { source: CLIENT, destination: SERVER, protocol: 17, id: 1000 },
    udp(40_000, 8080, Buffer.alloc(1400, 7)),
  );
  const tooBig = icmp(3, 4, { seq: 1400, payload: quoted.subarray(0, 28) });
  const error = ip({ source: NODE_IPS["node-a"], destination: CLIENT, protocol: 1 }, tooBig);
  const big = [
    datagram(1000, 1400, { reach: 2 }),
    { atUs: 1300, reply: true, raw: error, hidden: [2, 3, 4, 5, 6, 7] },
  ];
  const smaller = await judge(t, {
    protocol: "udp",
    packets: [...big, datagram(9000, 1200), datagram(9500, 20, { reply: true })],
  });
  t.equal(brief(smaller), "delivered - - → - high");
  t.match(smaller.verdict.caveats, [
    /^Path MTU discovery works: 1 request packets were too big for a hop, which said so; smaller ones came through$/,
    /answered 1 times with ICMP fragmentation needed \(MTU 1400\), and the requests came through all the same/,
  ]);
  const never = await judge(t, { protocol: "udp", packets: big });
  t.equal(never.verdict.status, "rejected");
  const answered = [datagram(9000, 1200), datagram(9500, 20, { reply: true })];
  const stopped = datagram(9700, 900, { reach: 4 });
  const beside = await judge(t, { protocol: "udp", packets: [...big, ...answered, stopped] });
  t.equal(brief(beside), "lost request 3 → 4 high", "what is lost beside discovery that went well");
});

t.test("ICMP errors: who refused, where the request was last seen", async (t) => {
  const at = (error: Uint8Array, reach: number): SimPacket[] => [
    ...pings(2, (_, reply) => (reply ? null : { reach })),
    { atUs: 900, reply: true, raw: error },
  ];
  const host = await judge(t, { protocol: "icmp", packets: at(icmpError(3, 1, quotedPing), 6) });
  t.equal(brief(host), "rejected request 5 → 6 high");
  t.same(host.verdict.rejectedBy, { ip: NODE_IPS["node-b"], node: "node-b", how: "ICMP host unreachable" });
  t.match(
    host.verdict.packets[0]?.summary,
    /^ICMP host unreachable, 10\.77\.0\.12 → 192\.168\.1\.2, about ICMP/,
  );
  const whole = { ip: "192.168.2.0", node: "node-b", how: "ICMP time exceeded" };
  const tunnel = await judge(t, { protocol: "icmp", packets: at(icmpError(11, 0, quotedPing, whole.ip), 6) });
  t.same(tunnel.verdict.rejectedBy, whole, "a node is known by its tunnel's address");
  for (const [source, node] of [
    [SERVER, "node-b"],
    [CLIENT, "node-a"],
    ["203.0.113.9", "node-b"],
  ] as const) {
    const far = await judge(t, { protocol: "icmp", packets: at(icmpError(3, 13, quotedPing, source), 8) });
    t.equal(brief(far), "rejected request 7 → - high");
    t.equal(far.verdict.rejectedBy?.node, node);
  }
  const both = at(icmpError(3, 1, quotedPing), 6);
  const two = [
    ...both,
    { ...both[2]!, atUs: 901 },
    { atUs: 950, reply: true, raw: icmpError(3, 0, quotedPing) },
  ];
  const most = await judge(t, { protocol: "icmp", packets: two });
  t.equal(most.verdict.rejectedBy?.how, "ICMP host unreachable", "the most frequent error");
});

t.test(
  "an error about somebody else's packet is none of ours; one that was overcome is a caveat",
  async (t) => {
    const elsewhere = ip(
      { source: "10.9.9.9", destination: SERVER, protocol: 1 },
      icmp(8, 0, { id: 7, seq: 1 }),
    );
    const unrelated = pings(2, (_, reply) => (reply ? null : { reach: 3 }));
    const lost = await judge(t, {
      protocol: "icmp",
      packets: [
        ...unrelated,
        { atUs: 900, reply: true, raw: icmpError(3, 1, elsewhere) },
        { atUs: 910, reply: true, raw: icmpError(3, 1, Buffer.alloc(8)) },
      ],
    });
    t.equal(brief(lost), "lost request 2 → 3 high");
    const own = await judge(t, {
      protocol: "icmp",
      probes: [{ icmpId: 9, attempts: [] }],
      packets: [
        ...pings(2).map((packet) => ({ ...packet, icmp: { ...packet.icmp!, id: 9 } })),
        { atUs: 900, reply: true, raw: icmpError(3, 1, quotedPing) },
      ],
    });
    t.equal(brief(own), "delivered - - → - high");
    t.same(own.verdict.caveats, []);
    const overcome = await judge(t, {
      protocol: "icmp",
      packets: [...pings(2), { atUs: 900, reply: true, raw: icmpError(3, 1, quotedPing) }],
    });
    t.equal(brief(overcome), "delivered - - → - high");
    t.match(overcome.verdict.caveats, [/10\.77\.0\.12 answered 1 times with ICMP host unreachable/]);
  },
);

t.test("errors about replies", async (t) => {
  const reply = ip({ source: SERVER, destination: CLIENT, protocol: 1 }, icmp(0, 0, { id: 7, seq: 1 }));
  const error = ip(
    { source: NODE_IPS["node-b"], destination: SERVER, protocol: 1 },
    icmp(3, 4, { seq: 1400, payload: reply }),
  );
  const lost = pings(2, (_, isReply) => (isReply ? { reach: 2 } : {}));
  const refused = await judge(t, {
    protocol: "icmp",
    packets: [...lost, { atUs: 700, raw: error, hidden: [0, 1, 2, 3, 4, 5] }],
  });
  t.equal(brief(refused), "rejected reply 6 → 5 high");
  t.match(refused.verdict.rejectedBy, { how: "ICMP fragmentation needed (MTU 1400)", node: "node-b" });
  const fine = await judge(t, { protocol: "icmp", packets: [...pings(2), { atUs: 700, raw: error }] });
  t.equal(brief(fine), "delivered - - → - high");
  t.match(fine.verdict.caveats, [/answered 1 replies with/]);
});

const syn = (o: Partial<SimPacket> = {}): SimPacket => ({
  atUs: 0,
  tcp: { seq: 100, flags: "S", timestamp: 1 },
  ...o,
});
const synAck = (o: Partial<SimPacket> = {}): SimPacket => ({
  atUs: 300,
  reply: true,
  tcp: { seq: 900, ack: 101, flags: "S." },
  ...o,
});
const ack = (o: Partial<SimPacket> = {}): SimPacket => ({ atUs: 600, tcp: { seq: 101, ack: 901 }, ...o });
const get = (o: Partial<SimPacket> = {}): SimPacket => ({
  atUs: 700,
  tcp: { seq: 101, ack: 901, flags: "P.", payload: Buffer.alloc(80) },
  ...o,
});
const page = (o: Partial<SimPacket> = {}): SimPacket => ({
  atUs: 1000,
  reply: true,
  tcp: { seq: 901, ack: 181, flags: "P.", payload: Buffer.alloc(7000, 3) },
  ...o,
});
const rst = (o: Partial<SimPacket> = {}): SimPacket => ({
  atUs: 300,
  reply: true,
  tcp: { seq: 0, ack: 101, flags: "R." },
  ...o,
});
const TCP_FLOW = { protocol: "tcp", probe: "http" } as const;

t.test("TCP: refused by the far end, by a node on the way, after the handshake", async (t) => {
  const refused = await judge(t, { ...TCP_FLOW, packets: [syn(), rst()] });
  t.equal(brief(refused), "rejected request 7 → - high");
  t.same(refused.verdict.rejectedBy, { ip: SERVER, node: "node-b", how: "TCP RST" });
  const middle = await judge(t, {
    ...TCP_FLOW,
    packets: [syn({ reach: 2 }), rst({ hidden: [2, 3, 4, 5, 6, 7] })],
  });
  t.equal(brief(middle), "rejected request 1 → 2 medium");
  t.equal(middle.verdict.rejectedBy?.node, "node-a");
  const after = await judge(t, { ...TCP_FLOW, packets: [syn(), synAck(), ack(), get(), rst({ atUs: 900 })] });
  t.equal(after.verdict.rejectedBy?.how, "TCP RST after the handshake");
  const late = await judge(t, {
    ...TCP_FLOW,
    packets: [syn(), synAck(), ack(), get(), page(), rst({ atUs: 1500 })],
  });
  t.equal(brief(late), "delivered - - → - high");
  t.match(late.verdict.caveats, ["1 of 1 connections ended with a RST from the far end"]);
  const own = await judge(t, {
    ...TCP_FLOW,
    probes: [
      {
        kind: "http",
        attempts: [
          { seq: 1, sentAtSec: START_US / 1e6, localPort: 40_000, outcome: "answered", rttMs: 1, detail: "" },
        ],
      },
    ],
    packets: [
      syn(),
      synAck(),
      ack(),
      syn({ atUs: 5000, clientPort: 41_000, tcp: { seq: 7, flags: "S" } }),
      rst({ atUs: 5300, clientPort: 41_000 }),
    ],
  });
  t.equal(brief(own), "delivered - - → - high", "another client's refused connection is not ours");
});

t.test(
  "TCP: a client that had the answer and does not go on; where it has no capture nobody knows",
  async (t) => {
    const packets = [syn(), synAck()];
    const silent = await judge(t, { ...TCP_FLOW, packets });
    t.equal(silent.verdict.status, "unanswered");
    t.match(silent.verdict.caveats, ["1 of 1 connections never came about"]);
    const blind = await judge(t, { ...TCP_FLOW, packets, captures: { 0: null } });
    t.equal(blind.verdict.status, "inconclusive");
  },
);

t.test("HTTP: a second request on a connection is not answered, and the client gives up", async (t) => {
  const say = (atUs: number, reply: boolean, at: readonly [number, number], text: string): SimPacket => ({
    ...{ atUs, reply },
    tcp: { seq: at[0], ack: at[1], flags: "P.", payload: Buffer.from(text) },
  });
  const asked = "GET /a HTTP/1.1\r\nHost: web\r\n\r\n";
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const again = asked.replace("/a", "/b");
  const [next, back] = [101 + asked.length, 901 + answer.length];
  const end = next + again.length;
  const packets = [
    ...[syn(), synAck(), ack(), say(700, false, [101, 901], asked), say(900, true, [901, next], answer)],
    say(1_000_000, false, [next, back], again),
    { atUs: 1_001_000, reply: true, tcp: { seq: back, ack: end, flags: "." } },
  ];
  const fin = { atUs: 4_000_000, tcp: { seq: end, ack: back, flags: "F." } };
  const found = await judge(t, { ...TCP_FLOW, packets: [...packets, fin] });
  t.equal(found.verdict.status, "unanswered");
  t.match(found.verdict.caveats, ["There is no answer to GET /b"]);
  const open = await judge(t, { ...TCP_FLOW, packets });
  t.equal(open.verdict.status, "delivered", "a client that still waits may get its answer");
});

t.test("TCP: a SYN-ACK from before the captures began, that the client resets, is no refusal", async (t) => {
  const repeated = synAck({ atUs: 1_000_000 });
  const reset = { atUs: 1_001_000, tcp: { seq: 101, flags: "R" } };
  const alone = await judge(t, { ...TCP_FLOW, packets: [repeated, reset] });
  t.equal(alone.verdict.status, "inconclusive");
  t.match(alone.verdict.caveats, [/no capture has the SYN that it answers/]);
  const isOfReset = ({ code }: { code: string }): boolean => /syn-ack|handshake|reset/.test(code);
  t.strictSame(alone.findings?.filter(isOfReset), []);
  const asked = await judge(t, { ...TCP_FLOW, packets: [syn(), synAck(), { ...reset, atUs: 3_000 }] });
  t.equal(asked.verdict.status, "rejected", "its SYN is there");
  const attempt = {
    seq: 1,
    sentAtSec: START_US / 1e6,
    localPort: 40_000,
    outcome: "answered",
    rttMs: 1,
    detail: "",
  } as const;
  const beside = async (...packets: SimPacket[]): Promise<readonly string[]> => {
    const dir = t.testdir();
    const other = packets.map((packet) => ({ ...packet, clientPort: 41_000 }));
    writeRun(dir, {
      ...TCP_FLOW,
      probes: [{ kind: "http", attempts: [attempt] }],
      packets: [syn(), synAck(), ack(), ...other],
    });
    return (await analyzeRun(dir, { findCause: noCause })).flows.map(({ verdict }) => verdict.status);
  };
  t.strictSame(
    await beside(repeated, reset),
    ["delivered"],
    "beside what was asked for it is nothing to tell of",
  );
  t.strictSame(await beside(syn({ atUs: 999_000 }), repeated, reset), ["delivered", "rejected"]);
});

t.test("TCP: SYNs lost, SYN-ACKs lost, one tried again, nobody answers", async (t) => {
  const tries = (reach?: number): SimPacket[] =>
    [0, 1, 3].map((second) =>
      syn({
        atUs: second * 1e6,
        ...(reach === undefined ? {} : { reach }),
        tcp: { seq: 100, flags: "S", timestamp: second + 1 },
      }),
    );
  const lost = await judge(t, { ...TCP_FLOW, packets: tries(4) });
  t.equal(brief(lost), "lost request 3 → 4 high");
  t.match(lost.verdict.lost, { packets: 3, of: 3 });
  t.match(lost.verdict.caveats, ["2 request packets were retransmissions"]);
  const back = await judge(t, {
    ...TCP_FLOW,
    packets: [syn(), synAck({ reach: 5 }), synAck({ atUs: 1e6, reach: 5 })],
  });
  t.equal(brief(back), "lost reply 3 → 2 high");
  const silent = await judge(t, { ...TCP_FLOW, packets: tries() });
  t.equal(brief(silent), "unanswered - 7 → - high");
  const again = await judge(t, {
    ...TCP_FLOW,
    packets: [syn({ reach: 3 }), ...tries().slice(1), synAck({ atUs: 4e6 }), ack({ atUs: 5e6 })],
  });
  t.equal(brief(again), "lost request 2 → 3 high", "what came through in the end was lost once");
  t.match(again.verdict.lost, { packets: 1, share: 0.25 });
  const lostAck = await judge(t, {
    ...TCP_FLOW,
    packets: [syn(), synAck(), ack({ reach: 2 }), get(), page()],
  });
  t.equal(brief(lostAck), "lost request 1 → 2 high");
  t.match(lostAck.verdict.caveats, ["All 1 lost packets were bare ACKs"]);
});

t.test("TCP: segments split by GSO and joined by GRO are no loss; a missing piece is", async (t) => {
  const pieces = { 3: 1398, 4: 1398, 5: 1398 };
  const packets = [syn(), synAck(), ack(), get(), page()];
  const split = await judge(t, { ...TCP_FLOW, packets, pieces });
  t.equal(brief(split), "delivered - - → - high");
  t.same(
    split.hops.map(({ reply }) => reply.packets),
    [2, 2, 2, 7, 7, 7, 2, 2],
  );
  const hole = await judge(t, { ...TCP_FLOW, packets: [...packets.slice(0, 4), page({ reach: 4 })], pieces });
  t.equal(brief(hole), "lost reply 4 → 3 high", "an MTU hole: the handshake passes, the page does not");
  const retried = await judge(t, {
    ...TCP_FLOW,
    pieces,
    packets: [
      ...packets.slice(0, 4),
      page({ reach: 4 }),
      page({ atUs: 300_000, tcp: { ...page().tcp!, timestamp: 99 } }),
    ],
  });
  t.equal(brief(retried), "lost reply 4 → 3 high", "each transmission counts, in the frames of the place");
  t.match(retried.verdict.lost, { packets: 6, of: 13 });
  t.match(retried.verdict.caveats, [/[1-9] reply packets were retransmissions/]);
  const mtu = ip(
    { source: NODE_IPS["node-a"], destination: SERVER, protocol: 1 },
    icmp(3, 4, {
      seq: 1400,
      payload: ip(
        { source: SERVER, destination: CLIENT, protocol: 6 },
        tcp({ sourcePort: 8080, destinationPort: 40_000, seq: 901 }, Buffer.alloc(20)),
      ),
    }),
  );
  const told = await judge(t, {
    ...TCP_FLOW,
    packets: [...packets.slice(0, 4), page({ reach: 4 }), { atUs: 1500, raw: mtu }],
  });
  t.equal(brief(told), "rejected reply 4 → 3 high");
});

t.test("UDP: port unreachable, DNAT, fragments, a protocol without replies", async (t) => {
  const query = (o: Partial<SimPacket> = {}): SimPacket => ({
    atUs: 0,
    id: 5,
    udp: Buffer.from("query-12345678"),
    ...o,
  });
  const answer = (o: Partial<SimPacket> = {}): SimPacket => ({
    atUs: 400,
    reply: true,
    id: 6,
    udp: Buffer.from("answer-1234567890"),
    ...o,
  });
  const quoted = ip(
    { source: CLIENT, destination: SERVER, protocol: 17 },
    udp(40_000, 8080, Buffer.alloc(20)),
  );
  const refused = await judge(t, {
    protocol: "udp",
    packets: [query(), { atUs: 300, reply: true, raw: icmpError(3, 3, quoted, SERVER) }],
  });
  t.equal(brief(refused), "rejected request 7 → - high");
  t.match(refused.verdict.rejectedBy, { how: "ICMP port unreachable", node: "node-b" });
  const service = await judge(t, {
    protocol: "udp",
    dnatAfter: 1,
    packets: [query(), answer(), query({ atUs: 1e6, id: 50 }), answer({ atUs: 1.1e6, id: 60 })],
  });
  t.equal(brief(service), "delivered - - → - high");
  const retry = await judge(t, {
    protocol: "udp",
    dnatAfter: 1,
    packets: [query({ id: 0, reach: 3 }), query({ atUs: 1e6, id: 0 }), answer({ atUs: 1.1e6 })],
  });
  t.equal(brief(retry), "lost request 2 → 3 high");
  t.equal(retry.verdict.packets[0]?.frame, 1, "of two equal packets, the first was lost");
  const oneWay = await judge(t, { protocol: "udp", probe: null, packets: [query()] });
  t.equal(brief(oneWay), "delivered - - → - high");
  t.match(oneWay.verdict.caveats, [/^One-way: nothing came back/]);
  const fragments = (cut: readonly number[], o: Partial<SimPacket> = {}): SimPacket[] =>
    cut.slice(1).map((end, index) => ({
      atUs: index * 5,
      id: 77,
      fragment: { offset: cut[index]!, more: index < cut.length - 2, bytes: end - cut[index]! },
      ...o,
    }));
  const whole = await judge(t, { protocol: "udp", packets: [...fragments([0, 1424, 2848, 3008]), answer()] });
  t.equal(brief(whole), "delivered - - → - high");
  const recut = await judge(t, {
    protocol: "udp",
    packets: [
      ...fragments([0, 1424, 2848, 3008], { hidden: [3, 4, 5, 6, 7] }),
      ...fragments([0, 1400, 2800, 3008], { atUs: 90, hidden: [0, 1, 2] }),
      answer(),
    ],
  });
  t.equal(brief(recut), "delivered - - → - high", "fragments of another size are no loss");
  const joined = await judge(t, {
    protocol: "udp",
    packets: [
      ...fragments([0, 1424, 3000], { hidden: [5, 6, 7] }),
      query({ atUs: 90, id: 77, udp: Buffer.alloc(2992, 5), hidden: [0, 1, 2, 3, 4] }),
      answer(),
    ],
  });
  t.equal(brief(joined), "delivered - - → - high", "in fragments here, joined there");
  const missing = await judge(t, {
    protocol: "udp",
    packets: [...fragments([0, 1424, 2848]), { ...fragments([0, 1424, 2848, 3008])[2]!, reach: 4 }],
  });
  t.equal(brief(missing), "lost request 3 → 4 high", "a lost fragment is loss");
  const cutLater = await judge(t, {
    protocol: "udp",
    packets: [
      query({ atUs: 5, id: 77, udp: Buffer.alloc(2992, 5), hidden: [3, 4, 5, 6, 7] }),
      ...fragments([0, 1424, 3000], { hidden: [0, 1, 2] }),
      answer(),
    ],
  });
  t.equal(brief(cutLater), "delivered - - → - high", "whole here, in fragments there");
});

t.test("an end with both IP families says which address was not followed", async (t) => {
  const sim: SimOptions = { protocol: "icmp", hops: CALICO, packets: pings(2) };
  const { from, to } = await judge(t, { ...sim, otherIp: "fd00::7" });
  t.strictSame([from.otherIp, to.otherIp], [undefined, "fd00::7"]);
});
