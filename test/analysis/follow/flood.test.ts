import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { follow } from "../../../lib/analysis/follow/follow.js";
import { InFlight } from "../../../lib/analysis/follow/flight.js";
import { identifyProbes } from "../../../lib/analysis/follow/identity.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { tallyDirection } from "../../../lib/analysis/follow/tally.js";
import { ethernet, icmp, ip, pcap, tcp, udp } from "../helpers/packets.js";
import { START_US } from "../helpers/run.js";
import { beginComputing } from "../../fixtures/patience.js";

const capture = (dir: string, name: string) => ({
  node: "n",
  pcap: name,
  path: join(dir, name),
  encapsulation: { kind: "none" } as const,
  listeningUs: null,
  stoppedUs: null,
});
const target = (from: string, to: string, protocol: "udp" | "tcp") => ({
  from: [{ ip: from, port: null }],
  to: [{ ip: to, port: 53 }],
  protocol,
  identity: identifyProbes([]),
  tailUs: 0,
});
const FROM = "10.0.0.1";
const TO = "10.0.0.2";

t.test(
  "hundreds of thousands of one packet, all lost, are judged in time and in bounded memory",
  async (t) => {
    const dir = t.testdir();
    const frame = ethernet(
      ip({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 }, udp(9000, 53, Buffer.from("x"))),
    );
    const count = 300_000;
    const one = pcap([{ timeUs: START_US, bytes: frame }]).subarray(24);
    writeFileSync(join(dir, "a.pcap"), Buffer.concat([pcap([]), ...new Array<Buffer>(count).fill(one)]));
    writeFileSync(join(dir, "b.pcap"), pcap([]));
    const computedMs = beginComputing();
    const { flows, sets } = follow({
      captures: [capture(dir, "a.pcap"), capture(dir, "b.pcap")],
      targets: [{ ...target(FROM, TO, "udp"), requestOrder: [0, 1], replyOrder: [1, 0] }],
    });
    const { ways } = tallyDirection(flows[0]!.records[0], [0, 1], sets);
    t.match(ways, [{ first: 0, last: 0, packets: count }]);
    t.equal(ways[0]?.kept.length, 64);
    t.ok(computedMs() < 20_000, "no time that grows with the square");
  },
);

t.test(
  "slots: found by both hashes, oldest occurrence first, retries apart, reused, kept through growth",
  async (t) => {
    const sets = new PlaceSets(2);
    const flight = new InFlight(sets);
    const seek = (first: number, second: number, timeUs: number): void =>
      void Object.assign(flight.sought, { first, second, timeUs, place: 0 });
    const add = (first: number, second: number, timeUs: number): number => {
      seek(first, second, timeUs);
      return flight.add();
    };
    const find = (first: number, second: number, timeUs: number): number => {
      seek(first, second, timeUs);
      return flight.find(() => true);
    };
    const a = add(1, 2, 0);
    const b = add(1, 2, 10);
    const other = add(1, 3, 10);
    t.equal(find(1, 2, 20), a, "of a burst the oldest");
    t.equal(find(1, 2, 1_000_000), b, "of old ones the newest");
    t.equal(find(1, 4, 20), -1);
    flight.set[a] = sets.add(0, 0);
    t.equal(find(1, 2, 20), b);
    flight.remove(b);
    t.equal(find(1, 2, 20), -1);
    t.equal(find(1, 3, 20), other);
    t.equal(add(9, 9, 30), b, "a free slot is used again");
    const slots = Array.from({ length: 5000 }, (_, index) => add(index * 7919, index, index));
    t.ok(slots.every((slot, index) => find(index * 7919, index, index) === slot));
    t.equal(flight.oldest, a);
    for (const slot of [a, other, b, ...slots]) flight.remove(slot);
    t.equal(flight.size, 0);
    t.equal(flight.oldest, -1);
  },
);

t.test("sets of places: the same whatever the order, and any number of places", async (t) => {
  const sets = new PlaceSets(40);
  t.equal(sets.of([1, 39, 7]), sets.of([39, 7, 1]));
  t.same(sets.placesOf(sets.of([39, 1, 39])), [1, 39]);
  t.equal(sets.add(sets.of([3]), 3), sets.of([3]));
  for (let place = 0; place < 40; place++) sets.of([place, (place * 7) % 40, (place * 11) % 40]);
  t.ok(sets.has(sets.of([0, 20]), 20));
  t.notOk(sets.has(sets.of([0, 20]), 21));
});

t.test("kinds of ICMP errors are bounded in number, and quotes are matched by address", async (t) => {
  const dir = t.testdir();
  const quoted = ip(
    { source: "10.0.0.1", destination: "10.0.0.2", protocol: 6 },
    tcp({ sourcePort: 9, destinationPort: 53, seq: 1 }),
  );
  const records = Array.from({ length: 100 }, (_, index) => ({
    timeUs: START_US + index,
    bytes: ethernet(
      ip(
        { source: `10.1.0.${index}`, destination: "10.0.0.1", protocol: 1 },
        icmp(3, 1, { payload: quoted }),
      ),
    ),
  }));
  const syn = {
    timeUs: START_US - 1,
    bytes: ethernet(
      ip(
        { source: FROM, destination: TO, protocol: 6 },
        tcp({ sourcePort: 9, destinationPort: 53, seq: 1, flags: "S" }),
      ),
    ),
  };
  writeFileSync(join(dir, "a.pcap"), pcap([syn, ...records, records[0]!]));
  const [flow] = follow({
    captures: [capture(dir, "a.pcap")],
    targets: [{ ...target(FROM, TO, "tcp"), requestOrder: [0], replyOrder: [0] }],
  }).flows;
  t.equal(flow?.rejections.length, 64);
  t.same(flow?.rejections[0]?.counts, [2]);
});

t.test("an end that is no address matches nothing; a snap length of 0 keeps everything", async (t) => {
  const dir = t.testdir();
  const frame = (source: string, destination: string) =>
    ethernet(ip({ source, destination, protocol: 17 }, udp(9000, 53, Buffer.from("x"))));
  const records = ["10.0.0.2", "10.0.0.9"].map((destination) => ({
    timeUs: START_US,
    bytes: frame("10.0.0.1", destination),
  }));
  const six = ["fd00::2", "fd00::3:0:2", "fd00:1::2"].map((destination) => ({
    timeUs: START_US,
    bytes: frame("fd00::1", destination),
  }));
  const twins = ["fd00::5:1", "fd01::1"].map((source) => ({
    timeUs: START_US,
    bytes: frame(source, "fd00::2"),
  }));
  writeFileSync(join(dir, "a.pcap"), pcap([...records, ...six, ...twins], { snaplenBytes: 0 }));
  const packetsOf = (from: string, to: string): number => {
    const { flows } = follow({
      captures: [capture(dir, "a.pcap")],
      targets: [{ ...target(from, to, "udp"), requestOrder: [0], replyOrder: [0] }],
    });
    const asked = flows.filter((flow) => flow.target === 0);
    return asked.reduce(
      (sum, { records: [requests] }) => sum + requests.ways.reduce((all, { packets }) => all + packets, 0),
      0,
    );
  };
  t.equal(packetsOf(FROM, TO), 1);
  t.equal(packetsOf("shop/client", TO), 0);
  t.equal(packetsOf("fd00::1", "fd00::2"), 1);
});
