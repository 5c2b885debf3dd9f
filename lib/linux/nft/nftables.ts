import { HOOKS, type Chain, type Matches, type Rule, type Ruleset } from "../ruleset.js";
import type { JsonRecord } from "../json.js";
import { isRecord, recordsOf, numberOf, parseJson, textOf } from "../json.js";
import { collectJumps } from "./nft-jumps.js";
import { spellRule } from "./nft-words.js";

/** `nft -j list ruleset` (libnftables-json(5)): chains with hooks, rules with counters, jumps and verdict maps. */
export function parseNftables(text: string): Ruleset {
  const root = parseJson(text);
  const items = recordsOf(isRecord(root) ? root["nftables"] : undefined);
  const chains = items.flatMap((item) => (isRecord(item["chain"]) ? [readChain(item["chain"])] : []));
  const maps = new Map<string, unknown>();
  for (const { map } of items) {
    if (isRecord(map)) maps.set(`${tableOf(map)} @${textOf(map["name"]) ?? ""}`, map["elem"]);
  }
  const rules = items.flatMap((item) => (isRecord(item["rule"]) ? [readRule(item["rule"], maps)] : []));
  return { chains, rules };
}

function tableOf(item: JsonRecord): string {
  return `${textOf(item["family"]) ?? ""} ${textOf(item["table"]) ?? ""}`;
}

function readChain(chain: JsonRecord): Chain {
  const hook = textOf(chain["hook"]);
  return {
    table: tableOf(chain),
    name: textOf(chain["name"]) ?? "",
    hook: HOOKS.find((known) => known === hook) ?? null,
    device: textOf(chain["dev"]),
  };
}

function readRule(rule: JsonRecord, maps: ReadonlyMap<string, unknown>): Rule {
  const parts = recordsOf(rule["expr"]);
  const counter = parts.map((part) => part["counter"]).find(isRecord);
  const table = tableOf(rule);
  const chain = textOf(rule["chain"]) ?? "";
  const verdict = parts.some((part) => "drop" in part)
    ? "drop"
    : parts.some((part) => "reject" in part)
      ? "reject"
      : null;
  return {
    key: `nft ${table} ${chain} ${String(numberOf(rule["handle"]))}`,
    table,
    chain,
    text: `table ${table}, chain ${chain}: ${spellRule(parts, verdict)}`,
    comments: typeof rule["comment"] === "string" ? [rule["comment"]] : [],
    verdict,
    packets: counter === undefined ? null : numberOf(counter["packets"]),
    jumps: collectJumps(parts, (name) => maps.get(`${table} ${name}`)),
    matches: readMatches(parts),
    isPolicy: false,
  };
}

function readMatches(parts: readonly JsonRecord[]): Matches {
  const sources: string[] = [];
  const destinations: string[] = [];
  const inDevices: string[] = [];
  const outDevices: string[] = [];
  let protocol: string | null = null;
  let destinationPort: number | null = null;
  for (const { match } of parts) {
    if (!isRecord(match) || match["op"] !== "==" || !isRecord(match["left"])) continue;
    const { meta, payload } = match["left"];
    const key = isRecord(meta) ? textOf(meta["key"]) : null;
    const header = isRecord(payload) ? payload : {};
    const field = textOf(header["field"]);
    if (field === "dport") {
      destinationPort = numberOf(match["right"]);
      protocol = textOf(header["protocol"]);
    }
    const right = textOf(match["right"]) ?? textOfPrefix(match["right"]);
    if (right === null) continue;
    if (key === "iifname") inDevices.push(right);
    if (key === "oifname") outDevices.push(right);
    if (key === "l4proto" || field === "protocol") protocol = right;
    if (field === "saddr") sources.push(right);
    if (field === "daddr") destinations.push(right);
  }
  return { sources, destinations, inDevices, outDevices, protocol, destinationPort };
}

/** `{"prefix": {"addr": "10.0.0.0", "len": 8}}`. */
function textOfPrefix(value: unknown): string | null {
  const prefix = isRecord(value) && isRecord(value["prefix"]) ? value["prefix"] : {};
  const [address, length] = [textOf(prefix["addr"]), numberOf(prefix["len"])];
  return address === null || length === null ? null : `${address}/${length}`;
}
