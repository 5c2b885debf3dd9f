import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { COMES, RecentPackets } from "../../../../lib/analysis/follow/tables/recent.js";
import { HopSource } from "../../../../lib/analysis/follow/source.js";
import { openCapture } from "../../../../lib/packets/open.js";
import { NO_OPENERS } from "../../../../lib/wire/open.js";
import { ethernet, ipv4, pcap, udp } from "../../helpers/packets.js";

t.test("each list has packets of its own, however many lists there are", async (t) => {
  const bytes = ethernet(
    ipv4(
      { source: "10.0.0.1", destination: "10.0.0.2", protocol: 17, id: 7, ttl: 60 },
      udp(1, 2, Buffer.alloc(9)),
    ),
  );
  const file = join(t.testdir(), "a.pcap");
  writeFileSync(file, pcap([{ timeUs: 1, bytes }]));
  const reader = openCapture(file, "a.pcap");
  t.teardown(() => reader.close());
  const source = new HopSource(reader, { tunnels: NO_OPENERS, keptBytes: 64, clockAheadUs: 0 });
  source.advance();
  source.key.compute(source.packet, reader.bytes);
  const recent = new RecentPackets();
  const lists = Array.from({ length: 600 }, () => recent.open());
  t.ok(lists.every((list) => recent.note(list, source, 3) === COMES.anew));
  for (const list of [0, 255, 256, 599]) t.equal(recent.note(list, source, 3), COMES.again);
  t.equal(recent.note(5, source, 4), COMES.anew, "between other ends");
  source.packet.ttl = 61;
  t.equal(recent.note(6, source, 3), COMES.anew, "with a higher TTL");
  for (const [ttl, comes] of [
    [59, COMES.anew],
    [58, COMES.back],
  ] as const) {
    source.packet.ttl = ttl;
    t.equal(recent.note(7, source, 3), comes);
  }
});
