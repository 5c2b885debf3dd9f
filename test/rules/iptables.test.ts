import t from "tap";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { CLIENT, fates, FORWARDED, packetOf, SERVER, walkChains, walkFilter } from "./kit.js";
import { beginComputing, mostMs } from "../fixtures/patience.js";

const dropped = (rule: string, packet = {}): boolean | string => {
  const all = fates(walkFilter([`FORWARD ${rule} -j DROP`], { packet }));
  if (all.length > 1) return all.join("; ");
  return all[0] !== "pass";
};

t.test("each match takes what it should, and no more", async (t) => {
  for (const rule of [
    `-s ${CLIENT}/32`,
    "-s 10.0.0.0/255.255.0.255 -d 10.0.0.0/8".replace("0.0/255", "0.1/255"),
    "! -s 10.9.0.0/16",
    "-i eth+ -o veth1",
    "-p tcp -m tcp --dport 80:90",
    "-p tcp -m tcp ! --dport 81 --tcp-flags FIN,SYN,RST,ACK SYN",
    "-p tcp -m multiport --dports 22,80",
    "-p tcp -m multiport ! --ports 22,53",
    "-m conntrack --ctstate RELATED,NEW",
    "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT",
    "-m mark --mark 0x0/0x4000",
    "-m iprange --src-range 10.0.0.0-10.0.0.9",
    "-m length --length 60:",
    "-m ttl --ttl-gt 5",
    '-m comment --comment "-j ACCEPT \\"x\\""',
    "-m statistic --mode random --probability 1.00000000000",
  ])
    t.equal(dropped(rule), true, rule);
  for (const rule of [
    `! -s ${CLIENT}/32`,
    `-d ${CLIENT}/32`,
    "-i veth+",
    "-p udp -m udp --dport 80",
    "-p tcp -m multiport --dports 22,81:90",
    "-m conntrack --ctstate INVALID",
    "-m mark ! --mark 0x0/0x4000",
    "-m physdev --physdev-in eth0",
    "-p icmp -m icmp --icmp-type 8",
  ])
    t.equal(dropped(rule), false, rule);
  const ping = {
    protocol: "icmp",
    sourcePort: null,
    destinationPort: null,
    icmpType: 8,
    icmpCode: 0,
    tcpFlags: null,
  };
  t.equal(dropped("-p icmp -m icmp --icmp-type 8", ping), true);
  t.equal(dropped("-p icmp -m icmp --icmp-type 3/4", ping), false);
});

t.test("what cannot be evaluated gives both outcomes, with its condition", async (t) => {
  t.strictSame(fates(walkFilter(["FORWARD -m set --match-set web src -j DROP"])), [
    "drop by -A FORWARD -m set --match-set web src -j DROP if the set web holds 10.0.0.1:40000",
    "pass if the set web does not hold 10.0.0.1:40000",
  ]);
  t.match(
    dropped("-m geoip --source-country DE"),
    /if "match geoip" takes it; pass if "match geoip" does not take it/,
  );
  t.match(dropped("-p tcp -m tcp --tcp-option 5"), /if "match tcp --tcp-option 5" takes it/);
  t.match(dropped("-m mark --mark 1", { mark: null }), /its mark is as the rule asks; pass/);
  t.match(fates(walkFilter(["FORWARD -j NFQUEUE --queue-num 1", "FORWARD -j DROP"])), [
    "lost-sight by -A FORWARD -j NFQUEUE --queue-num 1",
  ]);
  t.match(
    fates(walkFilter(["FORWARD -j ODD"])),
    ["lost-sight by -A FORWARD -j ODD"],
    "no such chain, no such target",
  );
  const both = walkFilter(["FORWARD -m recent --rcheck --name X -j A", "FORWARD -j DROP"], { chains: ["A"] });
  t.strictSame(fates(both), ["drop by -A FORWARD -j DROP"], "either way it comes to the same");
});

t.test("chains: jumps, gotos, returns, policies", async (t) => {
  const chains = ["A", "B"];
  const by = (rules: string[]): string[] => fates(walkFilter(rules, { chains }));
  t.strictSame(by(["FORWARD -j A", "FORWARD -j DROP", "A -j RETURN", "A -j ACCEPT"]), [
    "drop by -A FORWARD -j DROP",
  ]);
  t.strictSame(
    by(["FORWARD -g A", "FORWARD -j DROP", "A -p udp -j ACCEPT"]),
    ["pass"],
    "back from a goto: the policy",
  );
  t.strictSame(
    by(["FORWARD -j A", "FORWARD -j REJECT --reject-with tcp-reset", "A -g B", "A -j ACCEPT"]),
    ["reject by -A FORWARD -j REJECT --reject-with tcp-reset"],
    "back from a goto: behind the jump",
  );
  const text = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p udp -j ACCEPT\nCOMMIT\n";
  t.strictSame(fates(walkChains(loadIptables(text, 4))), ["drop by policy"]);
  t.strictSame(fates(walkChains(loadIptables(text, 6))), ["pass"], "another family's");
});

