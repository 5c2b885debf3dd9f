import t from "tap";
import { readFileSync } from "node:fs";
import { nameAcl, parseLogicalTrace, type SwitchAcl } from "../../../lib/linux/vswitch/logical-trace.js";
import { fc } from "../../fixtures/property.js";

/** Recorded of OVN 23.03. */
const recorded = (name: string): string =>
  readFileSync(new URL(`../../fixtures/ovn/${name}.txt`, import.meta.url), "utf8");

t.test("what becomes of a packet", async (t) => {
  t.strictSame(parseLogicalTrace(recorded("delivered")), { kind: "output", ports: ["shop_web"] });
  const dropped = parseLogicalTrace(recorded("acl-drop"));
  t.match(dropped, {
    kind: "acl",
    verb: "drops",
    at: { pipeline: "egress", datapath: "node-b", stage: "ls_out_acl", id: /^[0-9a-f]{8}$/ },
    acl: { name: "NP:shop:deny-web:Ingress", action: "drop", priority: 1001 },
  });
  if (dropped?.kind !== "acl") throw new Error("it is an ACL");
  t.equal(
    nameAcl(dropped.acl),
    'the ACL "NP:shop:deny-web:Ingress" (direction Ingress, k8s.ovn.org/name shop:deny-web, k8s.ovn.org/owner-type NetworkPolicy)',
  );
  t.match(parseLogicalTrace(recorded("acl-reject")), {
    kind: "acl",
    verb: "rejects",
    at: { pipeline: "ingress", datapath: "node-a", stage: "ls_in_acl" },
    acl: { name: null, action: "reject" },
  });
  t.match(parseLogicalTrace(recorded("no-such-address")), { kind: "lost", at: { datapath: /./ } });
});

const flow = (stage: string, text: string): string => ` 4. ${stage} (northd.c:1): ${text}`;
const EGRESS = 'egress(dp="node-b", inport="a", outport="b")';

t.test("newer versions evaluate ACLs in one stage and act in a later one", async (t) => {
  const row = (action: unknown, more = {}): string => {
    const columns = { action, match: 'outport == "b"', priority: "?", external_ids: "?", ...more };
    return JSON.stringify({ headings: Object.keys(columns), data: [Object.values(columns)] });
  };
  const text = [
    EGRESS,
    flow("ls_out_acl_eval", "ip, priority 2002, uuid 0000000a"),
    "    next;",
    flow("ls_out_acl_eval", 'outport == "b", priority 2001, uuid 0000000b'),
    "    reg8[17] = 1;",
    flow("ls_out_acl_action", "reg8[17] == 1, priority 1000, uuid 0000000c"),
    "    drop;",
  ];
  const rows = [`acl 0000000a ${row("allow")}`, `acl 0000000b ${row("drop")}`];
  const found = parseLogicalTrace([...text, ...rows].join("\n"));
  t.match(found, { kind: "acl", verb: "drops", at: { id: "0000000b" } });
  if (found?.kind !== "acl") throw new Error("it is an ACL");
  t.strictSame(found.acl, {
    ...{ name: null, action: "drop", match: 'outport == "b"', priority: null, externalIds: new Map() },
  });
  t.equal(nameAcl(found.acl), 'the ACL of "outport == \\"b\\""');
  for (const [lines, why] of [
    [[], "no row was had"],
    [[`acl 0000000b ${row(7, { match: 7 })}`], "its row says no action"],
    [["acl 0000000b {"], "its row is no JSON"],
  ] as const) {
    const other = parseLogicalTrace([...text, ...lines].join("\n"));
    t.match(other, { kind: "acl", at: { id: "0000000c" }, acl: null }, why);
  }
  t.equal(nameAcl(null), "an ACL");
});

t.test("a stage that no flow of fits, several outputs, and what is no trace", async (t) => {
  const noRoute = ['ingress(dp="r", inport="x")', "13. lr_in_ip_routing: no match (implicit drop)"].join(
    "\n",
  );
  t.match(parseLogicalTrace(noRoute), {
    kind: "lost",
    at: { pipeline: "ingress", stage: "lr_in_ip_routing", text: "no match (implicit drop)", id: "" },
  });
  const out = [
    EGRESS,
    '    /* output to "a", type "" */',
    '    /* output to "s", type "patch" */',
    '/* output to "b", type "" */',
  ];
  t.strictSame(parseLogicalTrace(out.join("\n")), { kind: "output", ports: ["a", "b"] });
  for (const text of ["", "ovn-trace: no port", EGRESS, flow("ls_in_acl", "1, priority 1, uuid ab")])
    t.equal(parseLogicalTrace(text), undefined, text);
});

t.test("whatever is printed, it ends", async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(EGRESS, flow("ls_in_acl", "1, priority 1, uuid ab"), "acl ab {}", "    reject {"),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const end = parseLogicalTrace(lines.join("\n"));
      if (end?.kind === "acl") nameAcl(end.acl satisfies SwitchAcl | null);
    }),
  );
});
