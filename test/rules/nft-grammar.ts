import { CHAINS, type Random } from "./grammar.js";

const NFT_GRAMMAR: readonly string[] = [
  ...[
    "ip saddr 10.0.0.1",
    "ip saddr != 10.0.0.0/30",
    "ip saddr { 10.0.0.1, 10.0.0.4-10.0.0.200 }",
    "ip saddr @hosts",
  ],
  ...[
    "ip saddr != @nets",
    "ip saddr . tcp dport @pairs",
    "ip saddr . udp dport { 10.0.0.1 . 53, 10.0.0.3 . 80 }",
  ],
  ...['iifname "eth0"', 'iifname "eth*"', 'iifname != "lo"', 'iif "lo"', 'oifname != "eth0"'],
  ...["meta l4proto tcp", "meta l4proto { tcp, udp }", "ip protocol != icmp", "ip ttl > 1"],
  ...[
    "tcp dport 80",
    "tcp dport != 1-100",
    "udp dport { 53, 80-443 }",
    "th dport 443",
    "udp dport > 53",
    "tcp dport <= 80",
  ],
  ...["tcp flags syn", "tcp flags & (fin | syn | rst | ack) == syn", "tcp flags != syn"],
  ...["icmp type echo-request", "icmp type { timestamp-request, echo-reply }", "icmp code 0"],
  ...["meta length 48-100", "meta length > 200", "ip ttl 64", "ip ttl < 64"],
  ...[
    "meta mark 1",
    "meta mark & 0x3 == 0x2",
    "meta mark != 0",
    "fib daddr type local",
    "fib saddr type { local, unicast }",
  ],
  ...["ct state new", "ct state { established, related }", "ct state invalid", ""],
  // kube-proxy's, firewalld's and Calico's words.
  ...['iifname . ip saddr { "eth0" . 10.0.0.1, "lo" . 10.0.0.2 }', "iifname @nics", "ip dscp cs0"],
  ...["ct mark 0x8", "ct mark & 0x8 == 0x8", "ct direction original", "ct status dnat", "ct state untracked"],
  ...["ct state established,related", "ct state != invalid", "meta nfproto ipv4", "meta protocol ip"],
  ...["meta mark & 0x30000 == 0x10000", "ip saddr & 255.255.255.248 == 10.0.0.0"],
  ...["tcp flags syn / fin,syn,rst,ack", "ip saddr . tcp dport @ranges", "ip daddr . meta l4proto @nodes"],
];

const NFT_DOUBTS: readonly string[] = [
  ...["numgen random mod 2 0", "jhash ip saddr mod 2 0", "numgen inc mod 3 < 2", "symhash mod 2 1"],
  ...["limit rate 10/second", "limit rate over 10/second", "ct count over 100", "quota over 10 mbytes"],
  ...["add @dyn { ip saddr }", "update @dyn { ip saddr limit rate 10/second }"],
  ...["@th,16,16 80", "ct original ip daddr 10.0.0.2", "ether saddr 02:00:00:00:00:01", "meta pkttype host"],
  ...["fib saddr . iif oif missing", "fib saddr . iif oif != 0", "fib daddr . iif type local"],
];

/** Of a chain of type nat. */
const NFT_TRANSLATIONS: readonly string[] = [
  ...[
    "meta l4proto tcp counter dnat to 10.0.0.2:80",
    "udp dport 53 counter redirect to :80",
    "counter dnat to 10.0.0.2",
  ],
  "meta l4proto tcp counter dnat to numgen random mod 2 map { 0 : 10.0.0.2 . 80, 1 : 10.0.0.2 . 443 }",
  "meta l4proto tcp counter dnat to jhash ip saddr mod 2 map { 0 : 10.0.0.2 . 22, 1 : 10.0.0.2 . 8080 }",
  "meta l4proto udp counter dnat to ip saddr map { 10.0.0.1 : 10.0.0.2 }",
  "tcp dport 443 counter redirect",
  "ip daddr . meta l4proto . th dport vmap @services",
  "tcp dport 80 counter meta mark set mark or 0x4000",
];

