import t from "tap";
import { parseNftables } from "../../../lib/linux/nft/nftables.js";
import { reachChains } from "../../../lib/linux/ruleset.js";
import { recorded } from "../../fixtures/linux/recorded.js";

const nft = (...items: object[]): string => JSON.stringify({ nftables: items });
const IN_IP = { family: "ip", table: "filter" };
const chain = (name: string, more: object = {}): object => ({ chain: { ...IN_IP, name, ...more } });
const rule = (name: string, expr: unknown, more: object = {}): object => ({
  rule: { ...IN_IP, chain: name, handle: 1, expr, ...more },
});
const match = (left: object, right: unknown, op = "=="): object => ({ match: { op, left, right } });

t.test("nft: matches, prefixes, counters, comments", async (t) => {
  const meta = (key: string): object => ({ meta: { key } });
  const ip = (field: string): object => ({ payload: { protocol: "ip", field } });
  const { rules } = parseNftables(
    nft(
      chain("forward", { hook: "forward" }),
      chain("odd", { hook: "moon", dev: 7 }),
      rule(
        "forward",
        [
          match(meta("iifname"), "a"),
          match(meta("oifname"), "b"),
          match(meta("l4proto"), "tcp"),
          match(ip("saddr"), "10.0.0.1"),
          match(ip("daddr"), { prefix: { addr: "10.1.0.0", len: 16 } }),
          match(ip("daddr"), { prefix: { addr: "10.1.0.0" } }),
          match(ip("saddr"), { set: ["10.2.0.0"] }),
          match({ payload: { protocol: "udp", field: "dport" } }, 53),
          match(meta("iifname"), "c", "!="),
          { match: { op: "==", left: "odd", right: 1 } },
          { match: "odd" },
          { counter: { packets: 5 } },
          { reject: null },
        ],
        { comment: "why" },
      ),
      rule("forward", [match(ip("protocol"), "icmp"), match(ip("ttl"), undefined), { drop: null }], {
        handle: "x",
      }),
      { rule: { expr: 7 } },
      { chain: {} },
      { map: { name: 7 } },
      { map: 7 },
    ),
  );
  t.match(rules[0], { verdict: "reject", packets: 5, comments: ["why"], jumps: [] });
  t.strictSame(rules[0]?.matches, {
    sources: ["10.0.0.1"],
    destinations: ["10.1.0.0/16"],
    inDevices: ["a"],
    outDevices: ["b"],
    protocol: "udp",
    destinationPort: 53,
  });
  t.match(rules[1], {
    verdict: "drop",
    packets: null,
    text: /: ip protocol icmp ip ttl \? drop$/,
    matches: { protocol: "icmp" },
  });
  t.match(rules[2], { verdict: null, chain: "", text: /no verdict/ });
});

t.test("nft: jumps, gotos and verdict maps lead on, by device where the key is one", async (t) => {
  const key = (name: string): object => ({ meta: { key: name } });
  const go = (target: string): object => ({ goto: { target } });
  const ruleset = parseNftables(
    nft(
      chain("forward", { hook: "forward", dev: "eth0" }),
      {
        map: {
          ...IN_IP,
          name: "out",
          elem: [
            ["b", go("to-b")],
            ["c", go("to-c")],
          ],
        },
      },
      rule("forward", [
        { jump: { target: "plain" } },
        { xt: { deep: [go("deep")] } },
        { jump: 7 },
        { goto: {} },
      ]),
      rule("forward", [{ vmap: { key: key("oifname"), data: "@out" } }]),
      rule("plain", [
        {
          vmap: {
            key: key("iifname"),
            data: { set: [["a", go("from-a")], ["z", go("from-z")], "odd", [7, go("any")]] },
          },
        },
      ]),
      rule("plain", [{ vmap: { key: key("mark"), data: { set: [["1", go("marked")]] } } }]),
      rule("plain", [{ vmap: { key: 7, data: "@gone" } }, { vmap: 7 }]),
      rule("plain", [{ vmap: { key: { meta: 7 }, data: 7 } }]),
    ),
  );
  const names = (passes: Parameters<typeof reachChains>[1]): string[] =>
    [...reachChains(ruleset, passes).keys()].map((id) => id.replace("ip filter ", "")).sort();
  t.strictSame(
    names(({ inDevices, outDevices }) => !inDevices.includes("z") && !outDevices.includes("c")),
    ["any", "deep", "forward", "from-a", "marked", "plain", "to-b"],
  );
  t.strictSame(
    names(() => false),
    ["forward"],
  );
  t.ok(
    reachChains(ruleset, () => true)
      .get("ip filter to-c")
      ?.devices.has("eth0"),
  );
});

t.test("a ruleset nested beyond reason is not followed", async (t) => {
  let expr: unknown = { jump: { target: "end" } };
  for (let depth = 0; depth < 20; depth += 1) expr = [expr];
  t.strictSame(parseNftables(nft(rule("forward", [{ x: expr }]))).rules[0]?.jumps, []);
});

t.test("nft: what is no object has no rules", async (t) => {
  for (const text of ["", "7", "null", "[]", "{", "{}"])
    t.strictSame(parseNftables(text), { chains: [], rules: [] }, text);
});

t.test("recorded: nft 1.0.6 shows what iptables-nft made", async (t) => {
  const { chains, rules } = parseNftables(recorded("netfilter/nft-1.0.6.json"));
  t.strictSame(
    chains.map(({ table, name, hook }) => `${table} ${name} ${String(hook)}`),
    ["ip filter FORWARD forward", "ip6 filter INPUT input", "ip nat POSTROUTING postrouting"],
  );
  t.match(rules, [
    { matches: { sources: ["10.1.0.0/24"], destinations: [] }, packets: 0 },
    { verdict: "drop", matches: { sources: ["fd01::/64"] } },
    { packets: 2 },
  ]);
});

t.test("nft 0.9 names the hook of an egress and an ingress chain's device alike", async (t) => {
  const { chains } = parseNftables(
    nft({ chain: { family: "netdev", table: "x", name: "in", hook: "ingress", dev: "eth0", prio: 0 } }),
  );
  t.match(chains, [{ table: "netdev x", hook: "ingress", device: "eth0" }]);
});
