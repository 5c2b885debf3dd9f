import t from "tap";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { analyzePcaps } from "../../../lib/analysis/index.js";
import type { ProbeAttempt, ProbeRecord } from "../../../lib/model/evidence.js";
import { brief, judge } from "../helpers/judge.js";
import { ethernet, ip, pcap } from "../helpers/packets.js";
import { CALICO, CLIENT, pings, SERVER, START_US, type SimPacket } from "../helpers/run.js";

const START_SEC = START_US / 1e6;
const lostAt = (reach: number, count = 4): SimPacket[] =>
  pings(count, (_, reply) => (reply ? null : { reach }));
const attempt = (change: Partial<ProbeAttempt> = {}): ProbeAttempt => ({
  seq: 1,
  sentAtSec: START_SEC,
  localPort: null,
  outcome: "answered",
  rttMs: 1,
  detail: "",
  ...change,
});

t.test("a hop without a capture: the loss may be on either side", async (t) => {
  for (const captures of [
    { 4: null },
    { 4: { pcap: null } },
    { 4: { pcap: null, endedEarly: "free disk floor" } },
  ]) {
    const found = await judge(t, { protocol: "icmp", packets: lostAt(4), captures });
    t.equal(brief(found), "lost request 3 → 5 low");
    t.match(found.verdict.caveats, [/^No capture at node-b ens4: /, /may be on either side of node-b ens4/]);
  }
  const healthy = await judge(t, { protocol: "icmp", packets: pings(4), captures: { 4: null } });
  t.equal(brief(healthy), "delivered - - → - medium");
  t.same(healthy.hops[4]?.request, { packets: 0, bytes: 0 });
});

t.test("no capture at the far end: nobody can say that requests arrived", async (t) => {
  const found = await judge(t, { protocol: "icmp", packets: lostAt(8), captures: { 7: null } });
  t.equal(brief(found), "inconclusive - 6 → - medium");
  const answered = await judge(t, { protocol: "icmp", packets: pings(2), captures: { 7: null } });
  t.equal(brief(answered), "delivered - - → - medium", "an answer says it");
  const some = await judge(t, {
    protocol: "icmp",
    packets: pings(6, (seq, reply) => (reply && seq > 2 ? null : {})),
    captures: { 7: null },
  });
  t.equal(brief(some), "inconclusive - 6 → - medium", "of those without one, nothing does");
});

t.test("packets that tcpdump dropped or left unwritten weaken the loss", async (t) => {
  const middle = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { droppedByKernel: 3 } },
  });
  t.equal(brief(middle), "lost request 3 → 4 medium");
  t.match(middle.verdict.caveats, ["tcpdump at node-b ens4 dropped 3 packets in the kernel"]);
  t.equal(middle.hops[4]?.droppedByKernel, 3);
  const last = await judge(t, {
    protocol: "icmp",
    packets: lostAt(7),
    captures: { 7: { received: 4, captured: 0 } },
  });
  t.equal(brief(last), "inconclusive - 6 → - low");
  t.match(last.verdict.caveats, [
    "4 packets that the capture at node-b eth0 did not show it may have missed itself",
  ]);
  const unsaid = { droppedByKernel: null, captured: null, received: null };
  const unknown = await judge(t, { protocol: "icmp", packets: lostAt(4), captures: { 4: unsaid } });
  t.equal(brief(unknown), "lost request 3 → 4 medium");
  t.match(unknown.verdict.caveats, [/did not say how many packets it dropped/]);
  const unwritten = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { received: 5, captured: 0 } },
  });
  t.equal(brief(unwritten), "lost request 3 → 4 medium");
  t.match(unwritten.verdict.caveats, ["tcpdump at node-b ens4 left 5 packets of its filter unwritten"]);
  const silent = await judge(t, { protocol: "icmp", packets: lostAt(7), captures: { 7: unsaid } });
  t.equal(brief(silent), "lost request 6 → 7 medium", "nothing is taken off by what was not said");
  t.match(silent.verdict.lost, { packets: 4, of: 4 });
  const twice = await judge(t, {
    protocol: "icmp",
    packets: pings(5, (seq, reply) => (reply ? null : { reach: seq > 3 ? 3 : 7 })),
    captures: { 7: { droppedByKernel: 1 } },
  });
  t.equal(brief(twice), "lost request 2 → 3 medium", "of as many that are sure the first break");
  t.match(twice.verdict.lost, { packets: 2, of: 5 });
  t.match(twice.verdict.caveats[0], /^1 packets that the capture at node-b eth0 .* may have missed itself$/);
  t.equal(
    twice.verdict.caveats[1],
    "1 request packets were not judged: a capture did not cover their time, or may have missed them",
  );
  t.equal(twice.verdict.caveats.at(-1), "2 more packets were last seen at node-b cali2");
  const partial = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (seq, reply) => (seq > 2 ? {} : reply ? null : { reach: 7 })),
    captures: { 7: { droppedByKernel: 2 } },
  });
  t.equal(brief(partial), "delivered - - → - medium", "as many as the capture itself may have missed");
});

