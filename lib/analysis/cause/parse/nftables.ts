import type { Chain, Hook, Matches, Rule, Ruleset } from "./ruleset.js";
import type { Fields } from "./json.js";
import { isFields, listFields, numberOf, parseJson, textOf } from "./json.js";
import { collectJumps } from "./nft-jumps.js";

/** `nft -j list ruleset` (libnftables-json(5)): chains with hooks, rules with counters, jumps and verdict maps. */
export function parseNftables(text: string): Ruleset {
  const root = parseJson(text);
  const items = listFields(isFields(root) ? root["nftables"] : undefined);
  const chains = items.flatMap((item) => (isFields(item["chain"]) ? [readChain(item["chain"])] : []));
  const maps = new Map<string, unknown>();
  for (const { map } of items) {
    if (isFields(map)) maps.set(`${tableOf(map)} @${textOf(map["name"]) ?? ""}`, map["elem"]);
  }
  const rules = items.flatMap((item) => (isFields(item["rule"]) ? [readRule(item["rule"], maps)] : []));
  return { chains, rules };
}

const HOOKS: readonly string[] = [
  "ingress",
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
  "egress",
];

function tableOf(item: Fields): string {
  return `${textOf(item["family"]) ?? ""} ${textOf(item["table"]) ?? ""}`;
}

function readChain(chain: Fields): Chain {
  const hook = textOf(chain["hook"]);
  return {
    table: tableOf(chain),
    name: textOf(chain["name"]) ?? "",
    hook: hook !== null && HOOKS.includes(hook) ? (hook as Hook) : null,
    device: textOf(chain["dev"]),
  };
}

function readRule(rule: Fields, maps: ReadonlyMap<string, unknown>): Rule {
  const parts = listFields(rule["expr"]);
  const counter = parts.map((part) => part["counter"]).find(isFields);
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
    text: `table ${table}, chain ${chain}: ${describe(parts, verdict)}`,
    comment: textOf(rule["comment"]),
    verdict,
    packets: counter === undefined ? null : numberOf(counter["packets"]),
    jumps: collectJumps(parts, (name) => maps.get(`${table} ${name}`)),
    matches: readMatches(parts),
    isPolicy: false,
  };
}

function readMatches(parts: readonly Fields[]): Matches {
  const sources: string[] = [];
  const destinations: string[] = [];
  const inDevices: string[] = [];
  const outDevices: string[] = [];
  let protocol: string | null = null;
  let destinationPort: number | null = null;
  for (const { match } of parts) {
    if (!isFields(match) || match["op"] !== "==" || !isFields(match["left"])) continue;
    const { meta, payload } = match["left"];
    const key = isFields(meta) ? textOf(meta["key"]) : null;
    const header = isFields(payload) ? payload : {};
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
  const prefix = isFields(value) && isFields(value["prefix"]) ? value["prefix"] : {};
  const [address, length] = [textOf(prefix["addr"]), numberOf(prefix["len"])];
  return address === null || length === null ? null : `${address}/${length}`;
}

function describe(parts: readonly Fields[], verdict: string | null): string {
  const matches = parts.flatMap(({ match }) =>
    isFields(match) ? [JSON.stringify(match["right"] ?? null)] : [],
  );
  return [...matches.slice(0, 6), verdict ?? "no verdict"].join(" ").slice(0, 200);
}
