import t from "tap";
import type { Packet } from "../../../lib/analysis/dissect/packet.js";
import { dissect } from "../helpers/dissected.js";
import { concat, ethernet, ipv4, tcp } from "../helpers/packets.js";

const V4 = { source: "10.0.0.1", destination: "10.0.0.2", protocol: 6 };
const MSS = [2, 4, 0x05, 0x78];
const SCALE = [1, 3, 3, 7];
const TIMESTAMPS = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8];
const block = (from: number): number[] => [0, 0, 0, from, 0, 0, 0, from + 1];

function read(flags: string, ...options: readonly number[][]): Packet {
  const segment = tcp({ sourcePort: 1, destinationPort: 2, seq: 3, flags, options: concat(...options) });
  return dissect(ethernet(ipv4(V4, segment))).packet;
}

t.test("a SYN's options: segment size and window scale, in any order", async (t) => {
  t.match(read("S", MSS, [4, 2], TIMESTAMPS.slice(2), SCALE), {
    ...{ maximumSegmentBytes: 1400, windowScale: 7, timestampValue: 9, timestampEcho: 8, sackBlocks: 0 },
  });
  t.match(read("S.", TIMESTAMPS, MSS, SCALE), {
    ...{ maximumSegmentBytes: 1400, windowScale: 7, timestampValue: 9 },
  });
  t.match(read("S"), { maximumSegmentBytes: -1, windowScale: -1, timestampValue: 0 });
  t.match(read(".", MSS, SCALE), { maximumSegmentBytes: -1, windowScale: -1 }, "no SYN");
  t.match(
    read("S", [2, 3, 5, 0], [3, 4, 7, 0]),
    { maximumSegmentBytes: -1, windowScale: -1 },
    "lying lengths",
  );
});

t.test("SACK's blocks are counted, behind time stamps and without", async (t) => {
  t.equal(read(".", TIMESTAMPS, [1, 1, 5, 18], block(5), block(9)).sackBlocks, 2);
  t.equal(read(".", [1, 1, 5, 10], block(5)).sackBlocks, 1);
  t.equal(read(".", [1, 1, 5, 34], block(5)).sackBlocks, 0, "longer than the header");
  t.equal(read(".", TIMESTAMPS).sackBlocks, 0);
});
