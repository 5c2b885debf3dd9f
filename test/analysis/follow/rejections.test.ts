import t from "tap";
import { mergeRejections, type Rejection } from "../../../lib/analysis/follow/rejections.js";

const rejection = (sender: number, counts: number[]): Rejection => ({
  ...{ direction: 0, ip: `10.0.0.${sender}`, how: "ICMP host unreachable", isTooBig: false, counts },
  sightings: counts.flatMap((count, source) =>
    count > 0 ? [{ source, timeUs: sender, frame: sender, recordOffset: 0 }] : [],
  ),
});

t.test("errors of many senders: the first kinds are kept, and what is known goes on to count", async (t) => {
  const into: Rejection[] = [];
  const first = Array.from({ length: 40 }, (_, sender) => rejection(sender, [0, 1]));
  const second = Array.from({ length: 40 }, (_, index) => rejection(30 + index, [2, 1]));
  mergeRejections(into, first, 2);
  mergeRejections(into, second, 2);
  t.strictSame(
    into.map(({ ip }) => ip),
    Array.from({ length: 64 }, (_, sender) => `10.0.0.${sender}`),
  );
  t.strictSame(
    [into[0], into[35], into[63]].map((one) => one?.counts),
    [
      [0, 1],
      [2, 2],
      [2, 1],
    ],
  );
  t.strictSame(into[35]?.sightings, [...first[35]!.sightings, second[5]!.sightings[0]]);
});
