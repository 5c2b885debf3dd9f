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

t.test("what the other side acknowledged", (t) => {
  const stream = new Stream();
  stream.acknowledge(5);
  t.notOk(stream.isAcknowledged(0), "before anything was sent it is of another connection");
  stream.unwrap(1000);
  stream.highest = 300;
  stream.acknowledge(1200);
  stream.acknowledge(1100);
  stream.acknowledge(1301);
  t.strictSame(
    [200, 201].map((end) => stream.isAcknowledged(end)),
    [true, false],
    "neither what comes late counts nor what was never sent",
  );
  const other = new Stream();
  other.unwrap(1400);
  other.highest = 300;
  other.acknowledge(1600);
  stream.adopt(other);
  t.ok(stream.isAcknowledged(600), "of what is joined the farther one");
  stream.adopt(new Stream());
  t.ok(stream.isAcknowledged(600));
  t.end();
});
