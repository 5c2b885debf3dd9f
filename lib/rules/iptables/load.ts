import { parseIptablesSave, type SavedChain, type SavedRule } from "../../linux/iptables-save.js";
import type { Hook } from "../../linux/ruleset.js";
import type { Action, BaseChain, LoadedRule, Step, Table } from "../chain.js";
import { readArguments, type RuleArguments } from "./arguments.js";
import { makeTests } from "./tests.js";
import { TARGETS } from "./targets/registry.js";

const HOOKS: ReadonlyMap<string, Hook> = new Map([
  ["PREROUTING", "prerouting"],
  ["INPUT", "input"],
  ["FORWARD", "forward"],
  ["OUTPUT", "output"],
  ["POSTROUTING", "postrouting"],
]);

/** The kernel's order of the tables: include/uapi/linux/netfilter_ipv4.h. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["raw", -300],
  ["mangle", -150],
  ["filter", 0],
  ["security", 50],
]);

/** What iptables-save printed, as chains that packets come to. Its tables are apart from those of another backend. */
export function loadIptables(text: string, family: 4 | 6): BaseChain[] {
  const saved = parseIptablesSave(text);
  const tables = new Map<string, { chains: Map<string, LoadedRule[]>; table: Table }>();
  const open = (name: string): Map<string, LoadedRule[]> => {
    const known = tables.get(name);
    if (known !== undefined) return known.chains;
    const chains = new Map<string, LoadedRule[]>();
    tables.set(name, { chains, table: { name, chains } });
    return chains;
  };
  for (const { table, name } of saved.chains) open(table).set(name, []);
  const seen = new Map<string, number>();
  for (const rule of saved.rules) {
    const rules = open(rule.table).get(rule.chain);
    const base = `${rule.table} ${rule.chain} ${rule.text}`;
    const occurrence = (seen.get(base) ?? 0) + 1;
    seen.set(base, occurrence);
    rules?.push(loadRule(rule, { key: `${base} #${occurrence}`, place: rules.length + 1 }));
  }
  return saved.chains.flatMap((chain) => toBase(chain, tables.get(chain.table)?.table, family));
}

function toBase(
  { table: tableName, name, policy }: SavedChain,
  table: Table | undefined,
  family: 4 | 6,
): BaseChain[] {
  const hook = HOOKS.get(name);
  if (policy === null || hook === undefined || table === undefined) return [];
  const isNat = tableName === "nat";
  const early = hook === "prerouting" || hook === "output";
  const priority = isNat ? (early ? -100 : 100) : (PRIORITIES.get(tableName) ?? 0);
  return [
    {
      ...{ hook, priority, families: [family === 4 ? "ip" : "ip6"], isNat, devices: [], table, name },
      policy: policy === "DROP" ? "drop" : "accept",
      isOfNft: false,
    },
  ];
}

function loadRule(
  saved: SavedRule,
  { key, place }: { readonly key: string; readonly place: number },
): LoadedRule {
  const { table, chain, text } = saved;
  let made: readonly Step[] | null = null;
  return {
    ...{ key, table, chain, place, handle: null, text: `-A ${chain} ${text}` },
    comments: () => saved.words.filter((_, at) => saved.words[at - 1] === "--comment"),
    steps: () => (made ??= makeSteps(readArguments(saved.words))),
  };
}

function makeSteps({ matches, target }: RuleArguments): Step[] {
  const tests = matches.flatMap(makeTests).map((test): Step => ({ kind: "test", test }));
  const steps: Step[] = [...tests, { kind: "count" }];
  if (target === null) return steps;
  const make = TARGETS.get(target.name);
  if (make === undefined) {
    const action: Action = { kind: target.isGoto ? "goto" : "jump", chain: target.name };
    return [...steps, { kind: "act", act: () => action }];
  }
  const act = make(target.options);
  const lost: Action = { kind: "lost-sight", how: `what ${target.name} does is not known` };
  return [...steps, { kind: "act", act: act ?? (() => lost) }];
}
