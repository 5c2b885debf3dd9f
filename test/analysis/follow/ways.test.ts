import t from "tap";
import { Ways } from "../../../lib/analysis/follow/ways.js";

t.test("what differs in anything goes a way of its own, in the order in which it came", async (t) => {
  const ways = new Ways();
  const wayOf = (key: Partial<Ways["sought"]>, head: number): number => {
    Object.assign(ways.sought, { set: 1, live: -1, whole: 0, any: 0, tooBig: false, ...key });
    return ways.of(head);
  };
  const head = wayOf({}, -1);
  const keys = [{ set: 2 }, { live: 3 }, { whole: 4, any: 4 }, { any: 5 }, { tooBig: true }];
  const found = keys.map((key) => wayOf(key, head));
  t.equal(new Set([head, ...found]).size, 6);
  t.strictSame(
    keys.map((key) => wayOf(key, head)),
    found,
  );
  t.strictSame(
    ways
      .list(head)
      .map(({ set, live, elsewhere, tooBig }) => [set, live, elsewhere.whole, elsewhere.any, tooBig].join()),
    [
      "1,-1,0,0,false",
      "2,-1,0,0,false",
      "1,3,0,0,false",
      "1,-1,4,4,false",
      "1,-1,0,5,false",
      "1,-1,0,0,true",
    ],
  );
  t.strictSame([...ways.sets], [1, 2]);
});
