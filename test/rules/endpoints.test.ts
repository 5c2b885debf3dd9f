import t from "tap";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { loadNftables } from "../../lib/rules/nft/load.js";
import { groupEnds } from "../../lib/rules/walk/ends.js";
import { sayConditions } from "../../lib/rules/walk/conditions.js";
import type { Walk } from "../../lib/rules/walk/path.js";
import { timed, walkChains } from "./kit.js";

const CLUSTER_IP = "10.96.0.1";
const MOST_MS = 1_000;

const endpointOf = (n: number): string => `10.1.${String(n >> 8)}.${String(n & 255)}`;

/** kube-proxy's rules of one Service among many others, and what else the node's FORWARD holds. */
function iptablesOf(endpoints: number, { forward = [], others = 0, behind = 0 }: Scene = {}): string {
  const all = Array.from({ length: endpoints }, (_, n) => n);
  const chains = [
    ":PREROUTING ACCEPT [0:0]",
    ":KUBE-SERVICES - [0:0]",
    ":SVC - [0:0]",
    ":MARK - [0:0]",
    ":OTHER - [0:0]",
  ];
  return [
    ...["*nat", ...chains, ...all.map((n) => `:SEP-${String(n)} - [0:0]`)],
    "-A PREROUTING -j KUBE-SERVICES",
    ...Array.from(
      { length: others },
      (_, n) =>
        `-A KUBE-SERVICES -d 10.97.${String(n >> 8)}.${String(n & 255)}/32 -p tcp -m tcp --dport 80 -j SVC`,
    ),
    `-A KUBE-SERVICES -d ${CLUSTER_IP}/32 -p tcp -m tcp --dport 80 -j SVC`,
    ...Array.from(
      { length: behind },
      (_, n) => `-A OTHER -s 192.0.2.7/32 -m comment --comment "${String(n)}" -j RETURN`,
    ),
    "-A MARK -j MARK --set-xmark 0x4000/0x4000",
    ...all.flatMap((n) => [
      n === endpoints - 1
        ? `-A SVC -j SEP-${String(n)}`
        : `-A SVC -m statistic --mode random --probability ${(1 / (endpoints - n)).toFixed(11)} -j SEP-${String(n)}`,
      `-A SEP-${String(n)} -s ${endpointOf(n)}/32 -j MARK`,
      `-A SEP-${String(n)} -p tcp -m tcp -j DNAT --to-destination ${endpointOf(n)}:8080`,
    ]),
    ...["COMMIT", "*filter", ":FORWARD ACCEPT [0:0]", ...forward, "COMMIT", ""],
  ].join("\n");
}

interface Scene {
  readonly forward?: readonly string[];
  /** Other Services, which the packet is held against first. */
  readonly others?: number;
  /** Rules that it does not come to. */
  readonly behind?: number;
}

function nftOf(endpoints: number, forward: readonly object[] = []): string {
  const at = { family: "ip", table: "kube-proxy" };
  const base = (name: string, type: string, hook: string, prio: number): object => ({
    chain: { ...at, name, type, hook, prio, policy: "accept" },
  });
  const all = Array.from({ length: endpoints }, (_, n) => n);
  let handle = 0;
  const rule = (chain: string, ...expr: object[]): object => ({
    rule: { ...at, chain, handle: (handle += 1), expr },
  });
  const set = all.map((n) => [n, { goto: { target: `ep-${String(n)}` } }]);
  return JSON.stringify({
    nftables: [
      base("pre", "nat", "prerouting", -100),
      base("fwd", "filter", "forward", 0),
      ...all.map((n) => ({ chain: { ...at, name: `ep-${String(n)}` } })),
      rule("pre", {
        vmap: { key: { numgen: { mode: "random", mod: endpoints, offset: 0 } }, data: { set } },
      }),
      ...all.map((n) => rule(`ep-${String(n)}`, { dnat: { addr: endpointOf(n), port: 8080 } })),
      ...forward.map((each) => rule("fwd", each, { drop: null })),
    ],
  });
}

const led = ({ passed }: Walk): string[] => passed.map(({ packet }) => packet.destination.text);

const ask = (text: string): Walk =>
  walkChains(loadIptables(text, 4), { packet: { destination: CLUSTER_IP } });

