import t from "tap";
import { loadNftables } from "../../lib/rules/nft/load.js";
import { fates, walkChains, type Asked } from "./kit.js";

/** A ruleset of one table, whose forward chain has these rules. */
function ruleset(
  rules: readonly (readonly unknown[])[],
  more: readonly unknown[] = [],
  chain: object = {},
): string {
  const at = { family: "inet", table: "fw" };
  return JSON.stringify({
    nftables: [
      {
        chain: {
          ...at,
          name: "forward",
          handle: 1,
          type: "filter",
          hook: "forward",
          prio: 0,
          policy: "accept",
          ...chain,
        },
      },
      { chain: { ...at, name: "other", handle: 2 } },
      ...more.map((item) => item),
      ...rules.map((expr, n) => ({
        rule: { ...at, chain: "forward", handle: n + 10, comment: "mine", expr },
      })),
      { rule: { ...at, chain: "other", handle: 99, expr: [{ drop: null }] } },
    ],
  });
}

const port = { payload: { protocol: "tcp", field: "dport" } };
const walk = (
  rules: readonly (readonly unknown[])[],
  more: readonly unknown[] = [],
  asked: Asked = {},
): string[] => fates(walkChains(loadNftables(ruleset(rules, more)), asked));

t.test("verdict maps, named sets and what was not read", async (t) => {
  const vmap = {
    vmap: {
      key: port,
      data: {
        set: [
          [80, { jump: { target: "other" } }],
          [{ range: [90, 99] }, { drop: null }],
        ],
      },
    },
  };
  t.strictSame(walk([[vmap]]), ["drop by table inet fw, chain other: drop"]);
  t.match(walk([[vmap]], [], { packet: { destinationPort: 95 } }), [/^drop by table inet fw, chain forward/]);
  t.strictSame(walk([[vmap]], [], { packet: { destinationPort: 81 } }), ["pass"]);
  const inSet = { match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right: "@bad" } };
  const set = {
    set: {
      family: "inet",
      table: "fw",
      name: "bad",
      type: "ipv4_addr",
      elem: [{ prefix: { addr: "10.0.0.0", len: 24 } }],
    },
  };
  t.strictSame(walk([[inSet, { drop: null }]], [set]), [
    "drop by table inet fw, chain forward: ip saddr @bad drop",
  ]);
  t.strictSame(walk([[inSet, { drop: null }]]), [
    'drop by table inet fw, chain forward: ip saddr @bad drop if "ip saddr @bad" takes it',
    'pass if "ip saddr @bad" does not take it',
  ]);
});

t.test("chance, what is not known, and a queue are never guessed", async (t) => {
  const chance = { match: { op: "==", left: { numgen: { mode: "inc", mod: 5, offset: 0 } }, right: 0 } };
  t.match(walk([[chance, { drop: null }]]), [/^drop .* if "numgen inc mod 5 0" takes it$/, /^pass if/]);
  t.match(walk([[{ limit: { rate: 5 } }, { drop: null }]]), [/^drop .* if the rate is/, /^pass if/]);
  t.match(walk([[{ marvel: null }, { drop: null }]]), [/^lost-sight/]);
  t.match(walk([[{ xt: null }, { drop: null }]]), [/^drop .* if/, /^pass if/]);
  t.match(walk([[{ queue: { num: 1 } }]]), [/^lost-sight/]);
  t.match(
    walk([
      [
        {
          vmap: {
            key: chance.match.left,
            data: {
              set: [
                [0, { drop: null }],
                [1, { accept: null }],
              ],
            },
          },
        },
      ],
    ]),
    [/^drop .* if the map says drop/, /^pass if/],
  );
});

t.test("hostile rulesets neither throw nor hang", async (t) => {
  const odd: unknown[] = [
    ...[
      null,
      [],
      {},
      "x",
      1,
      true,
      { set: null },
      { match: { left: null } },
      { vmap: { key: {}, data: "@x" } },
    ],
    ...[
      { jump: null },
      { jump: { target: "forward" } },
      { goto: { target: "__proto__" } },
      { dnat: { addr: [] } },
    ],
    ...[
      { mangle: { key: 1, value: {} } },
      { reject: [] },
      { match: { op: "<>", left: port, right: { set: [[[]]] } } },
    ],
    ...[
      { match: { op: "==", left: port, right: { range: [null, 1e300] } } },
      { counter: "x" },
      { vmap: { key: port, data: { set: [null, [1], [[], {}]] } } },
    ],
    {
      match: {
        op: "==",
        left: { payload: { protocol: "ip", field: "saddr" } },
        right: { prefix: { addr: "x", len: -1 } },
      },
    },
  ];
  for (const one of odd)
    for (const other of odd) t.ok(walk([[one, other, { jump: { target: "forward" } }]]).length > 0);
  const sets = Array.from({ length: 10_000 }, (_, n) => ({
    set: {
      family: "inet",
      table: "fw",
      name: `s${n}`,
      type: "ipv4_addr",
      elem: [`10.${n >> 8}.${n & 255}.1`],
    },
  }));
  const rules = sets.map(({ set: { name } }) => [
    { match: { op: "==", left: { payload: { protocol: "ip", field: "daddr" } }, right: `@${name}` } },
    { drop: null },
  ]);
  t.strictSame(walk(rules, sets), ["pass"]);
});
