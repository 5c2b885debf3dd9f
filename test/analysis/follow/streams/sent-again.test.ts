import t from "tap";
import { followed, segment, ways, type Shown } from "../kit.js";

const syn = segment(true, { flags: "S", seq: 1000 });
/** Without IP ids and time stamps, as IPv6 has it within a millisecond. */
const data = (seq: number, bytes: number): Buffer => segment(true, { seq, bytes });
const requests = (test: { testdir(): string }, ...places: readonly Shown[]): readonly string[] => {
  const found = followed(
    test,
    places.map((shown, place) => [[place * 20, syn], ...shown]),
  );
  return ways(found, found.flows[0], 0);
};

const frame = data(1001, 300);
const next = data(1301, 50);
const pieces = [0, 1, 2].map((index) => data(1001 + index * 100, 100));
const sentAt = (atUs: number): Shown => pieces.map((piece, index) => [atUs + index, piece]);
const LOST = ["1 at 0", "3 at 0, cut otherwise at 1"];
const MERGED = "1 at 1, cut otherwise at 0";

t.test("a frame that is lost, sent again in pieces and merged to the same one stays lost", async (t) => {
  const overtaken = requests(
    t,
    [[1000, frame], [1001, next], ...sentAt(1100)],
    [
      [1021, next],
      [1120, frame],
    ],
  );
  t.strictSame(overtaken, [LOST[0], MERGED, "2 at 0,1", LOST[1]].sort());
  const late = requests(t, [[1000, frame], ...sentAt(201_000)], [[201_020, frame]]);
  t.strictSame(late, [LOST[0], MERGED, "1 at 0,1", LOST[1]].sort());
});

t.test("a frame that comes by before its pieces do is that which was sent first", async (t) => {
  const whole = requests(t, [[1000, frame], ...sentAt(1100)], [[1110, frame], ...sentAt(1120)]);
  t.strictSame(whole, ["5 at 0,1"]);
  // Of a part of it that was sent again nothing is merged to the whole.
  const part = requests(t, [[1000, frame], [1001, next], [1100, pieces[1]!]], [
    [1021, next],
    [1120, frame],
  ]); // prettier-ignore
  t.ok(part.includes("3 at 0,1"), part.join("; "));
});
