import t from "tap";
import { parseOvsTable } from "../../../lib/linux/vswitch/ovs.js";

const table = (headings: readonly unknown[], ...data: readonly unknown[]): string =>
  JSON.stringify({ headings, data });

t.test("atoms, sets, maps and UUIDs of OVSDB", async (t) => {
  const [row] = parseOvsTable(
    table(
      ["_uuid", "name", "ports", "tag", "other", "odd", 7],
      [
        ["uuid", "a-b"],
        "br-int",
        ["set", [["uuid", "p1"], ["uuid", "p2"], ["odd"]]],
        ["set", []],
        ["map", [["k", "v"], ["n", 1], ["half"]]],
        ["what", []],
        1,
      ],
    ),
  );
  t.strictSame(
    row,
    new Map<string, unknown>([
      ["_uuid", "a-b"],
      ["name", "br-int"],
      ["ports", ["p1", "p2"]],
      ["tag", []],
      [
        "other",
        new Map<string, unknown>([
          ["k", "v"],
          ["n", 1],
        ]),
      ],
    ]),
  );
  for (const text of ["", "7", "{}", '{"headings":7,"data":[[1]]}'])
    t.ok(
      parseOvsTable(text).every((nothing) => nothing.size === 0),
      text,
    );
});