t.test("all endpoints of a Service are followed, and one that a rule drops is named", async (t) => {
  const COUNT = 1_000;
  const victim = endpointOf(777);
  const forward = [`-A FORWARD -d ${victim}/32 -j DROP`];
  const walk = ask(iptablesOf(COUNT, { forward }));
  const every = Array.from({ length: COUNT }, (_, n) => endpointOf(n));
  t.strictSame(led(walk).sort(), every.filter((ip) => ip !== victim).sort());
  t.strictSame(walk.givenUp, []);
  t.strictSame(
    groupEnds(walk).map(({ end, worlds }) => [
      end.rule?.text,
      worlds.map(({ packet }) => packet.destination.text),
    ]),
    [[forward[0], [victim]]],
  );
  const said = sayConditions(groupEnds(walk)[0]!.under) ?? "";
  t.match(
    said,
    /^the statistic passes it over .* and 772 other conditions hold and .*the statistic takes it/,
  );

  const match = { op: "==", left: { payload: { protocol: "ip", field: "daddr" } }, right: victim };
  const nft = walkChains(loadNftables(nftOf(COUNT, [{ match }])));
  t.strictSame(led(nft).sort(), every.filter((ip) => ip !== victim).sort());
  t.strictSame(
    groupEnds(nft).map(({ end, under }) => [end.kind, sayConditions(under)]),
    [["drop", "chance says 777 of 1000"]],
  );
});

t.test("a rule that drops them all drops them for certain, and is one end", async (t) => {
  const walk = ask(iptablesOf(300, { forward: ["-A FORWARD -p tcp -m tcp --dport 8080 -j REJECT"] }));
  t.equal(walk.passed.length, 0);
  const groups = groupEnds(walk);
  t.equal(groups.length, 1);
  t.equal(groups[0]?.worlds.length, 300);
  t.equal(groups[0]!.under, null, "whatever chance says");
});

t.test("shares of chance that lead to the same place are one way", async (t) => {
  const at = { family: "ip", table: "lb" };
  const to = (target: string): object => ({ goto: { target } });
  const key = { numgen: { mode: "random", mod: 100, offset: 0 } };
  const set = [
    [{ range: [0, 89] }, to("blue")],
    [{ range: [90, 98] }, to("green")],
  ];
  const chain = (name: string, more: object = {}): object => ({ chain: { ...at, name, ...more } });
  const hook = { type: "nat", hook: "prerouting", prio: -100, policy: "accept" };
  const text = JSON.stringify({
    nftables: [
      ...[chain("pre", hook), chain("blue"), chain("green")],
      { rule: { ...at, chain: "pre", handle: 1, expr: [{ vmap: { key, data: { set } } }] } },
      { rule: { ...at, chain: "blue", handle: 2, expr: [{ dnat: { addr: "10.1.0.1" } }] } },
      { rule: { ...at, chain: "green", handle: 3, expr: [{ dnat: { addr: "10.1.0.2" } }] } },
    ],
  });
  t.strictSame(
    walkChains(loadNftables(text)).passed.map(({ packet, conditions }) => [
      packet.destination.text,
      sayConditions(conditions),
    ]),
    [
      ["10.1.0.1", "chance says 0 to 89 of 100"],
      ["10.1.0.2", "chance says 90 to 98 of 100"],
      ["10.0.1.2", "chance says 99 of 100"],
    ],
  );
});

t.test("what there is no room for is counted, and the rest is followed to its end", async (t) => {
  const long = Array.from({ length: 2_000 }, (_, n) => `-A FORWARD -s 192.0.2.${String(n % 250)}/32 -j DROP`);
  const walk = ask(iptablesOf(8_000, { forward: long }));
  t.ok(walk.passed.length >= 64, `${String(walk.passed.length)} came through`);
  t.match(walk.givenUp, [/^of 8000 different fates that are possible \d+ were followed to their end$/]);
  t.equal(
    walk.givenUp[0],
    `of 8000 different fates that are possible ${String(walk.passed.length)} were followed to their end`,
  );
  t.strictSame(
    [...new Set(walk.ended.map(({ kind, how }) => `${kind}: ${String(how)}`))],
    ["lost-sight: it is one of more fates than were followed"],
  );
  const numbers = walkChains(loadNftables(nftOf(3).replace('"mod":3', '"mod":4294967295')));
  t.match(numbers.ended, [{ kind: "lost-sight", how: "chance leads to one of 4294967295 ways" }]);
});

t.test("a Service of 1,000 endpoints among 50,000 rules takes less than a second", async (t) => {
  const forward = Array.from({ length: 50 }, (_, n) => `-A FORWARD -s 192.0.2.${String(n)}/32 -j DROP`);
  const text = iptablesOf(1_000, { forward, others: 5_000, behind: 42_000 });
  t.ok(text.split("\n").filter((line) => line.startsWith("-A")).length > 50_000);
  const { ms, result } = timed(() => ask(text));
  t.equal(result.passed.length, 1_000);
  t.strictSame(result.givenUp, []);
  t.ok(ms < MOST_MS, "within a second");
  t.comment(`iptables: ${ms.toFixed(0)} ms`);
  const nft = nftOf(5_000);
  const { ms: nftMs, result: nftWalk } = timed(() => walkChains(loadNftables(nft)));
  t.equal(nftWalk.passed.length, 5_000);
  t.ok(nftMs < MOST_MS, "within a second");
  t.comment(`nft: ${nftMs.toFixed(0)} ms`);
});
