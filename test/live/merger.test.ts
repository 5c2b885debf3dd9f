import t from "tap";
import { Merger, type MergedPacket } from "../../lib/live/merger.js";
import { fc } from "../fixtures/property.js";

const packet = (place: number, timeUs: number, bytes = 0): MergedPacket => ({
  ...{ place, timeUs, wireBytes: bytes, bytes: new Uint8Array(bytes) },
});
const times = (packets: readonly MergedPacket[]): number[] => packets.map(({ timeUs }) => timeUs);

t.test("a packet waits for the delay, and no longer; what was before it goes with it", async (t) => {
  const merger = new Merger({ delayMs: 1000, mostBytes: 1e6 });
  merger.push(packet(0, 50), 0);
  merger.push(packet(1, 20), 900);
  merger.push(packet(1, 80), 900);
  t.strictSame(times(merger.take(999)), []);
  t.strictSame(times(merger.take(1000)), [20, 50]);
  t.equal(merger.waiting, 1);
  merger.push(packet(0, 10), 1001);
  t.equal(merger.late, 1, "it is counted");
  t.strictSame(times(merger.take(1900)), [10, 80]);
  t.strictSame(times(merger.flush()), []);
});

t.test("no more waits than there is room for: the earliest go before their time", async (t) => {
  const merger = new Merger({ delayMs: 60_000, mostBytes: 10_000 });
  for (let at = 0; at < 100; at++) merger.push(packet(0, 100 - at, 800), 0);
  const gone = merger.take(1);
  t.strictSame(
    times(gone),
    [...times(gone)].sort((a, b) => a - b),
  );
  t.equal(merger.waiting, 10);
});

t.test("property: whatever comes goes once, in order where it is not late, within the delay", async () => {
  const arrivals = fc.array(
    fc.record({
      place: fc.nat(4),
      atMs: fc.nat(20_000),
      // Up to 3 s before it came: some are later than what is waited for.
      agoMs: fc.nat(3000),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 400 }), (given, stepMs) => {
      const merger = new Merger({ delayMs: 1000, mostBytes: 1e9 });
      const coming = [...given].sort((a, b) => a.atMs - b.atMs);
      const gone: { readonly timeUs: number; readonly atMs: number }[] = [];
      const cameAt = new Map<MergedPacket, number>();
      let next = 0;
      for (let now = 0; now <= 22_000 + stepMs; now += stepMs) {
        for (; next < coming.length && coming[next]!.atMs <= now; next++) {
          const { place, atMs, agoMs } = coming[next]!;
          const one = packet(place, (atMs - agoMs) * 1000);
          cameAt.set(one, now);
          merger.push(one, now);
        }
        for (const one of merger.take(now)) {
          gone.push({ timeUs: one.timeUs, atMs: now });
          if (now - cameAt.get(one)! >= 1000 + stepMs) return false;
        }
      }
      const late = gone.filter(({ timeUs }, at) => gone.slice(0, at).some((one) => one.timeUs > timeUs));
      return gone.length === given.length && late.length <= merger.late && merger.waiting === 0;
    }),
  );
  const sorted = fc.array(fc.record({ place: fc.nat(4), agoMs: fc.nat(900) }), { maxLength: 200 });
  fc.assert(
    fc.property(sorted, (given) => {
      const merger = new Merger({ delayMs: 1000, mostBytes: 1e9 });
      const gone: number[] = [];
      given.forEach(({ place, agoMs }, at) => {
        merger.push(packet(place, (at * 10 - agoMs) * 1000), at * 10);
        gone.push(...times(merger.take(at * 10)));
      });
      gone.push(...times(merger.flush()));
      return gone.length === given.length && gone.every((timeUs, at) => at === 0 || gone[at - 1]! <= timeUs);
    }),
  );
});
