import t from "tap";
import { RangeSet } from "../../../lib/analysis/correlate/ranges.js";
import { Stream, StreamTable } from "../../../lib/analysis/correlate/streams.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { TCP } from "../../../lib/analysis/dissect/tcp.js";
import { fc } from "../../fixtures/property.js";

t.test("covers exactly the bytes that were added", async () => {
  const range = fc
    .tuple(fc.nat(60), fc.integer({ min: 1, max: 15 }))
    .map(([start, length]) => [start, start + length] as const);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 40 }), range, (added, [start, end]) => {
      const set = new RangeSet();
      const bytes = new Set<number>();
      const all = (from: number, to: number): boolean => {
        for (let at = from; at < to; at++) if (!bytes.has(at)) return false;
        return true;
      };
      for (const [from, to] of added) {
        if (set.add(from, to) !== all(from, to)) return false;
        for (let at = from; at < to; at++) bytes.add(at);
      }
      return set.covers(start, end) === all(start, end);
    }),
    { numRuns: 3000 },
  );
});

t.test("a range that touches several is joined with them", async (t) => {
  const set = new RangeSet();
  for (const [start, end] of [
    [0, 5],
    [10, 15],
    [20, 25],
    [40, 45],
  ] as const)
    t.notOk(set.add(start, end));
  t.notOk(set.add(3, 20), "the gaps were not there");
  t.ok(set.covers(0, 25));
  t.notOk(set.covers(0, 26));
  t.notOk(set.covers(25, 45), "what it does not touch stays apart");
  t.notOk(set.add(30, 35), "between two");
  t.ok(set.covers(30, 35));
  t.notOk(set.covers(30, 36));
});

t.test("holds a bounded number of ranges, and joins the lowest beyond it", async (t) => {
  const [up, down] = [new RangeSet(), new RangeSet()];
  for (let index = 0; index < 3000; index++) up.add(index * 10, index * 10 + 5);
  t.ok(up.covers(0, 2000), "the lowest are taken for one");
  t.notOk(up.covers(29_000, 29_006), "the highest are exact");
  for (let index = 3000; index > 0; index--) down.add(index * 10, index * 10 + 5);
  t.notOk(down.covers(29_000, 29_006));
  t.ok(down.covers(29_000, 29_005));
});

t.test("positions do not wrap at 4 GiB", async (t) => {
  const stream = new Stream(0xfffffff0 | 0, 0, 1);
  let sequence = 0xfffffff0;
  for (let index = 0; index < 12; index++) {
    t.equal(stream.unwrap(sequence | 0), index * 0x3fffffff);
    sequence = (sequence + 0x3fffffff) % 2 ** 32;
  }
  t.equal(stream.unwrap((sequence - 0x40000003) | 0), 11 * 0x3fffffff - 4, "a retransmission goes back");
  t.notOk(stream.covers(0, 0, 1), "a hop that showed nothing covers nothing");
});

t.test(
  "streams: a new SYN begins a new one, old fragments are forgotten, the number is bounded",
  async (t) => {
    const table = new StreamTable(2, 1000);
    const packet = new Packet();
    packet.tcpFlags = TCP.syn;
    packet.sequence = 5;
    const first = table.ofTcp(packet, 0, { clientPort: 4000, timeUs: 0 });
    t.equal(table.ofTcp(packet, 0, { clientPort: 4000, timeUs: 9 }), first, "the same SYN again");
    t.not(table.ofTcp(packet, 1, { clientPort: 4000, timeUs: 9 }), first, "the other direction");
    packet.sequence = 6;
    const second = table.ofTcp(packet, 0, { clientPort: 4000, timeUs: 9 });
    t.not(second, first);
    packet.tcpFlags = TCP.ack;
    packet.sequence = 99;
    t.equal(table.ofTcp(packet, 0, { clientPort: 4000, timeUs: 9 }), second);
    packet.ipId = 7;
    const fragments = table.ofFragment(packet, 0, 0);
    t.equal(table.ofFragment(packet, 0, 1000), fragments);
    t.not(table.ofFragment(packet, 0, 1001), fragments);
    for (let port = 0; port < 9000; port++) table.ofTcp(packet, 0, { clientPort: port + 10_000, timeUs: 0 });
    t.not(table.ofTcp(packet, 0, { clientPort: 4000, timeUs: 9 }), second, "the oldest gave way");
  },
);
