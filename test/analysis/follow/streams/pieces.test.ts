import t from "tap";
import { followed, segment, ways, type Shown } from "../kit.js";

const syn = segment(true, { flags: "S", seq: 1000 });
const data = (seq: number, bytes: number, id: number): Buffer => segment(true, { seq, bytes, id });
/** The SYN at each place, then what they show. */
const requests = (test: { testdir(): string }, ...places: readonly Shown[]): readonly string[] => {
  const found = followed(
    test,
    places.map((shown, place) => [[place * 20, syn], ...shown]),
  );
  return ways(found, found.flows[0], 0);
};

t.test(
  "a frame that shows too early is a piece of what begins with it shortly after, not of what comes late",
  async (t) => {
    const after = (gapUs: number): readonly string[] =>
      requests(t, [[1000 + gapUs, data(1001, 100, 6)]], [[1000, data(1001, 100, 5)]]);
    t.strictSame(after(10_000), ["1 at 0, cut otherwise at 1", "1 at 0,1", "1 at 1, cut otherwise at 0"]);
    t.strictSame(after(60_000), ["1 at 0", "1 at 0,1", "1 at 1"], "that is lost");
  },
);

t.test("what was doubled on the way does not stand for what it is a copy of", async (t) => {
  const [first, second] = [data(1001, 100, 5), data(1101, 100, 6)];
  const joined = data(1001, 200, 5);
  const found = requests(
    t,
    [
      [1000, first],
      [1100, second],
    ],
    [
      [1020, first],
      [1030, first],
      [1120, second],
    ],
    [[1200, joined]],
  );
  t.strictSame(found, [
    "1 at 0,1,2",
    "1 at 1",
    "1 at 2, cut otherwise at 0,1",
    "2 at 0,1, cut otherwise at 2",
  ]);
});

t.test("a place that shows a frame itself does not show it cut otherwise", async (t) => {
  const [whole, piece] = [data(1001, 200, 5), data(1001, 100, 5)];
  const found = requests(
    t,
    [[1000, whole]],
    [[1020, piece]],
    [
      [1040, piece],
      [1050, whole],
    ],
  );
  t.strictSame(found, ["1 at 0,1,2", "1 at 0,2, cut otherwise at 1,2", "1 at 1,2, cut otherwise at 0"]);
});
