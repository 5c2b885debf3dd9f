import t from "tap";
import { parseQdiscs, parseTcFilters } from "../../lib/linux/tc.js";
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

t.test("filters: programs of eBPF, and what actions do", async (t) => {
  const bpf = { bpf_name: "prog.o:[to-host]", "direct-action": true, prog: { id: 71, name: "to_host" } };
  const mirred = { kind: "mirred", mirred_action: "redirect", to_dev: "eth1", stats: { packets: 4 } };
  const filters = parseTcFilters(
    JSON.stringify([
      { protocol: "all", pref: 1, kind: "bpf", chain: 0 },
      { protocol: "all", pref: 1, kind: "bpf", chain: 0, options: bpf },
      {
        protocol: "ip",
        pref: 10,
        kind: "flower",
        options: {
          actions: [mirred, { kind: "gact", control_action: { type: "drop" } }, { action_type: "pass" }],
        },
      },
      { kind: "bpf", options: { id: 5 } },
    ]),
  );
  t.match(filters, [
    { program: { name: "prog.o:[to-host]", id: 71, isDirect: true }, priority: 1 },
    {
      program: null,
      actions: [
        { does: "redirect", dev: "eth1", packets: 4 },
        { kind: "gact", does: "drop", dev: null },
        { kind: "", does: "pass" },
      ],
    },
    { program: { name: "", id: 5, isDirect: false }, actions: [] },
  ]);
  t.equal(filters.length, 3, "the line of the chain alone is no filter");
});
