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
    [/^drop .* if chance says 0 of 5$/, /^pass if chance says 1 of 5, or/],
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
      { vmap: { key: { numgen: { mod: 1e300 } }, data: { set: [[0, { goto: { target: "forward" } }]] } } },
      {
        vmap: {
          key: { numgen: { mod: 2, offset: "x" } },
          data: { set: [[1, { goto: { target: "forward" } }]] },
        },
      },
      { set: { op: "update", set: "@none", stmt: {} } },
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

const place = {
  concat: [
    { payload: { protocol: "ip", field: "daddr" } },
    { meta: { key: "l4proto" } },
    { payload: { protocol: "th", field: "dport" } },
  ],
};
const services = (elements: readonly unknown[], more: object = {}) => ({
  map: { family: "inet", table: "fw", name: "services", type: "x", map: "verdict", elem: elements, ...more },
});
const led = { vmap: { key: place, data: "@services" } };

t.test("a map whose key is not wholly known: only elements that the known parts fit count", async (t) => {
  const tcp = [{ concat: ["10.0.1.2", "tcp", 80] }, { drop: null }];
  const many = Array.from({ length: 500 }, (_, n) => [
    { concat: ["10.9.0.1", "tcp", n + 1] },
    { drop: null },
  ]);
  const ping = {
    packet: { protocol: "icmp", sourcePort: null, destinationPort: null, icmpType: 8, icmpCode: 0 },
  };
  t.strictSame(walk([[led]], [services([tcp, ...many])], ping), ["pass"]);
  const unknown = { packet: { destinationPort: null } };
  t.match(walk([[led]], [services([tcp, ...many])], unknown), [
    /^drop .* if the map says drop$/,
    /^pass if the map says nothing$/,
  ]);
  const odd = [{ concat: [{}, "tcp", 80] }, { drop: null }];
  t.match(walk([[led]], [services([odd])], ping), ["pass if the map says nothing"]);
  t.match(walk([[led]], [services([odd])]), ["pass if the map says nothing"]);
  t.match(walk([[led]], [services([odd, tcp])]), [
    /^drop by table inet fw, chain forward: .* vmap @services$/,
  ]);
  const six = {
    vmap: { key: { payload: { protocol: "ip6", field: "daddr" } }, data: { set: [["::1", { drop: null }]] } },
  };
  t.strictSame(walk([[six]]), ["pass"]);
});

t.test("chance in a map: each number has its way, and what all lead to is certain", async (t) => {
  const drawn = (key: object, elements: readonly unknown[]) => [[{ vmap: { key, data: { set: elements } } }]];
  const numgen = (mod: unknown, offset?: unknown) => ({ numgen: { mode: "random", mod, offset } });
  const to = (target: string) => ({ goto: { target } });
  t.strictSame(walk(drawn(numgen(1), [[0, to("other")]])), ["drop by table inet fw, chain other: drop"]);
  t.match(
    walk(
      drawn({ jhash: { mod: 2, offset: 10 } }, [
        [10, to("other")],
        [11, { accept: null }],
      ]),
    ),
    [/chain other: drop if chance says 0 of 2$/, /^pass if chance says 1 of 2$/],
  );
  t.match(walk(drawn({ symhash: { mod: 1 } }, [])), ["pass"]);
  t.match(walk(drawn(numgen(200_001), [])), [/^lost-sight/]);
  t.match(walk(drawn(numgen(1), [[{ odd: 1 }, to("other")]])), [/^lost-sight/]);
  t.match(walk(drawn(numgen(1), [[0, { queue: { num: 1 } }]])), [/^lost-sight/]);
  t.match(walk(drawn(numgen(1), [[0, {}]])), [/^lost-sight/]);
  for (const mod of ["x", 0, 1.5])
    t.match(walk(drawn(numgen(mod), [[0, { drop: null }]])), [/^drop .* if/, /^pass if/]);
  t.match(walk(drawn(numgen(1, -1), [[0, { drop: null }]])), [/^drop .* if/, /^pass if/]);
  t.match(walk(drawn({ marvel: 1 }, [[0, {}]])), [/^lost-sight/]);
});

t.test("a set that takes the packet's source up fails a rule only where it is full", async (t) => {
  const update = {
    set: { op: "update", elem: { payload: { protocol: "ip", field: "saddr" } }, set: "@kept" },
  };
  const kept = (size: number | undefined) => ({
    set: {
      family: "inet",
      table: "fw",
      name: "kept",
      type: "ipv4_addr",
      elem: ["10.0.0.9"],
      ...(size === undefined ? {} : { size }),
    },
  });
  const drop = [[update, { drop: null }]];
  t.match(walk(drop, [kept(65_535)]), [/^drop by [^"]*$/]);
  for (const sets of [[kept(1)], [kept(undefined)], []])
    t.match(walk(drop, sets), [/if the set takes it up/, /^pass if/]);
  const limited = { set: { ...update.set, stmt: [{ limit: { rate: 1 } }] } };
  t.match(walk([[limited, { drop: null }]], [kept(65_535)]), [/if the set takes it up/, /^pass if/]);
});

t.test("what led a packet to its end is kept, and only what both ways have in common", async (t) => {
  const element = (to: string, verdict: object) => [
    { elem: { val: { concat: [to, "tcp", 80] }, comment: "shop/web" } },
    verdict,
  ];
  const { ended } = walkChains(
    loadNftables(
      ruleset(
        [[led]],
        [services([element("10.0.1.2", { goto: { target: "other" } })], { comment: "none left" })],
      ),
    ),
  );
  t.strictSame(ended[0]?.world.elements, [
    {
      map: "services",
      mapComment: "none left",
      text: "10.0.1.2 . tcp . 80 : goto other",
      comment: "shop/web",
    },
  ]);
  const again = (target: string) => [{ vmap: { key: port, data: { set: [[80, { jump: { target } }]] } } }];
  const empty = { chain: { family: "inet", table: "fw", name: "empty", handle: 3 } };
  const either = [{ xt: null }, again("empty")[0]!];
  const { passed } = walkChains(loadNftables(ruleset([again("empty"), either], [empty])));
  t.strictSame(
    passed.map(({ elements }) => elements.map(({ map, text }) => [map, text])),
    [[[null, "80 : jump empty"]]],
  );
});
