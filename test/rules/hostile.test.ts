import t from "tap";
import { loadIptables } from "../../lib/rules/iptables/load.js";
import { Random } from "./grammar.js";
import { walkChains } from "./kit.js";

const WORDS: readonly string[] = [
  ...[
    "-s",
    "-d",
    "-p",
    "-i",
    "-m",
    "-j",
    "-g",
    "!",
    "--dport",
    "--match-set",
    "--to-destination",
    "--set-xmark",
    "--ctstate",
  ],
  ...[
    "tcp",
    "multiport",
    "set",
    "conntrack",
    "addrtype",
    "DNAT",
    "MARK",
    "FORWARD",
    "A",
    "B",
    "__proto__",
    "constructor",
    "NETMAP",
  ],
  ...[
    "10.0.0.1/999",
    "::/129",
    "1/2/3",
    "0x/0x",
    ":",
    "-",
    '"',
    '\\"',
    "\u0000",
    "\ufffd\ufffd",
    "99999999999999999999",
    "[::1]:1-",
  ],
  ...[
    "--comment",
    "x".repeat(5000),
    "--to",
    "::1/-1",
    "--mask",
    "--tcp-flags",
    ",",
    "--icmp-type",
    "//",
    "--src-range",
    "1-2-3",
  ],
];

t.test("two hundred hostile tables neither throw nor hang", async (t) => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = new Random(seed);
    const rule = (chain: string): string =>
      `-A ${chain} ${Array.from({ length: random.below(12) }, () => random.one(WORDS)).join(" ")}`;
    const lines = Array.from({ length: 30 }, () =>
      rule(random.one(["FORWARD", "A", "B", "__proto__", "NONE"])),
    );
    const loops = ["-A FORWARD -j A", "-A A -j B", "-A B -g A", "-A B -j FORWARD"];
    const text = [
      "*filter",
      ":FORWARD ACCEPT [0:0]",
      ":A - [0:0]",
      ":B - [0:0]",
      ":__proto__ - [0:0]",
      ...lines,
      ...loops,
      "",
    ];
    const { ended, passed } = walkChains(loadIptables(text.join("\n"), 4));
    if (ended.length + passed.length === 0) t.fail(`seed ${seed}: the packet is nowhere`);
  }
  t.pass("all of them ended");
});
