import t from "tap";
import { parseOvsInterfaces, parseOvsTable } from "../../../lib/linux/vswitch/ovs.js";

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
    t.equal(parseOvsInterfaces(text).length, 0);
});

t.test("interfaces", async (t) => {
  const headings = ["name", "type", "ofport", "link_state", "error", "options", "external_ids"];
  const found = parseOvsInterfaces(
    table(
      headings,
      [
        "gnv0",
        "geneve",
        3,
        "up",
        ["set", []],
        [
          "map",
          [
            ["remote_ip", "192.0.2.2"],
            ["key", "flow"],
          ],
        ],
        ["map", []],
      ],
      ["veth9", "", -1, "down", "no such device", ["map", []], ["map", [["iface-id", "shop_web"]]]],
      [["set", []], "", 1, "up", "", ["map", []], ["map", []]],
    ),
  );
  t.match(found, [
    { name: "gnv0", type: "geneve", port: 3, error: null },
    { name: "veth9", port: null, linkState: "down", error: "no such device" },
  ]);
  t.strictSame(
    [...(found[0]?.options ?? [])],
    [
      ["remote_ip", "192.0.2.2"],
      ["key", "flow"],
    ],
  );
  t.equal(found[1]?.externalIds.get("iface-id"), "shop_web");
  t.equal(found.length, 2);
  t.match(parseOvsInterfaces(table(["name"], ["br0"])), [
    { name: "br0", type: "", port: null, options: new Map(), externalIds: new Map() },
  ]);
});
