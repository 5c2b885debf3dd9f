import type { Chain, Hook, Matches, Rule, Ruleset } from "./ruleset.js";
import { NO_MATCHES } from "./ruleset.js";

const HOOKS: ReadonlyMap<string, Hook> = new Map([
  ["PREROUTING", "prerouting"],
  ["INPUT", "input"],
  ["FORWARD", "forward"],
  ["OUTPUT", "output"],
  ["POSTROUTING", "postrouting"],
]);

/**
 * `iptables-save -c` (iptables-save(8)): `*table`, `:CHAIN POLICY [packets:bytes]`, and
 * `[packets:bytes] -A CHAIN …`. Lines that are neither are passed over.
 */
export function parseIptables(text: string): Ruleset {
  const chains: Chain[] = [];
  const rules: Rule[] = [];
  const occurrences = new Map<string, number>();
  let table = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (chain !== null) {
      const [, name = "", policy = "", packets = ""] = chain;
      chains.push({ table, name, hook: policy === "-" ? null : (HOOKS.get(name) ?? null), device: null });
      if (policy === "DROP") rules.push(policyRule(table, name, Number(packets)));
    }
    const rule = /^\[(\d+):\d+\] -A (\S+)(.*)$/.exec(line);
    if (rule === null) continue;
    const [, packets = "", name = "", rest = ""] = rule;
    const base = `${table} ${name}${rest}`;
    const occurrence = (occurrences.get(base) ?? 0) + 1;
    occurrences.set(base, occurrence);
    rules.push(
      readRule({
        table,
        chain: name,
        rest: rest.trim(),
        key: `${base} #${occurrence}`,
        packets: Number(packets),
      }),
    );
  }
  return { chains, rules };
}

function policyRule(table: string, chain: string, packets: number): Rule {
  return {
    key: `${table} ${chain} policy`,
    table,
    chain,
    text: `policy DROP of chain ${chain}`,
    comment: null,
    verdict: "drop",
    packets,
    jumps: [],
    matches: NO_MATCHES,
    isPolicy: true,
  };
}

function readRule(line: { table: string; chain: string; rest: string; key: string; packets: number }): Rule {
  const words = splitWords(line.rest);
  const after = (option: string): string | null => {
    const at = words.indexOf(option);
    return at === -1 || words[at - 1] === "!" ? null : (words[at + 1] ?? null);
  };
  const target = after("-j") ?? after("-g");
  const verdict = target === "DROP" ? "drop" : target === "REJECT" ? "reject" : null;
  return {
    key: line.key,
    table: line.table,
    chain: line.chain,
    text: `-A ${line.chain} ${line.rest}`,
    comment: readComment(words),
    verdict,
    packets: line.packets,
    jumps: target === null ? [] : [{ target, matches: NO_MATCHES }],
    matches: readMatches(after),
    isPolicy: false,
  };
}

/** What people wrote: a generator's own mark (`cali:` and a hash) only where there is nothing else. */
function readComment(words: readonly string[]): string | null {
  const comments = words.filter((_, at) => words[at - 1] === "--comment");
  return comments.find((comment) => !/^cali:\S+$/.test(comment)) ?? comments[0] ?? null;
}

function readMatches(after: (option: string) => string | null): Matches {
  const list = (value: string | null): string[] => (value === null ? [] : [value.replace(/\+$/, "*")]);
  const port = after("--dport");
  return {
    sources: list(after("-s")),
    destinations: list(after("-d")),
    inDevices: list(after("-i")),
    outDevices: list(after("-o")),
    protocol: after("-p"),
    destinationPort: port !== null && /^\d+$/.test(port) ? Number(port) : null,
  };
}

/** Words as iptables-save quotes them: double quotes, backslash before a quote or a backslash. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map((match) =>
    match[1] === undefined ? match[0] : match[1].replaceAll(/\\(.)/g, "$1"),
  );
}
