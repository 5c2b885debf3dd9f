import t from "tap";
import { spellElement, spellRule } from "../../../lib/linux/nft/nft-words.js";

const port = { payload: { protocol: "udp", field: "dport" } };
const match = (left: unknown, right: unknown, op: unknown = "=="): { match: object } => ({
  match: { op, left, right },
});

t.test("a rule reads as nft prints it", (t) => {
  const cases: readonly (readonly [string, ReturnType<typeof match>[]])[] = [
    ["udp dport 4789 drop", [match(port, 4789)]],
    [
      "iifname eth0 ip saddr 10.0.0.0/8 drop",
      [
        match({ meta: { key: "iifname" } }, "eth0"),
        match({ payload: { protocol: "ip", field: "saddr" } }, { prefix: { addr: "10.0.0.0", len: 8 } }),
      ],
    ],
    [
      "ct state established,related drop",
      [match({ ct: { key: "state" } }, ["established", "related"], "in")],
    ],
    ["udp dport != { 53, 80-90 } drop", [match(port, { set: [53, { range: [80, 90] }] }, "!=")]],
    ["meta l4proto tcp drop", [match({ meta: { key: "l4proto" } }, "tcp")]],
    ["mark & 65536 65536 drop", [match({ "&": [{ meta: { key: "mark" } }, 65536] }, 65536)]],
    ["numgen inc mod 5 0 drop", [match({ numgen: { mode: "inc", mod: 5 } }, 0)]],
    ["@th,16,16 7 drop", [match({ payload: { base: "th", offset: 16, len: 16 } }, 7)]],
    [
      "ip saddr . tcp dport 10.0.0.1 . 80 drop",
      [
        match(
          {
            concat: [
              { payload: { protocol: "ip", field: "saddr" } },
              { payload: { protocol: "tcp", field: "dport" } },
            ],
          },
          { concat: ["10.0.0.1", 80] },
        ),
      ],
    ],
    ["fib daddr type local drop", [match({ fib: { flags: "daddr", result: "type" } }, "local")]],
  ];
  for (const [text, parts] of cases) t.equal(spellRule(parts, "drop"), text);
  const many = match(port, { set: Array.from({ length: 5000 }, (_, index) => index) });
  t.match(spellRule([many], null), /^udp dport \{ 0, .*7, … \} no verdict$/);
  t.ok(
    spellRule(
      Array.from({ length: 100 }, () => many),
      "drop",
    ).length <= 200,
  );
  t.end();
});

t.test("what nft never prints is a question mark, and no rule seems to match more than it does", (t) => {
  const cases: readonly (readonly [string, ReturnType<typeof match>])[] = [
    ["? ? drop", match(null, undefined)],
    ["? ? drop", match({}, {})],
    ["? a drop", match([[[null]]], { a: { b: 1 } })],
    ["x a 7 drop", match("x", { a: 7 })],
    ["x ? y drop", match("x", "y", {})],
    ["@?,?,? 1 drop", match({ payload: {} }, 1)],
    ["? dport 1 drop", match({ payload: { field: "dport" } }, 1)],
    ["numgen ? mod ? 1 drop", match({ numgen: {} }, 1)],
  ];
  for (const [text, part] of cases) t.equal(spellRule([part], "drop"), text);
  t.end();
});

t.test("verdict maps and their elements", async (t) => {
  const key = { concat: [{ payload: { protocol: "ip", field: "daddr" } }, { meta: { key: "l4proto" } }] };
  t.equal(spellRule([{ vmap: { key, data: "@services" } }], null), "ip daddr . meta l4proto vmap @services");
  t.equal(
    spellRule([{ vmap: { key, data: { set: [] } } }], "drop"),
    "ip daddr . meta l4proto vmap { … } drop",
  );
  t.equal(
    spellElement({ concat: ["10.0.0.1", "tcp", 80] }, { goto: { target: "web" } }),
    "10.0.0.1 . tcp . 80 : goto web",
  );
  t.equal(spellElement("10.0.0.1", { drop: null }), "10.0.0.1 : drop");
  t.equal(spellElement("10.0.0.1", {}), "10.0.0.1 : ?");
  t.equal(spellElement("10.0.0.1", "drop"), "10.0.0.1 : ?");
  t.equal(spellElement("x".repeat(500), null).length, 200);
});
