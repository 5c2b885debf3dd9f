import t from "tap";
import { tallyDirection } from "../../../lib/analysis/follow/tally.js";
import { icmp, ip, udp } from "../helpers/packets.js";
import { START_US } from "../helpers/run.js";
import { CLIENT, followed, segment, SERVER, ways, type Shown } from "./kit.js";

const datagram = (isRequest: boolean, text: string, id = 0): Buffer => {
  const [source, destination] = isRequest ? [CLIENT, SERVER] : [SERVER, CLIENT];
  const [from, to] = isRequest ? [9000, 53] : [53, 9000];
  return ip({ source, destination, protocol: 17, id }, udp(from, to, Buffer.from(text)));
};

t.test("a SYN with another sequence number on the same ports begins another connection", async (t) => {
  const syn = (seq: number): Buffer => segment(true, { flags: "S", seq });
  const kept = (...shown: Shown): unknown =>
    followed(t, [shown]).flows.map(({ connections, kept: [first] }) => [connections, first?.story.syns]);
  t.strictSame(kept([0, syn(7)], [1_000_000, syn(7)]), [[1, 2]], "a retry");
  t.strictSame(kept([0, syn(7)], [1_000_000, syn(9)]), [[2, 1]]);
});

t.test("an answer that says the same as the question is a packet of its own", async (t) => {
  const [asks, answers] = [datagram(true, "the same words"), datagram(false, "the same words")];
  const found = followed(t, [
    [
      [0, asks],
      [400, answers],
    ],
    [[300, answers]],
  ]);
  t.strictSame(ways(found, found.flows[0], 0), ["1 at 0"], "lost behind the first place");
  t.strictSame(ways(found, found.flows[0], 1), ["1 at 0,1"]);
});

t.test("ICMP that asks for no echo is no flow", async (t) => {
  const ask = (type: number): Buffer => ip({ source: CLIENT, destination: SERVER, protocol: 1 }, icmp(type, 0, { id: 7, seq: 1 })); // prettier-ignore
  t.strictSame(followed(t, [[13, 17, 9].map((type, index) => [index, ask(type)] as const)]).flows, []);
  t.equal(followed(t, [[[0, ask(8)]]]).flows.length, 1);
});

t.test("what the captures surely have is known up to where one is damaged", async (t) => {
  const packets = (count: number): Shown =>
    Array.from({ length: count }, (_, index) => [index * 1000, datagram(true, `number ${index}`, index + 1)]);
  const { flows } = followed(t, [packets(6), packets(4)], { behind: { 1: Buffer.alloc(20, 0xff) } });
  t.strictSame(
    flows[0]?.records[0].ways.map(({ live, packets: count }) => [live === -1, count]),
    [
      [true, 4],
      [false, 2],
    ],
    "four at both places, before the damage; of two behind it nothing is known there",
  );
});

t.test(
  "a way's time is from its first packet to its last, whichever was known sooner to have taken it",
  async (t) => {
    const [slow, fast] = [datagram(true, "slow", 1), datagram(true, "fast", 2)];
    const { flows } = followed(
      t,
      [
        [
          [0, slow],
          [500, fast],
        ],
        [
          [600, fast],
          [1000, slow],
        ],
      ],
      { paths: [[0, 1]] },
    );
    const [way] = flows[0]?.records[0].ways ?? [];
    t.match(way, { packets: 2, firstUs: START_US, lastUs: START_US + 500 });
  },
);

t.test("packets at places beside a way do not count on it", async (t) => {
  const found = followed(t, [[], [], [[0, datagram(true, "beside")]]]);
  const [record] = found.flows[0]!.records;
  t.strictSame(tallyDirection(record, [0, 1], found.sets).ways, []);
  t.match(tallyDirection(record, [0, 1, 2], found.sets).ways, [{ first: 2, last: 2, packets: 1 }]);
});

t.test(
  "of flows that nobody asked about some packets are kept: more of the first, none of whole ways",
  async (t) => {
    const frame = datagram(true, "0123456789");
    const packet = (client: number, number: number): Buffer => {
      const bytes = Buffer.from(frame);
      bytes.writeUInt16BE(client, 14);
      bytes.writeUInt32BE(number, 28);
      return bytes;
    };
    const many = (flows: number, each: number): Shown =>
      Array.from({ length: flows * each }, (_, index) => [index, packet(Math.floor(index / each), index)]);
    const keptOf = (paths: readonly (readonly number[])[], shown: Shown): readonly number[] =>
      followed(t, [shown, []], { paths }).flows.map(
        ({ records: [{ ways: list }] }) => list[0]?.kept.length ?? 0,
      );
    const whole = keptOf([[0]], many(258, 3));
    t.strictSame([whole[255], whole[256], whole[257]], [3, 0, 0]);
    const broken = keptOf([[0, 1]], many(2060, 8));
    t.strictSame([broken[0], broken[256]], [8, 8]);
    t.equal(broken.length, 2060);
    t.equal(
      broken.reduce((sum, kept) => sum + kept),
      16_384,
    );
  },
);
