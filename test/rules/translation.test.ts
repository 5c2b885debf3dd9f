import t from "tap";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { loadNftables } from "../../lib/rules/nft/load.js";
import type { Walk } from "../../lib/rules/walk/path.js";
import { sayConditions } from "../../lib/rules/walk/conditions.js";
import { fates, filter, walkChains, walkFilter, type Asked } from "./kit.js";

const at = { family: "ip", table: "nat" };

/** A chain of type nat of these rules, and one of filter behind it, as `nft -j list ruleset` prints them. */
function translate(rule: readonly unknown[], behind: readonly unknown[] = [], asked: Asked = {}): Walk {
  const chain = { ...at, name: "pre", handle: 1, type: "nat", hook: "prerouting", prio: -100 };
  const forward = { ...at, name: "fwd", handle: 2, type: "filter", hook: "forward", prio: 0 };
  const text = JSON.stringify({
    nftables: [
      { chain: { ...chain, policy: "accept" } },
      { chain: { ...forward, policy: "accept" } },
      { map: { ...at, name: "byclient", elem: [["10.0.0.1", "10.0.1.9"]] } },
      { rule: { ...at, chain: "pre", handle: 3, expr: rule } },
      ...(behind.length === 0 ? [] : [{ rule: { ...at, chain: "fwd", handle: 4, expr: behind } }]),
    ],
  });
  return walkChains(loadNftables(text), asked);
}

/** "10.0.1.2:80 if chance says 0 of 2", one for each way on; "lost: …" where it goes out of sight. */
function ways({ passed, ended }: Walk): string[] {
  const of = (words: string, said: string | null): string => (said === null ? words : `${words} if ${said}`);
  return [
    ...passed.map(({ packet: { destination, destinationPort }, conditions }) =>
      of(`${destination.text}:${String(destinationPort)}`, sayConditions(conditions)),
    ),
    ...ended.map(({ how }) => `lost: ${how ?? ""}`),
  ];
}

const numgen = { numgen: { mode: "random", mod: 2, offset: 0 } };
const jhash = { jhash: { mod: 2, expr: { payload: { protocol: "ip", field: "saddr" } } } };
const saddr = { payload: { protocol: "ip", field: "saddr" } };
const to = (key: unknown, data: unknown, port?: number): unknown => ({
  dnat: { family: "ip", addr: { map: { key, data } }, ...(port === undefined ? {} : { port }) },
});
const both = (values: readonly unknown[]): unknown => ({ set: values.map((value, n) => [n, value]) });
const pair = (ip: string, port: number): unknown => ({ concat: [ip, port] });
const UNREAD = "lost: the address that it is translated to could not be evaluated";

t.test("dnat by a map leads to each backend that chance or a hash may choose", async (t) => {
  const backends = both([pair("10.0.1.2", 8080), pair("10.0.1.3", 8081)]);
  t.strictSame(ways(translate([to(numgen, backends)])), [
    "10.0.1.2:8080 if chance says 0 of 2",
    "10.0.1.3:8081 if chance says 1 of 2",
  ]);
  t.equal(ways(translate([to(jhash, backends)])).length, 2);
  t.strictSame(ways(translate([to(numgen, both(["10.0.1.2", "10.0.1.3"]), 81)])), [
    "10.0.1.2:81 if chance says 0 of 2",
    "10.0.1.3:81 if chance says 1 of 2",
  ]);
  t.strictSame(
    ways(translate([to(numgen, both(["10.0.1.7", "10.0.1.7"]))])),
    ["10.0.1.7:80"],
    "all lead there",
  );
  t.strictSame(ways(translate([to(saddr, "@byclient")])), ["10.0.1.9:80"]);
  const other = { packet: { source: "10.0.0.4" } };
  t.strictSame(ways(translate([to(saddr, "@byclient")], [], other)), ["10.0.1.2:80"], "no element is for it");
  t.match(ways(translate([to({ osf: {} }, both(["10.0.1.7"]))])), [
    /^10\.0\.1\.7:80 if the map says 10\.0\.1\.7$/,
    /^10\.0\.1\.2:80/,
  ]);
  t.match(
    ways(translate([to({ osf: {} }, both([pair("10.0.1.7", 81)]))]))[0],
    /if the map says 10\.0\.1\.7:81$/,
  );
});

t.test("where a map or an address is not understood nothing is said", async (t) => {
  for (const [rule, why] of [
    [to(saddr, "@absent"), "the map was not read"],
    [to(numgen, both([{ concat: ["10.0.1.2", 80, 1] }])), "a third part"],
    [to(numgen, both([{ drop: null }])), "no address"],
    [{ dnat: { addr: "web.shop" } }, "a name"],
    [{ dnat: { addr: "10.0.1.2", port: { map: { key: saddr, data: "@byclient" } } } }, "a port by a map"],
    [{ redirect: { port: {} } }, "no port"],
  ] as const)
    t.ok(ways(translate([rule])).includes(UNREAD), why);
});

