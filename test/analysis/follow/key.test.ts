import t from "tap";
import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { DATAGRAM_BYTES, MOST_KEY_BYTES, PacketKey } from "../../../lib/analysis/follow/key.js";
import { leastKeptBytes } from "../../../lib/analysis/follow/prefix.js";
import type { HopCapture } from "../../../lib/analysis/follow/source.js";
import type { CaptureReader } from "../../../lib/packets/reader.js";
import type { Encapsulation } from "../../../lib/model/hops.js";
import { NO_OPENERS } from "../../../lib/wire/open.js";
import { concat, ethernet, ip, tcp } from "../helpers/packets.js";
import { followed, ways } from "./kit.js";

const V6 = { source: "fd00::1", destination: "fd00::2", protocol: 6 };
const V4 = { source: "10.0.0.1", destination: "10.0.0.2", protocol: 6 };
const STAMPS = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8];

/** A duplicate ACK, with what came behind a gap: blocks of a byte each, that begin at these. */
function acknowledge(blocks: readonly number[], o: { ends?: object; bytes?: number } = {}): Buffer {
  const said = blocks.flatMap((from) => [0, 0, 0, from, 0, 0, 0, from + 1]);
  const options = concat(STAMPS, [1, 1, 5, 2 + said.length], said);
  const header = { sourcePort: 40_000, destinationPort: 80, seq: 100, ack: 3, options };
  return ip({ ...V6, ...o.ends }, tcp(header, Buffer.alloc(o.bytes ?? 0)));
}

function keyOf(packet: Uint8Array, keptBytes = MOST_KEY_BYTES): string {
  const bytes = ethernet(packet);
  const dissected = new Packet();
  dissectFrame(
    bytes,
    { at: 0, capturedBytes: bytes.length, linktype: 1 },
    { tunnels: NO_OPENERS },
    dissected,
  );
  const key = new PacketKey(keptBytes);
  key.compute(dissected, bytes);
  return `${key.first} ${key.second}`;
}

t.test("ACKs without an IP id differ by what they say came behind a gap", async (t) => {
  t.not(keyOf(acknowledge([5])), keyOf(acknowledge([6])));
  t.not(keyOf(acknowledge([5, 9])), keyOf(acknowledge([5, 7])), "another gap behind the first");
  t.equal(keyOf(acknowledge([5])), keyOf(acknowledge([5])));
  const v4 = [5, 6].map((from) => keyOf(acknowledge([from], { ends: V4 })));
  t.not(v4[0], v4[1], "IPv4 without one");
});

t.test(
  "… and not where an id or their bytes tell them apart, or an option may be cut at a hop",
  async (t) => {
    const same = (o: Parameters<typeof acknowledge>[1], keptBytes?: number): boolean =>
      t.equal(keyOf(acknowledge([5], o), keptBytes), keyOf(acknowledge([6], o), keptBytes));
    same({ ends: { ...V4, id: 7 } });
    same({ bytes: 3 });
    same({}, MOST_KEY_BYTES - 1);
    same({}, DATAGRAM_BYTES);
  },
);

t.test("how much every hop has kept hangs on snap lengths and tunnels", async (t) => {
  const kept = (...hops: readonly (readonly [snaplenBytes: number, Encapsulation | null])[]): number =>
    leastKeptBytes(
      hops.map(([, encapsulation]) => ({ encapsulation }) as HopCapture),
      hops.map(([snaplenBytes]) => ({ snaplenBytes }) as CaptureReader),
    );
  const none = { kind: "none" } as const;
  t.equal(
    kept([128, none], [0, none]),
    MOST_KEY_BYTES,
    "as long as what is kept where nobody says otherwise",
  );
  t.equal(kept([119, none], [262_144, null]), MOST_KEY_BYTES - 1);
  t.ok(kept([128, none], [160, null]) < MOST_KEY_BYTES, "there may be a tunnel");
  t.equal(kept([40, none]), 0);
});

t.test("of ACKs of one millisecond, each that is lost is counted", async (t) => {
  const all = [5, 6, 7, 8, 9].map((from, at) => [1000 + 20 * at, acknowledge([from])] as const);
  const arrived = all
    .filter((_, at) => at !== 1 && at !== 2)
    .map(([at, packet]) => [at + 30, packet] as const);
  const result = followed(t, [all, arrived]);
  t.strictSame(ways(result, result.flows[0], 0), ["2 at 0", "3 at 0,1"]);
});
