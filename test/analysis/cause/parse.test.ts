import t from "tap";
import { parseIptables } from "../../../lib/analysis/cause/parse/iptables.js";
import { parseFdb, parseLinks, parseNeighbours, parseRoutes } from "../../../lib/analysis/cause/parse/ip.js";
import { parseNftables } from "../../../lib/analysis/cause/parse/nftables.js";
import { reachChains } from "../../../lib/analysis/cause/parse/ruleset.js";
import { parseNstat, parseSnmp, parseSockets, parseSysctl } from "../../../lib/analysis/cause/parse/text.js";
import { parseTrace } from "../../../lib/analysis/cause/parse/trace.js";
import { summarise } from "../../../lib/analysis/cause/wording.js";
import { fc } from "../../fixtures/property.js";

const nft = (...items: object[]): string => JSON.stringify({ nftables: items });
const IN_IP = { family: "ip", table: "filter" };
const chain = (name: string, more: object = {}): object => ({ chain: { ...IN_IP, name, ...more } });
const rule = (name: string, expr: unknown, more: object = {}): object => ({
  rule: { ...IN_IP, chain: name, handle: 1, expr, ...more },
});
const match = (left: object, right: unknown, op = "=="): object => ({ match: { op, left, right } });

t.test("iptables-save: what is cut off, odd or negated rules nothing out", async (t) => {
  const { chains, rules } = parseIptables(
    [
      "*filter",
      ":FORWARD ACCEPT [1:2]",
      ":ODD DROP [3:4]",
      "[7:8] -A FORWARD ! -s 10.0.0.0/8 -i cali+ --dport 80:90 -j",
      "[9:1] -A FORWARD -m comment --comment",
      "[x:1] -A FORWARD -j DROP",
      "-A FORWARD -j DROP",
      '[1:1] -A FORWARD -m comment --comment "open',
    ].join("\n"),
  );
  t.match(chains, [{ hook: "forward" }, { name: "ODD", hook: null }]);
  t.equal(rules.length, 4);
  t.match(rules[0], { text: "policy DROP of chain ODD", packets: 3, isPolicy: true });
  t.match(rules[1], { verdict: null, packets: 7, jumps: [] });
  t.match(rules[1]?.matches, { sources: [], inDevices: ["cali*"], destinationPort: null });
  t.equal(rules[2]?.comment, null);
  t.equal(rules[3]?.comment, '"open');
});

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
  t.match(rules[0], { verdict: "reject", packets: 5, comment: "why", jumps: [] });
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
    text: /"icmp" null drop$/,
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

t.test("ip and bridge: entries with nothing in them", async (t) => {
  t.strictSame(parseLinks("[{}, 7]"), [{ name: "", up: false, mtuBytes: null, mac: null }]);
  t.strictSame(parseLinks('[{"ifname":"a","flags":["UP"],"operstate":"LOWERLAYERDOWN"}]')[0]?.up, false);
  t.strictSame(parseNeighbours("[{}]"), [{ ip: "", mac: null, states: [] }]);
  t.strictSame(parseFdb("[{}]"), [{ mac: "", destination: null }]);
  t.strictSame(parseRoutes("[{}]"), [{ device: null }]);
  t.strictSame(parseRoutes("{}"), []);
  t.strictSame(parseRoutes("[{"), []);
});

t.test("counters, settings and sockets", async (t) => {
  t.strictSame([...parseNstat('{"kernel":{"A":1,"B":"2"}}')], [["A", 1]]);
  t.equal(parseNstat("7").size, 0);
  t.equal(parseNstat('{"kernel":7}').size, 0);
  t.strictSame(
    [...parseSnmp("Udp: In No\nUdp: 1 2 3\nTcp: A\nIp: B \nIp: 9\nlast")],
    [
      ["UdpIn", 1],
      ["UdpNo", 2],
      ["IpB", 9],
    ],
  );
  t.strictSame(
    [...parseSysctl("net.ipv4.conf.a/b.rp_filter = 1\nnoise\n")],
    [["net/ipv4/conf/a.b/rp_filter", "1"]],
  );
  t.match(parseSockets("udp UNCONN 0 0 [::]:53 [::]:*\nraw x\ntcp LISTEN 0 5 *:80"), [
    { protocol: "udp", address: "[::]", port: 53 },
    { protocol: "tcp", address: "*", port: 80 },
  ]);
});

t.test("tracefs: lines that are cut, and events of ordinary life", async (t) => {
  const at = "x-1 [000] ..s1. 10.5: ";
  const events = parseTrace(
    [
      `${at}netif_receive_skb: dev=eth0 skbaddr=1 len=84`,
      `${at}kfree_skb: skbaddr=1 protocol=2048 location=ip_rcv+0x1/0x2 reason: OTHERHOST`,
      `${at}netif_receive_skb: dev=eth0 skbaddr=2`,
      `${at}kfree_skb: skbaddr=2`,
      `${at}kfree_skb: location=skb_queue_purge reason: QUEUE_PURGE`,
      `${at}kfree_skb: location=ip6_mc_input+0x1/0x2`,
      `${at}netif_receive_skb: dev=eth0 skbaddr=3 len=84`,
      "x-1 [000] ..s1. 10.7: kfree_skb: skbaddr=3 location=late",
      `${at}netif_receive_skb: dev=eth0 len=84`,
      `${at}other: skbaddr=1`,
      "noise",
    ].join("\n"),
  );
  t.match(events, [
    { atSec: 10.5, protocol: 2048, location: "ip_rcv", reason: "OTHERHOST", device: "eth0", bytes: 84 },
    { protocol: 0, location: "unknown", reason: "NOT_SPECIFIED", device: null, bytes: null },
    { atSec: 10.7, device: null },
  ]);
  t.equal(events.length, 3);
});

t.test("no text makes a parser throw", async (t) => {
  const parsers = [
    parseIptables,
    parseNftables,
    parseLinks,
    parseNeighbours,
    parseFdb,
    parseRoutes,
    parseNstat,
    parseSnmp,
    parseSysctl,
    parseSockets,
    parseTrace,
  ];
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"nftables":[{"rule":{"expr":[${json}]}}]}`),
  );
  fc.assert(
    fc.property(text, (hostile) => {
      for (const parse of parsers) parse(hostile);
    }),
  );
  t.pass();
});

t.test("summaries keep to a line", async (t) => {
  t.equal(summarise("node-b: x"), "node-b: x");
  t.equal(summarise("node-b: x", ['"a"', "b"]), 'node-b: x ("a"; b)');
  const long = summarise("node-b: x", ["c".repeat(300), "NetworkPolicy a/b"]);
  t.equal(long.length <= 160, true);
  t.match(long, /c…; NetworkPolicy a\/b\)$/);
  t.equal(summarise("n".repeat(150), ["comment"]), "n".repeat(150), "no room for a detail");
  t.equal(summarise("n".repeat(300)).length, 160);
  t.equal(
    summarise("n".repeat(150), ["comment", "policy"]),
    `${"n".repeat(150)} (policy)`.slice(0, 159) +
      "…".repeat(Number(`${"n".repeat(150)} (policy)`.length > 160)),
  );
});