t.test("an address, several, a prefix, a port alone", async (t) => {
  for (const [dnat, way, isOneOf] of [
    [{ addr: "10.0.1.7", port: 8080 }, "10.0.1.7:8080", false],
    [{ addr: { range: ["10.0.1.7", "10.0.1.9"] }, port: { range: [90, 99] } }, "10.0.1.7:90", true],
    [{ addr: { prefix: { addr: "10.0.1.8", len: 30 } } }, "10.0.1.8:80", true],
    [{ addr: { prefix: { addr: "10.0.1.8", len: 32 } } }, "10.0.1.8:80", false],
    [{ port: 81 }, "10.0.1.2:81", true],
  ] as const) {
    const walk = translate([{ dnat }]);
    t.strictSame(ways(walk), [way]);
    t.equal(walk.passed[0]?.translations[0]?.isOneOf, isOneOf, way);
  }
});

const status = { match: { op: "in", left: { ct: { key: "status" } }, right: "dnat" } };
const mark = { match: { op: "==", left: { ct: { key: "mark" } }, right: 0 } };

t.test("what is translated to what it is has no word of it in its status", async (t) => {
  const drops = (dnat: object, packet = {}): string[] =>
    fates(translate([{ dnat }], [status, { drop: null }], { packet })).map(
      (fate) => fate.split(" ")[0] ?? "",
    );
  t.strictSame(drops({ addr: "10.0.1.7" }), ["drop"]);
  t.strictSame(drops({ addr: "10.0.1.2" }), ["pass"]);
  t.strictSame(drops({ addr: "10.0.1.2", port: 81 }), ["drop"]);
  t.strictSame(drops({ addr: { range: ["10.0.1.2", "10.0.1.9"] } }), ["drop", "pass"], "one of several");
  t.strictSame(
    drops({ addr: "10.0.1.2" }, { connection: { state: "established" } }),
    ["drop", "pass"],
    "in doubt",
  );
});

t.test("a packet that is of no connection has no mark, direction or status to ask for", async (t) => {
  for (const state of ["invalid", "untracked"] as const) {
    const asked = { packet: { connection: { state, mark: 0 } } };
    const passes = (rule: string): boolean =>
      fates(walkFilter([`FORWARD ${rule} -j DROP`], asked))[0] === "pass";
    for (const rule of [
      ...["-m connmark --mark 0x0/0xff", "-m connmark ! --mark 0x1/0xff", "-m conntrack --ctdir ORIGINAL"],
      ...["-m conntrack --ctstatus NONE", "-m conntrack ! --ctstatus ASSURED"],
    ])
      t.equal(passes(rule), true, `${state}: ${rule}`);
    t.equal(
      passes(`-m conntrack --ctstate ${state.toUpperCase()} --ctdir REPLY`),
      false,
      "its state is enough",
    );
    for (const one of [status, mark])
      t.strictSame(fates(translate([{ accept: null }], [one, { drop: null }], asked)), ["pass"]);
    const from = { mangle: { key: { meta: { key: "mark" } }, value: { ct: { key: "mark" } } } };
    t.strictSame(
      fates(translate([{ accept: null }], [from, { drop: null }], asked)),
      ["pass"],
      "it ends the rule",
    );
    const set = { mangle: { key: { ct: { key: "mark" } }, value: 8 } };
    t.match(fates(translate([{ accept: null }], [set, { drop: null }], asked)), [/^drop/]);
    const rules = [
      "PREROUTING -j CONNMARK --set-xmark 0x8/0x8",
      "PREROUTING -j CONNMARK --restore-mark",
      "PREROUTING -j CONNMARK --save-mark",
    ];
    const table = filter(rules).replace("*filter", "*mangle").replace(":INPUT", ":PREROUTING");
    t.equal(walkChains(loadIptables(table, 4), asked).passed[0]?.packet.connection.mark, 0, "nothing is set");
  }
  t.match(fates(translate([{ accept: null }], [mark, { drop: null }])), [/^drop/]);
});

t.test("two comparisons of one field as nft lists them, and DSCP by its names", async (t) => {
  const ttl = {
    match: { op: "!=", left: { payload: { protocol: "ip", field: "ttl" } }, right: { range: [64, 1] } },
  };
  const dscp = (right: unknown): object => ({
    match: { op: "==", left: { payload: { protocol: "ip", field: "dscp" } }, right },
  });
  const drops = (match: object, packet: object): boolean =>
    fates(translate([{ accept: null }], [match, { drop: null }], { packet }))[0]?.startsWith("drop") === true;
  t.strictSame(
    [1, 2, 63, 64].map((hopLimit) => drops(ttl, { hopLimit })),
    [false, true, true, false],
    "below 64 and above 1",
  );
  t.equal(drops(dscp("cs1"), { trafficClass: 32 }), true);
  t.equal(drops(dscp("af41"), { trafficClass: 0x88 }), true);
  t.equal(drops(dscp("ef"), { trafficClass: 0 }), false);
  t.equal(
    fates(translate([{ accept: null }], [dscp(8), { drop: null }], { packet: { trafficClass: null } }))
      .length,
    2,
  );
});
