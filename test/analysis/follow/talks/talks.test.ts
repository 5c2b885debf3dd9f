import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Connection } from "../../../../lib/analysis/follow/streams/connection.js";
import { HopSource } from "../../../../lib/analysis/follow/source.js";
import { Talks } from "../../../../lib/analysis/follow/talks/talks.js";
import { Tuples } from "../../../../lib/analysis/follow/tables/tuples.js";
import { openCapture } from "../../../../lib/packets/open.js";
import { NO_OPENERS } from "../../../../lib/wire/open.js";
import { ethernet, ipv4, pcap, tcp } from "../../helpers/packets.js";

t.test("of more pairs of ends than are kept packets are counted alone", async (t) => {
  const segment = tcp({ sourcePort: 40_000, destinationPort: 1, seq: 1, flags: "S" });
  const frame = ethernet(ipv4({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 6, id: 1 }, segment));
  const file = join(t.testdir(), "a.pcap");
  writeFileSync(file, pcap([{ timeUs: 1, bytes: frame }]));
  const source = new HopSource(openCapture(file, "a.pcap"), {
    tunnels: NO_OPENERS,
    keptBytes: 64,
    clockAheadUs: 0,
  });
  source.advance();
  source.key.compute(source.packet, source.reader.bytes);
  const tuples = new Tuples();
  const talks = new Talks(tuples);
  const hear = (port: number, times = 1): Connection => {
    source.packet.destinationPort = port;
    const row = tuples.locate(source.packet);
    tuples.setClient(row, tuples.fromA);
    const connection = new Connection(-1, true, 1);
    for (let time = 0; time < times; time++) {
      Object.assign(talks.heard, { direction: 0, place: 0, row, isAgain: time > 0 });
      talks.note(source, connection);
    }
    return connection;
  };
  const first = hear(1, 2);
  t.equal(first.signs?.synUs, 1);
  t.equal(first.talk?.signs[0]?.otherHost.of, 2);
  t.equal(hear(1).talk, first.talk);
  const rest = Array.from({ length: 1 << 14 }, (_, index) => hear(index + 2));
  t.equal(rest.at(-1)?.talk, null, "no room is left");
  t.equal(rest.at(-1)?.signs, null);
  t.equal(rest.at(-2)?.talk?.signs.length, 0, "heard, with no look at its signs");
  source.reader.close();
});
