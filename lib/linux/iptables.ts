import { optionOf, parseIptablesSave, type SavedChain, type SavedRule } from "./iptables-save.js";
import type { Chain, Hook, Matches, Rule, Ruleset } from "./ruleset.js";
import { NO_MATCHES } from "./ruleset.js";

const HOOKS: ReadonlyMap<string, Hook> = new Map([
  ["PREROUTING", "prerouting"],
  ["INPUT", "input"],
  ["FORWARD", "forward"],
  ["OUTPUT", "output"],
  ["POSTROUTING", "postrouting"],
]);

/** `iptables-save -c` as a ruleset; a policy that drops is a rule of its own, before those of its table. */
export function parseIptables(text: string): Ruleset {
  const saved = parseIptablesSave(text);
  const occurrences = new Map<string, number>();
  const rules = saved.rules.map((rule): Rule => {
    const base = `${rule.table} ${rule.chain} ${rule.text}`;
    const occurrence = (occurrences.get(base) ?? 0) + 1;
    occurrences.set(base, occurrence);
    return readRule(rule, `${base} #${occurrence}`);
  });
  const policies = saved.chains.flatMap(({ table, name, policy, packets }) =>
    policy === "DROP" ? [policyRule({ table, chain: name, packets })] : [],
  );
  const tables = [...new Set([...saved.chains, ...saved.rules].map(({ table }) => table))];
  const rank = new Map(tables.map((table, index) => [table, index]));
  const rankOf = (rule: Rule): number => rank.get(rule.table)!;
  return {
    chains: saved.chains.map(readChain),
    rules: [...policies, ...rules].sort((a, b) => rankOf(a) - rankOf(b)),
  };
}

function readChain({ table, name, policy }: SavedChain): Chain {
  return { table, name, hook: policy === null ? null : (HOOKS.get(name) ?? null), device: null };
}

function policyRule({ table, chain, packets }: Pick<Rule, "table" | "chain" | "packets">): Rule {
  return {
    key: `${table} ${chain} policy`,
    table,
    chain,
    text: `policy DROP of chain ${chain}`,
    comments: [],
    verdict: "drop",
    packets,
    jumps: [],
    matches: NO_MATCHES,
    isPolicy: true,
  };
}

function readRule(saved: SavedRule, key: string): Rule {
  const { table, chain, text, words, packets } = saved;
  const target = optionOf(saved, "-j") ?? optionOf(saved, "-g");
  const verdict = target === "DROP" ? "drop" : target === "REJECT" ? "reject" : null;
  return {
    key,
    table,
    chain,
    text: `-A ${chain} ${text}`,
    comments: words.filter((_, at) => words[at - 1] === "--comment"),
    verdict,
    packets,
    jumps: target === null ? [] : [{ target, matches: NO_MATCHES }],
    matches: readMatches(saved),
    isPolicy: false,
  };
}

function readMatches(saved: SavedRule): Matches {
  const list = (option: string): string[] => {
    const value = optionOf(saved, option);
    return value === null ? [] : [value.replace(/\+$/, "*")];
  };
  const port = optionOf(saved, "--dport");
  return {
    sources: list("-s"),
    destinations: list("-d"),
    inDevices: list("-i"),
    outDevices: list("-o"),
    protocol: optionOf(saved, "-p"),
    destinationPort: port !== null && /^\d+$/.test(port) ? Number(port) : null,
  };
}
