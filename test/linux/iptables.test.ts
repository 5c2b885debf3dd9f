import t from "tap";
import { parseIptables } from "../../lib/linux/iptables.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("iptables-save: what is cut off, odd or negated rules nothing out", async (t) => {
  const { chains, rules } = parseIptables(
    [
      "*filter",
      ":FORWARD ACCEPT [1:2]",
      ":ODD DROP [3:4]",
      "[7:8] -A FORWARD ! -s 10.0.0.0/8 -i veth+ --dport 80:90 -j",
      "[9:1] -A FORWARD -m comment --comment",
      "[x:1] -A FORWARD -j DROP",
      "-A FORWARD -j DROP",
      '[1:1] -A FORWARD -m comment --comment "open',
    ].join("\n"),
  );
  t.match(chains, [{ hook: "forward" }, { name: "ODD", hook: null }]);
  t.equal(rules.length, 5);
  t.match(rules[0], { text: "policy DROP of chain ODD", packets: 3, isPolicy: true });
  t.match(rules[1], { verdict: null, packets: 7, jumps: [] });
  t.match(rules[1]?.matches, { sources: [], inDevices: ["veth*"], destinationPort: null });
  t.strictSame(rules[2]?.comments, []);
  t.match(rules[3], { verdict: "drop", packets: null }, "without -c there are no counters");
  t.strictSame(rules[4]?.comments, ['"open']);
});

t.test("recorded: both backends, both families", async (t) => {
  const nf = parseIptables(recorded("netfilter/iptables-1.8.9-nf_tables.txt"));
  t.strictSame(
    nf.chains.map(({ table, name, hook }) => `${table} ${name} ${String(hook)}`),
    [
      "filter INPUT input",
      "filter FORWARD forward",
      "filter OUTPUT output",
      "nat PREROUTING prerouting",
      "nat INPUT input",
      "nat OUTPUT output",
      "nat POSTROUTING postrouting",
    ],
  );
  t.match(nf.rules, [
    { verdict: "reject", comments: ['a "q" b'], matches: { sources: ["10.1.0.0/24"], destinations: [] } },
    { table: "nat", packets: 2, jumps: [{ target: "MASQUERADE" }] },
  ]);
  t.match(parseIptables(recorded("netfilter/iptables-1.8.9-legacy.txt")).rules, [
    { chain: "INPUT", packets: 0 },
  ]);
  const six = parseIptables(recorded("netfilter/ip6tables-1.8.9-nf_tables.txt"));
  t.match(six.rules, [{ verdict: "drop", matches: { sources: ["fd01::/64"] } }]);
});

t.test("a policy that drops stands before the rules of its table", async (t) => {
  const { rules } = parseIptables(
    [
      "*raw",
      ":X - [0:0]",
      "[1:1] -A X -j DROP",
      "*filter",
      ":FORWARD DROP [5:6]",
      "[2:2] -A FORWARD -j ACCEPT",
    ].join("\n"),
  );
  t.strictSame(
    rules.map(({ key }) => key),
    ["raw X -j DROP #1", "filter FORWARD policy", "filter FORWARD -j ACCEPT #1"],
  );
});

t.test("the same rule twice has two keys", async (t) => {
  const { rules } = parseIptables("*filter\n-A INPUT -j DROP\n-A INPUT -j DROP\n");
  t.strictSame(
    rules.map(({ key }) => key),
    ["filter INPUT -j DROP #1", "filter INPUT -j DROP #2"],
  );
});