t.test("marks and translations go on to what comes behind them", async (t) => {
  const text = [
    "*nat",
    ":PREROUTING ACCEPT [0:0]",
    ":POSTROUTING ACCEPT [0:0]",
    ":SVC - [0:0]",
    "-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j SVC",
    "-A SVC -j MARK --set-xmark 0x4000/0x4000",
    "-A SVC -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.0.1.2:6443",
    "-A SVC -p tcp -j DNAT --to-destination 10.0.1.3:6443",
    "-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A POSTROUTING -j MASQUERADE --random-fully",
    "COMMIT",
    "*filter",
    ":FORWARD ACCEPT [0:0]",
    "-A FORWARD -d 10.0.1.3/32 -p tcp -m tcp --dport 6443 -m conntrack --ctstate DNAT -j DROP",
    "COMMIT",
  ].join("\n");
  const chains = loadIptables(text, 4);
  const packet = { destination: "10.96.0.1", destinationPort: 443 };
  const walk = walkChains(chains, { packet });
  t.match(fates(walk), [/^drop by .* if the statistic passes it over/, /^pass if the statistic takes it/]);
  const [passed] = walk.passed;
  t.equal(passed?.packet.destination.text, "10.0.1.2");
  t.equal(passed?.packet.destinationPort, 6443);
  t.equal(passed?.packet.mark, 0x4000);
  t.strictSame(
    passed?.translations.map(({ of, ip }) => [of, ip]),
    [
      ["destination", "10.0.1.2"],
      ["source", null],
    ],
  );
  const known = walkChains(chains, { packet: { ...packet, connection: { state: "established" } } });
  t.strictSame(fates(known), ["pass"], "connections that are known are not translated anew");
  t.equal(known.passed[0]?.packet.destination.text, "10.96.0.1");
});

t.test("before connection tracking there is no state", async (t) => {
  const text =
    "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m conntrack --ctstate NEW -j DROP\n-A PREROUTING -j CT --notrack\nCOMMIT\n*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP\nCOMMIT\n";
  t.strictSame(fates(walkChains(loadIptables(text, 4))), [
    "drop by -A FORWARD -m conntrack --ctstate UNTRACKED -j DROP",
  ]);
});

t.test("circles, depth and many fates end, and nothing is said of what was not followed", async (t) => {
  const circle = walkFilter(["FORWARD -j A", "A -j B", "A -j B", "B -j A", "B -j A"], { chains: ["A", "B"] });
  t.ok(fates(circle).every((fate) => fate.startsWith("lost-sight")));
  t.ok(circle.givenUp.length > 0);
  const many = Array.from(
    { length: 2_000 },
    (_, n) => `FORWARD -m set --match-set s${n} src -j MARK --set-xmark 0x${n.toString(16)}/0xffffffff`,
  );
  const walk = walkFilter([...many, "FORWARD -j DROP"]);
  t.ok(walk.givenUp.length > 0);
});

t.test("fifty thousand rules in less than a second", async (t) => {
  const services = Array.from({ length: 12_500 }, (_, n) => {
    const ip = `10.96.${n >> 8}.${n & 255}`;
    return [
      `FORWARD -d ${ip}/32 -p tcp -m comment --comment "shop/web-${n}:http cluster IP" -m tcp --dport 80 -j SVC-${n}`,
      `SVC-${n} ! -s 10.244.0.0/16 -d ${ip}/32 -p tcp -m tcp --dport 80 -j MARK --set-xmark 0x4000/0x4000`,
      `SVC-${n} -m statistic --mode random --probability 0.50000000000 -j RETURN`,
      `SVC-${n} -j DROP`,
    ];
  });
  const rules = services.flat();
  t.equal(rules.length, 50_000);
  const chains = services.map((_, n) => `SVC-${n}`);
  const computedMs = beginComputing();
  const walk = walkFilter(rules, { chains, packet: { destination: "10.96.48.211" } });
  const tookMs = computedMs();
  t.match(fates(walk)[0], /^drop by -A SVC-12499 -j DROP if the statistic passes it over/);
  t.comment(`${Math.round(tookMs)} ms`);
  t.ok(tookMs < mostMs(1000), `${Math.round(tookMs)} ms`);
});

t.test("a packet of two families is none", async (t) => {
  t.equal(packetOf().protocol, 6);
  t.throws(() => packetOf({ source: "fd00::1" }));
  t.equal(FORWARDED.length, 3);
  t.equal(SERVER, packetOf().destination.text);
});
