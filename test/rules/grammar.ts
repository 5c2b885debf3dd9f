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

const IPTABLES_GRAMMAR: readonly string[] = [
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
  // Calico's, Docker's, ufw's, firewalld's and kube-proxy's words.
  ...["-m conntrack --ctstate RELATED,ESTABLISHED", "-m conntrack --ctstate INVALID", "-m dscp --dscp 0x00"],
  ...["-m conntrack --ctstate DNAT", "-m conntrack --ctdir ORIGINAL", "-m conntrack --ctstate UNTRACKED"],
  ...["-m connmark --mark 0x8/0x8", "-m connmark ! --mark 0x1/0x1"],
  ...[
    "-m mark --mark 0x10000/0x30000",
    "-m mark ! --mark 0x4000/0x4000",
    "-m physdev ! --physdev-is-bridged",
  ],
  ...["-m addrtype --dst-type BROADCAST", "-p tcp -m tcp ! --tcp-flags SYN,RST SYN"],
];

/** Words of real nodes whose answer is not in the packet, or that are not evaluated: both outcomes have to be open. */
const IPTABLES_DOUBTS: readonly string[] = [
  ...["-m limit --limit 3/min --limit-burst 10", "-m connlimit --connlimit-above 100 --connlimit-mask 32"],
  "-m hashlimit --hashlimit-upto 5/sec --hashlimit-mode srcip --hashlimit-name H",
  ...["-m recent --name AFFINITY --rcheck --seconds 10800", "-m recent --name AFFINITY --set"],
  ...["-m statistic --mode random --probability 0.50000000000", "-m mac --mac-source 02:00:00:00:00:01"],
  ...["-m policy --dir in --pol none", "-p tcp -m tcpmss --mss 1361:65535", "-m pkttype --pkt-type unicast"],
];

/** Where ipset(8) is there: hash:ip, hash:net with an exception, hash:ip,port, and a list of two. */
export const SETS = [
  ...["create hosts hash:ip", "add hosts 10.0.0.1", "add hosts 10.0.0.5"],
  ...[
    "create nets hash:net",
    "add nets 10.0.0.0/29",
    "add nets 10.0.0.4/32 nomatch",
    "add nets 10.0.0.192/26",
  ],
  ...["create pairs hash:ip,port", "add pairs 10.0.0.2,tcp:80", "add pairs 10.0.0.2,udp:53"],
  ...["create either list:set", "add either hosts", "add either pairs"],
].join("\n");

const SET_GRAMMAR: readonly string[] = [
  ...["-m set --match-set hosts src", "-m set ! --match-set hosts src", "-m set --match-set nets src"],
  ...["-m set ! --match-set nets src", "-m set --match-set pairs dst,dst", "-m set --match-set nets dst"],
  "-m set --match-set either src,dst",
];

/** Of the table nat, which the first packet of a connection asks. */
const TRANSLATIONS: readonly string[] = [
  ...["-p tcp -j DNAT --to-destination 10.0.0.2:80", "-p udp -j DNAT --to-destination 10.0.0.2:53"],
  ...["-p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:22", "-j DNAT --to-destination 10.0.0.2"],
  ...["-p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8080", "-p udp -j REDIRECT --to-ports 80"],
];

export const CHAINS = ["A", "B", "C"];
const MARKS = [
  "MARK --set-xmark 0x1/0x1",
  "MARK --set-xmark 0x4/0xffffffff",
  "MARK --or-mark 0x2",
  "MARK --xor-mark 0x3",
  "MARK --and-mark 0x1",
  "MARK --set-xmark 0x10000/0x30000",
  "CONNMARK --set-xmark 0x8/0x8",
  "CONNMARK --save-mark --nfmask 0xf --ctmask 0xf",
  "CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
  "TTL --ttl-set 9",
];
const TABLES = ["raw", "mangle", "nat", "filter"] as const;
type Table = (typeof TABLES)[number];
const BASES: Readonly<Record<Table, readonly string[]>> = {
  ...{ raw: ["PREROUTING"], mangle: ["PREROUTING", "INPUT"], nat: ["PREROUTING"], filter: ["INPUT"] },
};
const ACTIONS: Readonly<Record<Table, readonly string[]>> = {
  raw: ["-j ACCEPT", "-j DROP", "-j CT --notrack", "-j NOTRACK"],
  mangle: ["-j ACCEPT", "-j DROP"],
  nat: ["-j ACCEPT", "-j MARK --or-mark 0x4000"],
  filter: ["-j ACCEPT", "-j DROP", "-j REJECT", "-j LOG", "-j NFLOG --nflog-group 5"],
};

/** Tables of an iptables-restore, raw and nat at times; chains go on to later ones alone. */
export function makeIptables(random: Random, { hasSets }: { readonly hasSets: boolean }): string {
  const grammar = hasSets ? [...IPTABLES_GRAMMAR, ...SET_GRAMMAR] : IPTABLES_GRAMMAR;
  // One doubt is in all that comes behind it.
  const mayDoubt = random.below(8) === 0;
  const rule = (chain: string, table: Table): string => {
    if (table === "nat" && random.below(3) === 0) return `-A ${chain} ${random.one(TRANSLATIONS)}`;
    const later = CHAINS.filter((name) => chain.length > 1 || name > chain);
    const ways = [
      ...ACTIONS[table],
      "-j RETURN",
      "",
      ...later.flatMap((name) => [`-j ${name}`, `-j ${name}`, `-g ${name}`]),
    ];
    const marks = table === "mangle" ? MARKS.map((mark) => `-j ${mark}`) : [];
    const one = (): string => random.one(mayDoubt && random.below(8) === 0 ? IPTABLES_DOUBTS : grammar);
    const matches = [one(), random.below(3) === 0 ? one() : ""];
    const twice = ["-p", "-s", "-d", "-i", "-m recent", "-m connlimit", "-m hashlimit"].filter((flag) =>
      matches.every((match) => match.includes(`${flag} `)),
    );
    return `-A ${chain} ${(twice.length > 0 ? matches.slice(0, 1) : matches).join(" ")} ${random.one([...ways, ...marks])}`;
  };
  return TABLES.filter((table) => (table !== "raw" && table !== "nat") || random.below(3) === 0)
    .flatMap((table) => {
      const bases = BASES[table];
      const policies = table === "nat" ? ["ACCEPT"] : ["ACCEPT", "ACCEPT", "DROP"];
      return [
        `*${table}`,
        ...bases.map((chain) => `:${chain} ${random.one(policies)} [0:0]`),
        ...CHAINS.map((chain) => `:${chain} - [0:0]`),
        ...[...bases, ...CHAINS].flatMap((chain) =>
          Array.from({ length: 1 + random.below(5) }, () => rule(chain, table)),
        ),
        "COMMIT",
      ];
    })
    .join("\n")
    .concat("\n");
}
