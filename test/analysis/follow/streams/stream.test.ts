import t from "tap";
import { Stream } from "../../../../lib/analysis/follow/streams/stream.js";

t.test("sequence numbers as positions, also beyond 4 GiB", async (t) => {
  const stream = new Stream();
  const first = 0x7fff_fff0 | 0;
  t.equal(stream.unwrap(first), 0);
  t.equal(stream.unwrap((first + 100) | 0), 100);
  stream.highest = 2 ** 32 - 10;
  t.equal(stream.unwrap((first + 20) | 0), 2 ** 32 + 20);
  t.equal(stream.unwrap((first - 30) | 0), 2 ** 32 - 30);
});
