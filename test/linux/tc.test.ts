import t from "tap";
import { parseQdiscs } from "../../lib/linux/tc.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: queues", async (t) => {
  const qdiscs = parseQdiscs(recorded("iproute2-6.1/qdiscs.json"));
  t.match(
    qdiscs.filter(({ dev }) => dev === "v0"),
    [
      { kind: "noqueue", isRoot: true, drops: 0 },
      { kind: "clsact", handle: "ffff:", parent: "ffff:fff1", isRoot: false },
    ],
  );
  t.match(parseQdiscs('[{"kind":"netem","dev":"x","drops":7,"backlog":9},{}]'), [
    { drops: 7, backlogBytes: 9 },
  ]);
});
