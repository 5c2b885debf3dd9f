import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Merge } from "../../../lib/analysis/follow/merge.js";
import { HopSource } from "../../../lib/analysis/follow/source.js";
import { openCapture } from "../../../lib/packets/open.js";
import { NO_OPENERS } from "../../../lib/wire/open.js";
import { ethernet, ipv4, pcap, udp } from "../helpers/packets.js";

t.test("packets of several sources in time; of one file at the same time as they stand in it", async (t) => {
  const dir = t.testdir();
  const bytes = ethernet(
    ipv4({ source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 }, udp(1, 2, Buffer.alloc(9))),
  );
  const sourceOf = (name: string, times: readonly number[]): HopSource => {
    writeFileSync(join(dir, name), pcap(times.map((timeUs) => ({ timeUs, bytes }))));
    const reader = openCapture(join(dir, name), name);
    t.teardown(() => reader.close());
    return new HopSource(reader, { tunnels: NO_OPENERS, keptBytes: 64, clockAheadUs: 0 });
  };
  const twice = [sourceOf("a.pcap", [2, 5, 5]), sourceOf("a.pcap", [2, 5, 5])];
  twice[0]!.advance();
  const sources = [...twice, sourceOf("b.pcap", [1, 5])];
  const merge = new Merge(sources);
  const seen: [number, number][] = [];
  for (let place = merge.earliest; place >= 0; place = merge.earliest) {
    seen.push([place, sources[place]!.reader.frame]);
    merge.advance(place);
  }
  t.strictSame(seen, [
    [2, 1],
    [1, 1],
    [0, 2],
    [1, 2],
    [0, 3],
    [1, 3],
    [2, 2],
  ]);
});
