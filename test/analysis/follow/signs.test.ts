import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { MacTexts } from "../../../lib/analysis/follow/tables/mac-texts.js";
import { PlaceSigns } from "../../../lib/analysis/follow/place-signs.js";
import { RecentPackets } from "../../../lib/analysis/follow/tables/recent.js";
import { SightingPool } from "../../../lib/analysis/follow/sightings.js";
import { HopSource } from "../../../lib/analysis/follow/source.js";
import { TcpSigns } from "../../../lib/analysis/follow/streams/tcp-signs.js";
import { openCapture } from "../../../lib/packets/open.js";
import { NO_OPENERS } from "../../../lib/wire/open.js";
import { dissect } from "../helpers/dissected.js";
import {
  ethernet,
  ip,
  ipv4,
  pcap,
  sll,
  tcp,
  udp,
  type PcapRecord,
  type TcpOptions,
} from "../helpers/packets.js";

const ENDS = { source: "10.0.0.1", destination: "10.0.0.2" };

/** The signs of one place that showed these packets. */
function signsOf(
  test: { testdir(): string },
  records: readonly PcapRecord[],
  options: { readonly linktype?: number; readonly rows?: readonly number[] } = {},
): PlaceSigns {
  const file = join(test.testdir(), "a.pcap");
  writeFileSync(file, pcap(records, options));
  const reader = openCapture(file, "a.pcap");
  const source = new HopSource(reader, { tunnels: NO_OPENERS, keptBytes: 64, clockAheadUs: 0 });
  const signs = new PlaceSigns({
    recent: new RecentPackets(),
    macs: new MacTexts(),
    sightings: new SightingPool(),
  });
  for (let index = 0; source.advance(); index++) {
    source.key.compute(source.packet, reader.bytes);
    signs.note(source, 0, options.rows?.[index] ?? 1);
  }
  reader.close();
  return signs;
}

const datagram = (ttl: number, id: number, port = 9): Buffer =>
  ipv4({ ...ENDS, protocol: 17, ttl, id }, udp(1, port, Buffer.from("hello")));
const at = (timeUs: number, packet: Uint8Array): PcapRecord => ({ timeUs, bytes: ethernet(packet) });

t.test("copies, and packets that come by again and again", async (t) => {
  const twice = signsOf(t, [at(1, datagram(64, 5)), at(2, datagram(64, 5)), at(3, datagram(64, 6))]);
  t.match(twice.duplicates, { count: 1, of: 3, kept: [{ frame: 2 }] });
  const ttls = [64, 63, 62, 61, 64, 62];
  const circle = signsOf(
    t,
    ttls.map((ttl, index) => at(index, datagram(ttl, 5))),
  );
  t.match(circle, { ttlLeast: 61, ttlMost: 64, returns: { count: 2, of: 6 }, duplicates: { count: 0 } });
  const once = signsOf(t, [at(1, datagram(64, 5)), at(2, datagram(63, 5))]);
  t.equal(once.returns.count, 0, "a router on one line");
});

t.test("no copies: another id or none, other addresses, long after, on all devices, forgotten", async (t) => {
  const [first, second] = [datagram(64, 5), datagram(64, 5)];
  const none: readonly (readonly [string, PlaceSigns])[] = [
    ["another id", signsOf(t, [at(1, first), at(2, datagram(64, 6))])],
    ["no id", signsOf(t, [at(1, datagram(64, 0)), at(2, datagram(64, 0))])],
    ["translated", signsOf(t, [at(1, first), at(2, second)], { rows: [1, 2] })],
    ["long after", signsOf(t, [at(1, first), at(2_000_000, second)])],
    [
      "cooked",
      signsOf(
        t,
        [1, 2].map((timeUs) => ({ timeUs, bytes: sll(first) })),
        { linktype: 113 },
      ),
    ],
    [
      "forgotten",
      signsOf(
        t,
        [first, ...[1, 2, 3, 4, 5].map((port) => datagram(64, 7 + port)), second].map((one, index) =>
          at(index, one),
        ),
      ),
    ],
    [
      "IPv6",
      signsOf(
        t,
        [1, 2].map((time) =>
          at(
            time,
            ip({ source: "fd00::1", destination: "fd00::2", protocol: 17 }, udp(1, 2, Buffer.alloc(9))),
          ),
        ),
      ),
    ],
  ];
  for (const [name, signs] of none) t.equal(signs.duplicates.count, 0, name);
});