/** A table of family inet and one of ip, with sets, maps and verdict maps. */
export function makeNftables(random: Random): string {
  const mayDoubt = random.below(8) === 0;
  const verdicts = (chain: string): string[] => {
    const later = CHAINS.filter((name) => chain.length > 1 || name > chain);
    return [
      ...[
        "accept",
        "drop",
        "return",
        "",
        "meta mark set 0x1",
        "meta mark set 0x2",
        "meta mark set meta mark | 0x4",
      ],
      ...later.flatMap((name) => [`jump ${name}`, `goto ${name}`]),
      ...later.map((name) => `tcp dport vmap { 80 : jump ${name}, 22 : drop, 443-8080 : accept }`),
      ...later.map((name) => `ip saddr vmap { 10.0.0.1 : goto ${name}, 10.0.0.4 : return }`),
      ...(later.includes("C")
        ? ["meta l4proto . th dport vmap @ways", "ip daddr . meta l4proto . th dport vmap @services"]
        : []),
      ...[
        "ct state vmap { established : accept, related : accept, invalid : drop }",
        "meta mark set ct mark",
      ],
      ...["ct mark set meta mark", "ct mark set ct mark | 0x8", "meta mark set mark & 0xffff0000 | 0x10000"],
      ...["reject", 'log prefix "x"'],
      ...(mayDoubt ? ["meta mark set ip saddr map @marks"] : []),
      ...(mayDoubt ? later.map((name) => `numgen random mod 2 vmap { 0 : goto ${name}, 1 : return }`) : []),
      ...later.map((name) => `iifname vmap { "eth0" : jump ${name}, "lo" : accept }`),
    ];
  };
  // nft refuses a rule that asks for two protocols.
  const rule = (chain: string, family: string): string => {
    for (;;) {
      const made = anyRule(chain);
      const protocols = made.match(
        /\b(tcp|udp|icmp|th|l4proto|protocol)\b(?= (type|code|dport|flags|vmap|tcp|\{|!=|\.))/g,
      );
      const isOfFamily = family === "inet" || !made.includes("nfproto");
      if (new Set(protocols).size <= 1 && isOfFamily) return made;
    }
  };
  const anyRule = (chain: string): string => {
    const one = (): string => random.one(mayDoubt && random.below(8) === 0 ? NFT_DOUBTS : NFT_GRAMMAR);
    const matches = [one(), random.below(3) === 0 ? one() : ""];
    const split = random.below(4) === 0;
    return (split ? [matches[0], "counter", matches[1]] : [...matches, "counter"])
      .concat(random.one(verdicts(chain)))
      .filter((part) => part !== "")
      .join(" ");
  };
  const table = (family: string, priority: number): string[] => [
    `table ${family} t${priority} {`,
    "set hosts { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.5 }",
    "}",
    "set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/30, 10.0.0.128-10.0.0.255 }",
    "}",
    "set pairs { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80, 10.0.0.3 . 22 }",
    "}",
    "set ranges { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/30 . 1-100, 10.0.0.5 . 443 }",
    "}",
    'set nics { type ifname; elements = { "eth0", "veth1" }',
    "}",
    "set dyn { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 1m;",
    "}",
    "set nodes { type ipv4_addr . inet_proto; elements = { 10.0.0.2 . tcp, 10.0.0.3 . udp }",
    "}",
    "map marks { type ipv4_addr : mark; elements = { 10.0.0.1 : 0x1, 10.0.0.3 : 0x10000 }",
    "}",
    "map services { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.0.0.2 . tcp . 80 : goto C, 10.0.0.2 . udp . 53 : accept }",
    "}",
    "map ways { type inet_proto . inet_service : verdict; elements = { tcp . 80 : jump C, udp . 53 : drop }",
    "}",
    ...["C", "B", "A"].flatMap((chain) => [
      `chain ${chain} {`,
      ...many(random, () => rule(chain, family)),
      "}",
    ]),
    ...["prerouting", "input"].flatMap((hook) => [
      `chain ${hook} {`,
      `type filter hook ${hook} priority ${priority}; policy ${random.one(["accept", "accept", "drop"])};`,
      ...many(random, () => rule(hook, family)),
      "}",
    ]),
    "}",
  ];
  const nat = [
    "table ip nat {",
    "map services { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.0.0.2 . tcp . 80 : goto C, 10.0.0.2 . udp . 53 : accept }",
    "}",
    ...[
      "chain C {",
      ...many(random, () => random.one(NFT_TRANSLATIONS.filter((one) => !one.includes("vmap")))),
      "}",
    ],
    "chain prerouting { type nat hook prerouting priority -100;",
    ...many(random, () => random.one(NFT_TRANSLATIONS)),
    "}",
    "}",
  ];
  const raw = [
    "table ip raw {",
    "chain prerouting { type filter hook prerouting priority -300;",
    `${random.one(["ip saddr 10.0.0.3", "udp dport 53", "meta l4proto icmp"])} counter notrack`,
    "}",
    "}",
  ];
  return [
    ...["flush ruleset", ...table("inet", -10), ...table("ip", 5)],
    ...(random.below(3) === 0 ? nat : []),
    ...(random.below(4) === 0 ? raw : []),
    "",
  ].join("\n");
}

function many(random: Random, make: () => string): string[] {
  return Array.from({ length: 1 + random.below(5) }, make);
}
