import t from "tap";
import { icmp, ip } from "../helpers/packets.js";
import { CLIENT, followed, segment, type Shown } from "./kit.js";

/** A router's "fragmentation needed", about a segment of which it quotes so many bytes. */
const tooBig = (about: Buffer, quotedBytes: number): Buffer =>
  ip(
    { source: "10.0.0.9", destination: CLIENT, protocol: 1 },
    icmp(3, 4, { seq: 1300, payload: about.subarray(0, quotedBytes) }),
  );

t.test("of a segment that was sent twice, that one was too big which the error quotes", async (t) => {
  const sent = (timestamp: number): Buffer =>
    segment(true, { seq: 101, ack: 1, bytes: 1400, ...(timestamp > 0 ? { timestamp } : {}) });
  const told = (stamps: readonly [number, number], quotedBytes: number): readonly string[] => {
    const [first, second] = [sent(stamps[0]), sent(stamps[1])];
    const open = segment(true, { seq: 100, flags: "S" });
    const shown: Shown = [
      [0, open],
      [1000, first],
      [201_000, second],
      [202_000, tooBig(second, quotedBytes)],
    ];
    const { flows } = followed(t, [shown, [[10, open]]]);
    const ways = flows[0]?.records[0].ways ?? [];
    return ways.map((way) => `${way.packets}${way.tooBig ? " too big" : ""}`).sort();
  };
  t.strictSame(told([7, 8], 60), ["1", "1", "1 too big"]);
  t.strictSame(told([7, 8], 28), ["1", "2 too big"], "nobody knows which");
  t.strictSame(told([0, 0], 60), ["1", "2 too big"], "nor without time stamps");
});

t.test("… or that has its IP id, where there are no time stamps", async (t) => {
  const [open, ...sent] = [
    segment(true, { seq: 100, flags: "S" }),
    ...[5, 6, 7].map((id) => segment(true, { seq: 101, ack: 1, bytes: 1400, id })),
  ];
  const told = (last: Buffer): readonly string[] => {
    const shown = [...sent, tooBig(last, 60)].map((bytes, at): Shown[number] => [1000 + at * 201_000, bytes]);
    const { flows } = followed(t, [[[0, open], ...shown], [[10, open]]]);
    return (flows[0]?.records[0].ways ?? [])
      .map((way) => `${way.packets}${way.tooBig ? " too big" : ""}`)
      .sort();
  };
  t.strictSame(told(sent[2]!), ["1", "1 too big", "2"]);
  const cut = segment(true, { seq: 101, ack: 1, bytes: 1400, id: 9 });
  t.strictSame(told(cut), ["1", "3 too big"], "where it was cut from a larger frame nobody knows");
});
