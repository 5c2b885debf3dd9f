import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ConnectionTable } from "../../../lib/analysis/correlate/connections.js";
import { correlate } from "../../../lib/analysis/correlate/correlate.js";
import { identifyProbes } from "../../../lib/analysis/correlate/identity.js";
import { InFlight } from "../../../lib/analysis/correlate/inflight.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { ethernet, icmp, ip, pcap, tcp, udp } from "../helpers/packets.js";
import { START_US } from "../helpers/run.js";

const FROM = [{ ip: "10.0.0.1", port: null }];
const TO = [{ ip: "10.0.0.2", port: 53 }];

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
    const capture = (name: string) => ({
      node: "n",
      pcap: name,
      path: join(dir, name),
      encapsulation: { kind: "none" } as const,
      listeningUs: null,
      stoppedUs: null,
    });
    const start = Date.now();
    const found = correlate({
      from: FROM,
      to: TO,
      protocol: "udp",
      captures: [capture("a.pcap"), capture("b.pcap")],
      requestOrder: [0, 1],
      replyOrder: [1, 0],
      identity: identifyProbes([]),
      tailUs: 0,
    });
    t.match(found.request.ways, [{ first: 0, last: 0, packets: count }]);
    t.equal(found.request.ways[0]?.kept.length, 64);
    t.ok(Date.now() - start < 20_000, "no time that grows with the square");
  },
);

t.test(
  "slots: found by both hashes, oldest occurrence first, retries apart, reused, kept through growth",
  async (t) => {
    const flight = new InFlight(2);
    const a = flight.add(1, 2, 0);
    const b = flight.add(1, 2, 10);
    const other = flight.add(1, 3, 10);
    t.equal(flight.find(1, 2, { bit: 1, timeUs: 20 }), a, "of a burst the oldest");
    t.equal(flight.find(1, 2, { bit: 1, timeUs: 1_000_000 }), b, "of old ones the newest");
    t.equal(flight.find(1, 4, { bit: 1, timeUs: 20 }), -1);
    flight.mask[a] = 1;
    t.equal(flight.find(1, 2, { bit: 1, timeUs: 20 }), b);
    flight.remove(b);
    t.equal(flight.find(1, 2, { bit: 1, timeUs: 20 }), -1);
    t.equal(flight.find(1, 3, { bit: 1, timeUs: 20 }), other);
    t.equal(flight.add(9, 9, 30), b, "a free slot is used again");
    const slots = Array.from({ length: 5000 }, (_, index) => flight.add(index * 7919, index, index));
    t.ok(slots.every((slot, index) => flight.find(index * 7919, index, { bit: 1, timeUs: index }) === slot));
    t.equal(flight.oldest, a);
    for (const slot of [a, other, b, ...slots]) flight.remove(slot);
    t.equal(flight.size, 0);
    t.equal(flight.oldest, -1);
  },
);

t.test("connections are bounded in number", async (t) => {
  const table = new ConnectionTable();
  const packet = new Packet();
  const sighting = () => ({ source: 0, timeUs: 0, frame: 1, recordOffset: 24 });
  for (let port = 0; port <= 65_536; port++) table.note(packet, 0, { clientPort: port, own: true, sighting });
  t.equal(table.all.length, 65_536);
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
  writeFileSync(join(dir, "a.pcap"), pcap([...records, records[0]!]));
  const found = correlate({
    from: FROM,
    to: TO,
    protocol: "tcp",
    captures: [
      {
        node: "n",
        pcap: "a",
        path: join(dir, "a.pcap"),
        encapsulation: null,
        listeningUs: null,
        stoppedUs: null,
      },
    ],
    requestOrder: [0],
    replyOrder: [0],
    identity: identifyProbes([]),
    tailUs: 0,
  });
  t.equal(found.rejections.length, 64);
  t.same(found.rejections[0]?.counts, [2]);
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
  const packetsOf = (from: string, to: string): number =>
    correlate({
      from: [{ ip: from, port: null }],
      to: [{ ip: to, port: 53 }],
      protocol: "udp",
      captures: [
        {
          node: "n",
          pcap: "a",
          path: join(dir, "a.pcap"),
          encapsulation: null,
          listeningUs: null,
          stoppedUs: null,
        },
      ],
      requestOrder: [0],
      replyOrder: [0],
      identity: identifyProbes([]),
      tailUs: 0,
    }).request.packets[0]!;
  t.equal(packetsOf("10.0.0.1", "10.0.0.2"), 1);
  t.equal(packetsOf("shop/client", "10.0.0.2"), 0);
  t.equal(packetsOf("fd00::1", "fd00::2"), 1);
});
