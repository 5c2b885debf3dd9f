import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import { compareOnWay, readSightings, type Sighting } from "../../lib/analysis/file-order.js";
import { findFileOrder } from "../../lib/analysis/index.js";
import { topologicalOrder } from "../../lib/analysis/topological-order.js";
import { fc } from "../fixtures/property.js";
import { listCases } from "./cases/cases.js";
import { ethernet, icmp, ip, pcap, udp, type PcapRecord } from "./helpers/packets.js";

const CASES = listCases().filter(({ paths }) => paths.length > 2);

t.test("captures in the order of the path, either way round, stay as they are", async (t) => {
  for (const { name, paths } of CASES) {
    t.equal(findFileOrder(paths), null, name);
    t.equal(findFileOrder([...paths].reverse()), null, `${name}, backwards`);
  }
});

t.test("captures in another order are put in that of the path", async () => {
  const { paths = [] } = CASES.find(({ name }) => name === "healthy-service") ?? {};
  const names = paths.map((path) => basename(path));
  fc.assert(
    fc.property(fc.shuffledSubarray([...paths], { minLength: paths.length }), (files) => {
      const order =
        findFileOrder(files)?.placed.map((index) => basename(files[index] ?? "")) ??
        files.map((file) => basename(file));
      const found = order.join(" ");
      return found === names.join(" ") || found === [...names].reverse().join(" ");
    }),
    { numRuns: 25 },
  );
});

t.test("what nothing is known of is told, and a circle is no order", async (t) => {
  t.strictSame(
    topologicalOrder([
      [false, false, false],
      [false, false, false],
      [true, false, false],
    ]),
    { placed: [2, 0], unplaced: [1] },
  );
  t.equal(
    topologicalOrder([
      [false, true],
      [true, false],
    ]),
    null,
  );
  t.strictSame(topologicalOrder([]), { placed: [], unplaced: [] });
});

const dir = t.testdir();
const START_US = 1_790_000_000_000_000;
const [A, B, S] = ["10.1.0.2", "10.1.0.3", "10.2.0.9"];

function save(name: string, records: readonly PcapRecord[], behind: Uint8Array = Buffer.alloc(0)): string {
  const path = join(dir, name);
  writeFileSync(path, Buffer.concat([pcap(records), behind]));
  return path;
}

/** Captures b, a, c of a path a, b, c: packets as each place shows them by its TTL. */
function shuffled(packet: (seq: number, ttl: number) => Uint8Array, behind?: Uint8Array): readonly string[] {
  return [63, 64, 62].map((ttl, file) => {
    const records = [1, 2, 3].map((seq) => ({
      timeUs: START_US + seq * 1000 + (64 - ttl),
      bytes: ethernet(packet(seq, ttl)),
    }));
    return save(`${file}.pcap`, records, behind);
  });
}

const B_A_C = { placed: [1, 0, 2], unplaced: [] };

t.test("a file that is damaged is placed by what stands before that", async (t) => {
  const ping = (seq: number, ttl: number): Buffer =>
    ip({ source: A, destination: S, protocol: 1, ttl, id: seq }, icmp(8, 0, { id: 7, seq }));
  t.strictSame(findFileOrder(shuffled(ping, Buffer.alloc(20, 0xff))), B_A_C);
});

t.test("who asks by ICMPv6 is where the order begins, however many answers there are", async (t) => {
  const [source, destination] = ["fd00::1", "fd00::2"];
  const echo = (seq: number, ttl: number): Buffer => {
    const payload = Buffer.alloc(16, seq);
    if (seq === 1)
      return ip({ source, destination, protocol: 1, ttl }, icmp(128, 0, { id: 7, seq, payload }));
    const back = { source: destination, destination: source, protocol: 1, ttl: 126 - ttl };
    return ip(back, icmp(129, 0, { id: 7, seq, payload }));
  };
  t.strictSame(findFileOrder(shuffled(echo)), B_A_C);
});

t.test("packets that may be any say nothing", async (t) => {
  const datagram =
    (id: number) =>
    (_: number, ttl: number): Buffer =>
      ip({ source: A, destination: S, protocol: 17, ttl, id }, udp(40_000, 53, Buffer.alloc(0)));
  t.equal(findFileOrder(shuffled(datagram(0))), null);
  t.strictSame(findFileOrder(shuffled(datagram(9))), B_A_C);
});

const marked = ethernet(
  ip({ source: A, destination: S, protocol: 1 }, icmp(8, 0, { payload: Buffer.alloc(8) })),
);

function record(mark: number): PcapRecord {
  const bytes = Buffer.from(marked);
  bytes.writeUInt32BE(mark, bytes.length - 4);
  return { timeUs: START_US, bytes };
}

function read(files: readonly string[], most: number): readonly (readonly Sighting[])[] {
  return [
    ...readSightings(
      files.map((path) => ({ path, device: null })),
      most,
    ),
  ];
}

t.test(
  "of many packets a sample is compared, of each file's, and of each of them every sighting",
  async (t) => {
    const of = (first: number, count: number): readonly PcapRecord[] =>
      Array.from({ length: count }, (_, index) => record(first + index));
    const many = [0, 1, 2, 3].map((file) => save(`many-${file}.pcap`, of(file * 4000, 4000)));
    const both = save("both.pcap", [...of(0, 500), ...of(12_000, 500), record(100_000)]);
    const seen = read([...many, both], 2000);
    t.ok(seen.length <= 2000 && seen.length >= 800, `${seen.length} packets`);
    const shown = (files: string): number =>
      seen.filter((one) => one.map(({ file }) => file).join() === files).length;
    for (const file of ["0", "1", "2", "3"]) t.ok(shown(file) > 150, `file ${file}: ${shown(file)}`);
    for (const pair of ["0,4", "3,4"]) t.ok(shown(pair) > 25, `files ${pair}: ${shown(pair)}`);
    t.equal(shown("4") <= 1, true, "what the fifth file shows, others have shown");
    t.equal(read([...many, both], 20_000).length, 16_001, "where there is room, all");
  },
);

t.test("packets that hash alike, as somebody may choose them, end no search", async (t) => {
  const alike = save(
    "alike.pcap",
    Array.from({ length: 3 }, (_, id) => record(id)),
  );
  t.equal(read([alike, alike], 1).length <= 1, true);
  t.equal(read([alike, alike], 0).length, 0);
});

function sightings(ttls: readonly number[], more: Partial<Sighting> = {}): readonly Sighting[] {
  return ttls.map((ttl, file) => ({
    ...{ file, path: `${file}`, frame: 1, timeUs: 0, ttl },
    ...{ source: A, destination: S, isRequest: true, ...more },
  }));
}

t.test("TTLs that do not agree are no order; who neither asks nor is asked most has no say", async (t) => {
  const forth = sightings([64, 63]);
  const odd = sightings([63, 64]);
  const [none, first] = [
    [
      [false, false],
      [false, false],
    ],
    [
      [false, true],
      [false, false],
    ],
  ];
  t.strictSame(compareOnWay([forth, forth, odd], 2), none);
  t.strictSame(compareOnWay([forth, forth, forth, forth, odd], 2), first);
  const other = { source: B, destination: "10.2.0.8" };
  const others = [
    sightings([63, 64], other),
    ...Array.from({ length: 4 }, () => sightings([63, 64], { ...other, isRequest: false })),
  ];
  t.strictSame(compareOnWay([forth, forth, ...others], 2), first);
  t.strictSame(compareOnWay([...others, forth, forth], 2), first);
});