t.test("packets outside the time of the next hop's capture are not judged", async (t) => {
  const late = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { listeningAtSec: START_SEC + 100 } },
  });
  t.equal(brief(late), "inconclusive - 3 → - medium");
  t.match(late.verdict.caveats, ["4 request packets were not judged: a capture did not cover their time"]);
  const early = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { stoppedAtSec: START_SEC + 1.2 } },
  });
  t.equal(brief(early), "lost request 3 → 4 high");
  t.match(
    early.verdict.lost,
    { packets: 1, of: 1 },
    "of the one that is judged: the second is within the last 300 ms, two came later",
  );
  const watched = await judge(t, {
    protocol: "icmp",
    probe: null,
    packets: lostAt(4),
    captures: { 4: { stoppedAtSec: START_SEC + 2.1 } },
  });
  t.match(watched.verdict.lost, { packets: 1, of: 1 });
  const left = await judge(t, {
    protocol: "icmp",
    probes: [{ error: "the connection to the cluster's API was lost" }],
    packets: lostAt(4),
    captures: { 4: { stoppedAtSec: START_SEC + 1.2 } },
  });
  t.equal(left.verdict.status, "inconclusive", "a probe that nobody ended goes on while the captures stop");
  const replies = await judge(t, {
    protocol: "icmp",
    packets: pings(2, (_, reply) => (reply ? { reach: 4 } : {})),
    captures: { 3: { stoppedAtSec: START_SEC - 1 } },
  });
  t.equal(brief(replies), "inconclusive reply 4 → - medium");
  const unknown = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { stoppedAtSec: null, listeningAtSec: null } },
  });
  t.equal(brief(unknown), "lost request 3 → 4 high");
});

t.test("a capture that ended early", async (t) => {
  const found = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: { endedEarly: "size limit" } },
  });
  t.equal(brief(found), "lost request 3 → 4 medium");
  t.match(found.verdict.caveats, ["The capture at node-b ens4 ended early: size limit"]);
});