t.test("MAC addresses and whom packets are for, of the first ones", async (t) => {
  const records = Array.from({ length: 40 }, (_, index) => at(index, datagram(64, index)));
  for (const [index, { bytes }] of records.entries()) bytes[5] = index % 6;
  const signs = signsOf(t, records);
  t.equal(signs.destinationMacs.length, 4);
  t.strictSame(signs.sourceMacs, ["02:00:00:00:00:02"]);
  const cooked = sll(datagram(64, 5));
  cooked[1] = 3;
  const other = signsOf(t, [{ timeUs: 1, bytes: cooked }], { linktype: 113 });
  t.match(other, { otherHost: { count: 1, of: 1 }, sourceMacs: [/^02/], destinationMacs: [] });
});

t.test("checksums: wrong, and unfinished", async (t) => {
  const wrong = datagram(64, 5);
  wrong[27] = 1;
  t.match(signsOf(t, [at(1, wrong)]), { checksums: { count: 1, of: 1 }, unfinished: { count: 0 } });
  const unfinished = datagram(64, 5);
  const pseudo = 0x0a00 + 1 + 0x0a00 + 2 + 17 + 13;
  unfinished.writeUInt16BE(pseudo, 26);
  t.match(signsOf(t, [at(1, unfinished)]), {
    checksums: { count: 0, of: 1 },
    unfinished: { count: 1, of: 1 },
  });
  t.match(signsOf(t, [at(1, datagram(64, 5))]), { checksums: { count: 0, of: 0 } });
});

t.test("a connection's signs: handshake, segment size, windows, acknowledgements, reset", async (t) => {
  const signs = new TcpSigns();
  const note = (
    who: 0 | 1,
    timeUs: number,
    o: Partial<TcpOptions> & { payload?: Uint8Array; window?: number },
  ) => {
    const { payload, window = 500, ...rest } = o;
    const ends = who === 0 ? ENDS : { source: ENDS.destination, destination: ENDS.source };
    const segment = tcp({ sourcePort: 1, destinationPort: 2, seq: 1, ...rest }, payload);
    segment.writeUInt16BE(window, 14);
    const { packet } = dissect(ethernet(ip({ ...ends, protocol: 6 }, segment)));
    signs.note(packet, who, timeUs);
  };
  note(1, 0, { flags: "R" });
  t.equal(signs.resetAfterUs, null, "nothing before it");
  const size = Buffer.from([2, 4, 5, 0xb4]);
  note(0, 10, { flags: "S", options: size });
  note(0, 20, { flags: "S", options: size });
  note(1, 30, { flags: "S." });
  note(1, 40, { flags: "S." });
  t.match(signs, { synUs: 10, synAckUs: 30, answeredBy: "10.0.0.2" });
  t.match(signs.by, [{ maximumSegmentBytes: 1460 }, { maximumSegmentBytes: null }]);
  note(0, 50, { payload: Buffer.from("hello"), ack: 5, window: 0 });
  const sack = Buffer.from([1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 9]);
  for (let times = 0; times < 3; times++) note(1, 60, { ack: 6, options: sack });
  note(1, 65, { ack: 6 });
  note(1, 70, { ack: 7, window: 0 });
  note(1, 80, { ack: 7, window: 0 });
  note(1, 500, { ack: 7 });
  note(0, 510, { flags: "F.", ack: 5 });
  note(1, 600, { flags: "R" });
  note(1, 900, { flags: "R" });
  t.match(signs.by, [
    { segments: 2, duplicateAcks: 0, zeroWindows: 0, longestStopUs: 0 },
    { segments: 0, duplicateAcks: 2, zeroWindows: 2, longestStopUs: 430 },
  ]);
  t.equal(signs.resetAfterUs, 90);
});

t.test("where addresses are changed, a SYN-ACK comes from whom the client gets it from", async (t) => {
  const signs = new TcpSigns();
  const from = (source: string, flags: string) =>
    dissect(
      ethernet(
        ip(
          { source, destination: "10.0.0.1", protocol: 6 },
          tcp({ sourcePort: 80, destinationPort: 1, seq: 1, flags }),
        ),
      ),
    ).packet;
  signs.noteAgain(from("10.96.0.80", "S."));
  t.equal(signs.answeredBy, null);
  signs.note(from("10.0.0.2", "S."), 1, 5);
  signs.noteAgain(from("10.0.0.9", "."));
  t.equal(signs.answeredBy, "10.0.0.2");
  signs.noteAgain(from("10.96.0.80", "S."));
  t.equal(signs.answeredBy, "10.96.0.80");
});
