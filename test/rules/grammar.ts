/** Numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

export const IPTABLES_GRAMMAR: readonly string[] = [
  ...["-s 10.0.0.1", "! -s 10.0.0.0/30", "-s 10.0.0.0/29", "-d 10.0.0.2", "-s 10.0.0.1/255.0.0.255"],
  ...["-i eth0", "-i eth+", "! -i veth+", "-i lo"],
  ...["-p tcp", "-p udp", "-p icmp", "! -p tcp"],
  ...["-p tcp -m tcp --dport 80", "-p tcp -m tcp ! --dport 1:100", "-p udp -m udp --dport 53:443"],
  ...["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "-p tcp -m tcp --tcp-flags ALL FIN,PSH,URG"],
  ...["-p tcp -m multiport --dports 22,80:443", "-p udp -m multiport ! --ports 53,80"],
  ...["-p icmp -m icmp --icmp-type 8", "-p icmp -m icmp ! --icmp-type echo-request"],
  ...["-m length --length 60:200", "-m length ! --length 48", "-m ttl --ttl-gt 63", "-m ttl --ttl-eq 1"],
  ...["-m mark --mark 0x1/0x1", "-m mark ! --mark 0x2/0x3", "-m mark --mark 4"],
  ...["-m addrtype --dst-type LOCAL", "-m addrtype ! --src-type LOCAL", "-m addrtype --src-type UNICAST"],
  ...["-m iprange --src-range 10.0.0.3-10.0.0.4", '-m comment --comment "-j DROP \\"all\\""', ""],
  ...[
    "-m statistic --mode nth --every 3 --packet 0",
    "-m conntrack --ctstate NEW",
    "-m conntrack ! --ctstate INVALID",
  ],
];

const CHAINS = ["A", "B", "C"];
const MARKS = [
  "MARK --set-xmark 0x1/0x1",
  "MARK --set-xmark 0x4/0xffffffff",
  "MARK --or-mark 0x2",
  "MARK --xor-mark 0x3",
  "MARK --and-mark 0x1",
];

/** Tables mangle and filter of an iptables-restore; chains go on to later ones alone. */
export function makeIptables(random: Random): string {
  const rule = (chain: string, table: "mangle" | "filter"): string => {
    const later = CHAINS.filter((name) => chain.length > 1 || name > chain);
    const ways = [
      "-j ACCEPT",
      "-j DROP",
      "-j RETURN",
      "",
      ...later.flatMap((name) => [`-j ${name}`, `-j ${name}`, `-g ${name}`]),
    ];
    const marks = table === "mangle" ? MARKS.map((mark) => `-j ${mark}`) : [];
    const matches = [random.one(IPTABLES_GRAMMAR), random.below(3) === 0 ? random.one(IPTABLES_GRAMMAR) : ""];
    const fits = matches.join(" ").match(/-p /g)?.length === 2 ? matches.slice(0, 1) : matches;
    const once = new Set(
      ["-s", "-d", "-i"].filter((flag) => fits.every((match) => match.includes(`${flag} `))),
    );
    return `-A ${chain} ${(once.size > 0 ? fits.slice(0, 1) : fits).join(" ")} ${random.one([...ways, ...marks])}`;
  };
  return (["mangle", "filter"] as const)
    .flatMap((table) => {
      const bases = table === "mangle" ? ["PREROUTING", "INPUT"] : ["INPUT"];
      const all = [...bases, ...CHAINS];
      return [
        `*${table}`,
        ...bases.map((chain) => `:${chain} ${random.one(["ACCEPT", "ACCEPT", "DROP"])} [0:0]`),
        ...CHAINS.map((chain) => `:${chain} - [0:0]`),
        ...all.flatMap((chain) => Array.from({ length: 1 + random.below(5) }, () => rule(chain, table))),
        "COMMIT",
      ];
    })
    .join("\n")
    .concat("\n");
}

export const NFT_GRAMMAR: readonly string[] = [
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
  ...["numgen inc mod 3 0", "ct state new", "ct state { established, related }", "ct state invalid", ""],
];

/** A table of family inet and one of ip, with sets, maps and verdict maps. */
export function makeNftables(random: Random): string {
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
      ...(later.includes("C") ? ["meta l4proto . th dport vmap @ways"] : []),
    ];
  };
  // nft refuses a rule that asks for two protocols.
  const rule = (chain: string): string => {
    for (;;) {
      const made = anyRule(chain);
      const protocols = made.match(
        /\b(tcp|udp|icmp|th|l4proto|protocol)\b(?= (type|code|dport|flags|vmap|tcp|\{|!=|\.))/g,
      );
      if (new Set(protocols).size <= 1) return made;
    }
  };
  const anyRule = (chain: string): string => {
    const matches = [random.one(NFT_GRAMMAR), random.below(3) === 0 ? random.one(NFT_GRAMMAR) : ""];
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
    "map ways { type inet_proto . inet_service : verdict; elements = { tcp . 80 : jump C, udp . 53 : drop }",
    "}",
    ...["C", "B", "A"].flatMap((chain) => [`chain ${chain} {`, ...many(random, () => rule(chain)), "}"]),
    ...["prerouting", "input"].flatMap((hook) => [
      `chain ${hook} {`,
      `type filter hook ${hook} priority ${priority}; policy ${random.one(["accept", "accept", "drop"])};`,
      ...many(random, () => rule(hook)),
      "}",
    ]),
    "}",
  ];
  return ["flush ruleset", ...table("inet", -10), ...table("ip", 5), ""].join("\n");
}

function many(random: Random, make: () => string): string[] {
  return Array.from({ length: 1 + random.below(5) }, make);
}