t.test("a silent hop is no loss while others show the packets, or their answers", async (t) => {
  const middle = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? {} : { hidden: [6] })),
  });
  t.equal(brief(middle), "delivered - - → - high");
  t.match(middle.verdict.caveats, [/^Silent hop node-b cali2: 4 request packets/]);
  const replies = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? { hidden: [1] } : {})),
  });
  t.match(replies.verdict.caveats, [/^Silent hop node-a cali1: 4 reply packets/]);
  const far = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? {} : { hidden: [6, 7] })),
  });
  t.equal(brief(far), "inconclusive request 5 → 6 medium", "what was not seen is not said");
  t.match(far.verdict.caveats, [/^Requests were answered, and never seen behind node-b vxlan\.calico/]);
  const elsewhere = await judge(t, {
    protocol: "icmp",
    packets: pings(4, () => ({ hidden: [2, 3, 4, 5, 6, 7] })),
  });
  t.equal(brief(elsewhere), "inconclusive request 1 → 2 low", "answers reached the sender, by whatever way");
  t.match(elsewhere.verdict.caveats, [/^Requests were answered, and never seen behind node-a cali1/]);
  const half = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (seq, reply) => (reply ? (seq > 1 ? null : {}) : { hidden: [6, 7] })),
  });
  t.equal(brief(half), "lost request 5 → 6 medium");
  t.match(half.verdict.lost, { packets: 3, of: 4 });
  const handshake: SimPacket[] = [
    { atUs: 0, hidden: [6, 7], tcp: { seq: 1, flags: "S" } },
    { atUs: 300, reply: true, tcp: { seq: 9, ack: 2, flags: "S." } },
  ];
  const unseen = await judge(t, { protocol: "tcp", packets: handshake });
  t.equal(brief(unseen), "inconclusive request 5 → 6 medium");
  const first = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (_, reply) => (reply ? {} : { hidden: [0] })),
  });
  t.equal(brief(first), "delivered - - → - medium");
  t.match(first.verdict.caveats, [/The request direction does not show at node-a eth0/]);
  const stray = await judge(t, {
    protocol: "icmp",
    packets: pings(4, (seq, reply) => (reply || seq > 1 ? {} : { hidden: [0] })),
  });
  t.match(stray.verdict.caveats, ["1 request packets were seen at later hops only"]);
});

