import { isRecord, numberOf, parseJson, recordsOf, textOf, type JsonRecord } from "../../linux/json.js";
import { spellRule } from "../../linux/nft/nft-words.js";
import { HOOKS } from "../../linux/ruleset.js";
import type { BaseChain, LoadedRule, Step, Table } from "../chain.js";
import { readSets } from "./sets.js";
import { makeSteps } from "./statements.js";

const FAMILIES: Readonly<Record<string, BaseChain["families"]>> = {
  ip: ["ip"],
  ip6: ["ip6"],
  inet: ["ip", "ip6"],
  bridge: ["bridge"],
  netdev: ["netdev"],
};
/** `nft -j list ruleset` as chains that packets come to, but for tables that `skips` names: `ip filter`. */
export function loadNftables(text: string, skips: (table: string) => boolean = () => false): BaseChain[] {
  const root = parseJson(text);
  const items = recordsOf(isRecord(root) ? root["nftables"] : undefined);
  const sets = readSets(items);
  const tables = new Map<string, { readonly table: Table; readonly chains: Map<string, LoadedRule[]> }>();
  for (const { chain } of items) {
    if (!isRecord(chain)) continue;
    const name = tableOf(chain);
    const known = tables.get(name);
    const chains = known?.chains ?? new Map<string, LoadedRule[]>();
    if (known === undefined) tables.set(name, { chains, table: { name, chains } });
    chains.set(textOf(chain["name"]) ?? "", []);
  }
  for (const { rule } of items) {
    if (!isRecord(rule)) continue;
    const table = tableOf(rule);
    const rules = tables.get(table)?.chains.get(textOf(rule["chain"]) ?? "");
    rules?.push(loadRule(rule, { place: rules.length + 1, find: (name) => sets.get(`${table} ${name}`) }));
  }
  return items.flatMap(({ chain }) => {
    if (!isRecord(chain) || skips(tableOf(chain))) return [];
    return toBase(chain, tables.get(tableOf(chain))?.table);
  });
}

function tableOf(item: JsonRecord): string {
  return `${textOf(item["family"]) ?? ""} ${textOf(item["table"]) ?? ""}`;
}

function toBase(chain: JsonRecord, table: Table | undefined): BaseChain[] {
  const hook = HOOKS.find((name) => name === textOf(chain["hook"]));
  const family = textOf(chain["family"]) ?? "";
  const families = Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined;
  if (hook === undefined || families === undefined || table === undefined) return [];
  const device = textOf(chain["dev"]);
  const several: readonly unknown[] = Array.isArray(chain["dev"]) ? chain["dev"] : [];
  const devices = device === null ? several.filter((name) => typeof name === "string") : [device];
  return [
    {
      ...{ hook, table, devices, families: hook === "ingress" || hook === "egress" ? ["netdev"] : families },
      priority: numberOf(chain["prio"]) ?? 0,
      isNat: textOf(chain["type"]) === "nat",
      name: textOf(chain["name"]) ?? "",
      policy: textOf(chain["policy"]) === "drop" ? "drop" : "accept",
      isOfNft: true,
    },
  ];
}

function loadRule(
  rule: JsonRecord,
  { place, find }: { readonly place: number; readonly find: Parameters<typeof makeSteps>[1] },
): LoadedRule {
  const parts = recordsOf(rule["expr"]);
  const [table, chain] = [tableOf(rule), textOf(rule["chain"]) ?? ""];
  const handle = numberOf(rule["handle"]);
  const verdict = ["drop", "reject", "accept"].find((name) => parts.some((part) => name in part)) ?? null;
  let made: readonly Step[] | null = null;
  return {
    ...{ key: `nft ${table} ${chain} ${String(handle)} ${place}`, table, chain, handle, place },
    get text() {
      return `table ${table}, chain ${chain}: ${spellRule(parts, verdict)}`;
    },
    comments: () => (typeof rule["comment"] === "string" ? [rule["comment"]] : []),
    steps: () => (made ??= makeSteps(parts, find)),
  };
}
