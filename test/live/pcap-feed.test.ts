import t from "tap";
import { PcapFeed } from "../../lib/live/pcap-feed.js";
import { fc } from "../fixtures/property.js";

interface Record {
  readonly timeUs: number;
  readonly bytes: Uint8Array;
}

function fileOf(records: readonly Record[], { big = false, nano = false } = {}): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (big) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  };
  const half = Buffer.alloc(4);
  if (big) half.writeUInt16BE(2);
  else half.writeUInt16LE(2);
  return Buffer.concat([
    ...[word(nano ? 0xa1b23c4d : 0xa1b2c3d4), half, word(0), word(0), word(320), word(1)],
    ...records.flatMap(({ timeUs, bytes }) => [
      word(Math.floor(timeUs / 1e6)),
      word((timeUs % 1e6) * (nano ? 1000 : 1)),
      ...[word(bytes.length), word(bytes.length + 10), Buffer.from(bytes)],
    ]),
  ]);
}

const copy = (feed: PcapFeed, chunk: Uint8Array): Record[] =>
  feed.push(chunk).map(({ timeUs, bytes }) => ({ timeUs, bytes: Uint8Array.from(bytes) }));

const records = fc.array(
  fc.record({
    timeUs: fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_100_000_000 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 320 }),
  }),
  { maxLength: 60 },
);

t.test("property: however the file comes in pieces, its records come out", async () => {
  fc.assert(
    fc.property(
      records,
      fc.integer({ min: 1, max: 700 }),
      fc.boolean(),
      fc.boolean(),
      (given, size, big, nano) => {
        const file = fileOf(given, { big, nano });
        const feed = new PcapFeed("a");
        const read: Record[] = [];
        for (let at = 0; at < file.length; at += size) read.push(...copy(feed, file.subarray(at, at + size)));
        return (
          feed.header?.linktype === 1 &&
          read.length === given.length &&
          read.every(({ timeUs, bytes }, at) => {
            const wanted = given[at]!;
            return timeUs === wanted.timeUs && Buffer.compare(bytes, wanted.bytes) === 0;
          })
        );
      },
    ),
  );
});

t.test("property: after a gap all records of the file come out that are whole behind it", async () => {
  const many = fc.array(
    fc.record({
      timeUs: fc.integer({ min: 1_700_000_000_000_000, max: 1_700_000_100_000_000 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 320 }),
    }),
    { minLength: 40, maxLength: 60 },
  );
  fc.assert(
    fc.property(
      many,
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 1, max: 900 }),
      (given, gap, size) => {
        const file = fileOf(given);
        const feed = new PcapFeed("a");
        copy(feed, file.subarray(0, 400));
        feed.skip();
        const read: Record[] = [];
        for (let at = 400 + gap; at < file.length; at += size)
          read.push(...copy(feed, file.subarray(at, at + size)));
        const whole = given.filter((_, at) => fileOf(given.slice(0, at)).length >= 400 + gap);
        // Of fewer in a row nothing can be said.
        if (whole.length < 12) return true;
        return (
          read.length === whole.length &&
          read.every(
            ({ timeUs, bytes }, at) =>
              timeUs === whole[at]?.timeUs && Buffer.compare(bytes, whole[at].bytes) === 0,
          )
        );
      },
    ),
  );
});

t.test("what is no capture is refused; a length that cannot be is a gap", async (t) => {
  t.throws(() => new PcapFeed("shop/client").push(Buffer.alloc(24, 7)), { code: "EVIDENCE_INVALID" });
  const feed = new PcapFeed("a");
  const file = fileOf([{ timeUs: 1_700_000_000_000_000, bytes: Uint8Array.of(1) }]);
  t.equal(feed.push(Buffer.concat([file, Buffer.alloc(16, 0xff)])).length, 1);
  t.equal(feed.push(Buffer.alloc(200_000, 0xff)).length, 0);
  t.equal(feed.push(Buffer.alloc(200_000, 0)).length, 0);
});