t.test("clocks of two nodes: estimated, told, and no reason for a wrong verdict", async (t) => {
  for (const aheadUs of [-30_000_000, -2_000, 0, 45_000_000]) {
    const healthy = await judge(t, { protocol: "icmp", packets: pings(4), aheadUs: { "node-b": aheadUs } });
    t.equal(brief(healthy), "delivered - - → - high", `${aheadUs} µs`);
    t.same(healthy.timeline[0]?.seenAtUs, [0, 20, 40, 60, 80, 100, 120, 140]);
    t.equal(healthy.verdict.caveats.length, aheadUs === 0 ? 0 : 1);
  }
  const behind = await judge(t, { protocol: "icmp", packets: pings(4), aheadUs: { "node-b": -30_000_000 } });
  t.match(behind.verdict.caveats, [
    "The clock of node-b is 30000.0 ms behind the first node's, by matched requests and replies; times are corrected",
  ]);
  const oneWay = await judge(t, { protocol: "icmp", packets: lostAt(8), aheadUs: { "node-b": 45_000_000 } });
  t.equal(brief(oneWay), "unanswered - 7 → - high");
  t.match(oneWay.verdict.caveats, [/4\d{4}\.\d ms ahead of the first node's, by one direction only/]);
  const fine = await judge(t, { protocol: "icmp", packets: lostAt(8), aheadUs: { "node-b": 500 } });
  t.same(fine.verdict.caveats, []);
  const lost = await judge(t, { protocol: "icmp", packets: lostAt(3), aheadUs: { "node-b": 45_000_000 } });
  t.equal(brief(lost), "lost request 2 → 3 high", "before the other node's hops, nothing can go wrong");
  const wire = await judge(t, { protocol: "icmp", packets: lostAt(4), aheadUs: { "node-b": 45_000_000 } });
  t.equal(brief(wire), "lost request 3 → 4 high", "no packet to estimate from, but the captures' beginnings");
  t.match(wire.verdict.caveats, [/45000\.0 ms ahead of the first node's, by when their captures began/]);
  const unsaid = { listeningAtSec: null };
  const unknown = await judge(t, {
    protocol: "icmp",
    packets: lostAt(4),
    captures: { 4: unsaid, 5: unsaid, 6: unsaid, 7: unsaid },
  });
  t.equal(brief(unknown), "lost request 3 → 4 high");
  const repliesOnly = pings(4, (_, reply) => (reply ? {} : { hidden: [4, 5, 6, 7] }));
  const back = await judge(t, { protocol: "icmp", packets: repliesOnly, aheadUs: { "node-b": 45_000_000 } });
  t.equal(brief(back), "inconclusive request 3 → 4 medium");
  t.match(back.verdict.caveats, [/4\d{4}\.\d ms ahead/]);
  const gap = pings(4, (_, reply) => ({ hidden: reply ? [2, 3] : [2, 3] }));
  const over = await judge(t, { protocol: "icmp", packets: gap, aheadUs: { "node-b": 45_000_000 } });
  t.equal(brief(over), "delivered - - → - high", "the nearest hop before that shows the packets is used");
});

t.test("our own packets decide, others are counted", async (t) => {
  const icmpOf = (seq: number, id: number): SimPacket["icmp"] => ({ seq, id, payload: Buffer.alloc(56, id) });
  const mine = pings(3, (seq, reply) => (reply ? null : { reach: 4, icmp: icmpOf(seq, 21) }));
  const theirs = pings(3, (seq) => ({ icmp: icmpOf(seq, 22), atUs: seq * 1e6 + 300_000, id: 0 }));
  const packets = [...mine, ...theirs];
  const byId = await judge(t, {
    protocol: "icmp",
    packets,
    dnatAfter: 1,
    probes: [{ icmpId: 21, attempts: [attempt()] }],
  });
  t.equal(
    brief(byId),
    "lost request 3 → 4 high",
    "the id is rewritten behind the service, the packet is the same",
  );
  t.same(byId.hops[0]?.request.packets, 3);
  t.match(byId.verdict.caveats, ["6 packets of other conversations between the same ends were seen"]);
  const all = await judge(t, { protocol: "icmp", packets });
  t.equal(all.hops[0]?.request.packets, 6, "with no record of a probe every packet counts");

  const tag = Buffer.from("hopbook-0123456789");
  const udp = (
    atUs: number,
    clientPort: number,
    payload: Uint8Array,
    rest: Partial<SimPacket> = {},
  ): SimPacket => ({
    atUs,
    clientPort,
    id: atUs & 0xffff,
    udp: payload,
    ...rest,
  });
  const tagged = [
    udp(0, 5000, Buffer.concat([Buffer.from("x"), tag]), {}),
    udp(400, 5000, Buffer.from("answer"), { reply: true }),
    udp(1000, 6000, Buffer.from("somebody else's, long enough")),
    udp(1500, 6000, Buffer.from("short")),
  ];
  const probe = (change: Partial<ProbeRecord>): Partial<ProbeRecord>[] => [
    { kind: "dns-udp", tagHex: tag.toString("hex"), attempts: [attempt()], ...change },
  ];
  const byTag = await judge(t, { protocol: "udp", packets: tagged, probes: probe({}) });
  t.equal(brief(byTag), "delivered - - → - high");
  t.equal(byTag.hops[0]?.request.packets, 1);
  const byPort = await judge(t, {
    protocol: "udp",
    packets: tagged,
    probes: probe({ attempts: [attempt({ localPort: 6000 })] }),
  });
  t.equal(brief(byPort), "unanswered - 7 → - high");
  const cut = await judge(t, { protocol: "udp", packets: tagged, probes: probe({}), snaplenBytes: 100 });
  t.equal(cut.hops[0]?.request.packets, 1, "inside the tunnel the tag was cut away, at the pod it was not");
  const bare = await judge(t, { protocol: "udp", packets: tagged, probes: probe({}), snaplenBytes: 50 });
  t.equal(
    bare.hops[0]?.request.packets,
    3,
    "where the payload was cut away everywhere nothing speaks against it, nor against the rest of its connection",
  );
  const untagged = await judge(t, { protocol: "udp", packets: tagged, probes: probe({ tagHex: null }) });
  t.equal(untagged.hops[0]?.request.packets, 3);
  const noTag = await judge(t, { protocol: "udp", packets: tagged, probes: probe({ tagHex: "" }) });
  t.equal(noTag.hops[0]?.request.packets, 3);
});

t.test("inconclusive: no request of ours, and why", async (t) => {
  const nothing = await judge(t, { protocol: "icmp", packets: [] });
  t.equal(brief(nothing), "inconclusive - - → - medium");
  t.match(nothing.verdict.caveats, [
    "No request of the flow was seen at node-a eth0 or at any hop behind it",
  ]);
  const probes = [
    {
      attempts: [attempt({ outcome: "error", detail: "Network is unreachable", sentAtSec: START_SEC - 50 })],
      error: "ping: exit code 2",
    },
  ] as const;
  const late = await judge(t, { protocol: "icmp", packets: [], probes });
  t.match(late.verdict.caveats, [
    /No request of the flow/,
    "The capture at node-a eth0 began after the last request was sent",
    "The probe could not send: Network is unreachable",
    "The probe failed: ping: exit code 2",
  ]);
  const replies = await judge(t, { protocol: "icmp", packets: pings(2, (_, reply) => (reply ? {} : null)) });
  t.equal(brief(replies), "inconclusive - - → - medium");
  t.match(replies.verdict.caveats, [/No request/, "2 replies were seen without a request"]);
  const blind = await judge(t, {
    protocol: "icmp",
    packets: pings(2),
    captures: Object.fromEntries(CALICO.map((_, index) => [index, null])),
  });
  t.equal(brief(blind), "inconclusive - - → - low");
  t.equal(blind.timeline.length, 0);
  const unknownTime = await judge(t, {
    protocol: "icmp",
    packets: [],
    probes: [{ attempts: [attempt()] }],
    captures: { 0: { listeningAtSec: null } },
  });
  t.equal(unknownTime.verdict.caveats.length, 1);
});

t.test(
  "inconclusive: what was tried while its pod's own device was captured came not even there",
  async (t) => {
    const probes = [{ attempts: [attempt({ outcome: "timeout", sentAtSec: START_SEC + 1 })] }] as const;
    const tried = (more: Partial<Parameters<typeof judge>[1]> = {}) =>
      judge(t, { protocol: "icmp", packets: [], probes, ...more });
    t.equal(brief(await tried()), "inconclusive - - → 0 medium");
    const early = [{ attempts: [attempt({ sentAtSec: START_SEC - 50 })] }] as const;
    const replies = pings(2, (_, reply) => (reply ? {} : null));
    for (const [more, why] of [
      [{ probes: [] }, "nothing was tried"],
      [{ probes: early }, "it was not captured yet"],
      [{ captures: { 0: { droppedByKernel: 1 } } }, "it may have been dropped by the capture"],
      [{ captures: { 0: { endedEarly: "size limit" } } }, "or not be in it"],
      [{ captures: { 0: { listeningAtSec: null } } }, "nobody knows since when"],
      [{ captures: { 0: null } }, "there is none"],
      [{ packets: replies }, "it was answered"],
    ] as const)
      t.match(brief(await tried(more)), /^inconclusive - - → - /, why);
  },
);

t.test("a probe that failed although its packets went through", async (t) => {
  const probes = (detail: string): Partial<ProbeRecord>[] => [
    { icmpId: 7, error: "ping: exit code 1", attempts: [attempt({ outcome: "timeout", detail })] },
  ];
  const found = await judge(t, { protocol: "icmp", packets: pings(1), probes: probes("") });
  t.equal(brief(found), "delivered - - → - medium");
  t.match(found.verdict.caveats, [
    "The ping probe failed: ping: exit code 1",
    "1 of 1 ping attempts failed all the same: timeout",
  ]);
  const detailed = await judge(t, {
    protocol: "icmp",
    packets: pings(1),
    probes: probes("no answer in 1 s"),
  });
  t.match(detailed.verdict.caveats[1], /all the same: no answer in 1 s/);
});

t.test("replies that come back another way have hops of their own", async (t) => {
  const replyHops = [7, 6, 3, 1, 0];
  const found = await judge(t, {
    protocol: "icmp",
    packets: pings(3, (_, reply) => (reply ? { hidden: [2, 4, 5] } : {})),
    replyHops,
  });
  t.equal(brief(found), "delivered - - → - high");
  t.equal(found.replyHops?.length, 5);
  const elsewhere = await judge(t, { protocol: "icmp", packets: pings(3), replyHops });
  t.equal(elsewhere.hops[4]?.reply.packets, 0, "replies at a hop of the request's way only are not followed");
});

t.test("IPv6, and snap lengths that keep headers only", async (t) => {
  t.equal(brief(await judge(t, { protocol: "icmp", packets: pings(3), v6: true })), "delivered - - → - high");
  t.equal(
    brief(await judge(t, { protocol: "icmp", packets: lostAt(5), v6: true, dnatAfter: 1 })),
    "lost request 4 → 5 high",
  );
  for (const snaplenBytes of [96, 128, 192])
    t.equal(
      brief(await judge(t, { protocol: "icmp", packets: pings(3), snaplenBytes, dnatAfter: 1 })),
      "delivered - - → - high",
    );
});

t.test("fragments of ours and of others, and what cannot be an address", async (t) => {
  const piece = (clientPort: number, id: number, reach: number): SimPacket[] => [
    { atUs: id, id, clientPort, reach, fragment: { offset: 0, more: true, bytes: 1400 } },
    { atUs: id + 1, id, clientPort, reach, fragment: { offset: 1400, more: false, bytes: 600 } },
  ];
  const probes = [{ kind: "udp", attempts: [attempt({ localPort: 5000 })] }] as const;
  const whole = { atUs: 9000, id: 99, clientPort: 5000, udp: Buffer.alloc(30) };
  const found = await judge(t, {
    protocol: "udp",
    packets: [...piece(5000, 1, 3), ...piece(6000, 500, 8), whole],
    probes,
  });
  t.equal(brief(found), "lost request 2 → 3 high");
  t.match(found.verdict.lost, { packets: 2, of: 3 }, "the first fragment says whose the others are");
  t.match(found.verdict.caveats, ["2 packets of other conversations between the same ends were seen"]);
});

t.test("later fragments alone: whose they are is not known, nor whether an answer was due", async (t) => {
  for (const protocol of [6, 17]) {
    const ends = { source: CLIENT, destination: SERVER, protocol, id: 5 };
    const piece = ip({ ...ends, fragmentOffset: 1480 }, Buffer.alloc(200));
    const file = join(t.testdir(), "n1.eth0.pcap");
    writeFileSync(file, pcap([{ timeUs: START_US, bytes: ethernet(piece) }]));
    const { flows } = await analyzePcaps([file]);
    t.equal(flows[0]?.verdict.status, "inconclusive");
    t.match(flows[0]?.verdict.caveats, [/^These are later fragments alone/]);
  }
});

t.test("of two breaks with as many packets, the first one is named", async (t) => {
  const packets = pings(4, (seq, reply) => (reply ? null : { reach: seq % 2 === 0 ? 3 : 6 }));
  const found = await judge(t, { protocol: "icmp", packets });
  t.equal(brief(found), "lost request 2 → 3 high");
  t.match(found.verdict.lost, { packets: 2, of: 4 });
});

t.test("a connection that is closed, and one that its client resets", async (t) => {
  const packets: SimPacket[] = [
    { atUs: 0, tcp: { seq: 1, flags: "S" } },
    { atUs: 300, reply: true, tcp: { seq: 9, ack: 2, flags: "S." } },
    { atUs: 600, tcp: { seq: 2, ack: 10, flags: "F." } },
    { atUs: 900, reply: true, tcp: { seq: 10, ack: 3, flags: "F." } },
    { atUs: 1200, reach: 4, tcp: { seq: 3, ack: 11, flags: "R" } },
  ];
  const found = await judge(t, { protocol: "tcp", packets });
  t.equal(brief(found), "delivered - - → - high");
});

t.test("replies through a hop that no request passes", async (t) => {
  const extra = { node: "node-b", role: "bridge", interface: "cni0" } as const;
  const hops = [...CALICO, extra];
  const packets = pings(2, (_, reply) => (reply ? {} : { hidden: [8] }));
  const found = await judge(t, {
    protocol: "icmp",
    packets,
    hops,
    requestHops: [0, 1, 2, 3, 4, 5, 6, 7],
    replyHops: [8, 6, 5, 4, 3, 2, 1, 0],
  });
  t.equal(found.verdict.status, "delivered");
  t.equal(found.hops.length, 8);
  t.match(found.replyHops?.[0], { interface: "cni0", request: { packets: 0 }, reply: { packets: 2 } });
});
