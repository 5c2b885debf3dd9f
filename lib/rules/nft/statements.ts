import { isRecord, numberOf, textOf, type JsonRecord } from "../../linux/json.js";
import { spellRule } from "../../linux/nft/nft-words.js";
import type { Step } from "../chain.js";
import type { At } from "../node.js";
import { hasConnection, type Packet } from "../packet.js";
import { inDoubt, makeMatch, readKey, setOf, valueAt, type FindSet } from "./match.js";
import { makeTranslation } from "./translation.js";
import { makeVerdictMap } from "./verdict-map.js";
import { makeVerdict } from "./verdict.js";

/** Statements that change nothing that rules ask for. */
const PASSING: ReadonlySet<string> = new Set([
  "log",
  "comment",
  "ct helper",
  "ct timeout",
  "flow",
  "dup",
  "last",
  "continue",
]);
const CHANCES: Readonly<Record<string, readonly [string, string]>> = {
  limit: ["the rate is as the rule's limit asks", "the rate is not as the rule's limit asks"],
  quota: ["the quota is as the rule asks", "the quota is not as the rule asks"],
  "ct count": [
    "the number of connections is as the rule asks",
    "the number of connections is not as the rule asks",
  ],
  set: ["the set takes it up", "the set does not take it up"],
  meter: ["the rate is as the meter asks", "the rate is not as the meter asks"],
};

/** The steps of a rule's expressions; one that is not known is in doubt, and the rule with it. */
export function makeSteps(parts: readonly JsonRecord[], findSet: FindSet): Step[] {
  return parts.flatMap((part) => makeStep(part, findSet));
}

function makeStep(part: JsonRecord, findSet: FindSet): Step[] {
  const [entry] = Object.entries(part);
  if (entry === undefined) return [];
  const [name, body] = entry;
  if (name === "counter") return [{ kind: "count" }];
  if (name === "match" && isRecord(body))
    return [
      { kind: "test", test: makeMatch(body, spellRule([part], null).replace(/ no verdict$/, ""), findSet) },
    ];
  if (PASSING.has(name)) return [];
  const chance = Object.hasOwn(CHANCES, name) ? CHANCES[name] : undefined;
  if (chance !== undefined) {
    const [holds, fails] = chance;
    return [{ kind: "test", test: () => ({ holds, fails }) }];
  }
  if (name === "xt") return makeForeign(body);
  if (name === "vmap" && isRecord(body)) return [makeVerdictMap(body, findSet)];
  if (name === "set" && isRecord(body) && isTakenUp(body, findSet)) return [];
  if (name === "mangle" && isRecord(body)) return makeMangle(body);
  const action = makeVerdict(name, body);
  if (action !== null) return [{ kind: "act", act: () => action }];
  return [makeTranslation(name, body, findSet) ?? lost(`what "${name}" does is not known`)];
}

/** `update @set { ip saddr }` fails a rule only where the set is full; what stands beside the element may fail it as well. */
function isTakenUp(body: JsonRecord, findSet: FindSet): boolean {
  const set = setOf(body["set"], findSet);
  if (set == null || body["stmt"] !== undefined) return false;
  return set.mostElements !== null && set.elements.length < set.mostElements;
}

/** An extension of iptables, of which nft tells the name at most. */
function makeForeign(body: unknown): Step[] {
  const name = isRecord(body) ? textOf(body["name"]) : null;
  if (name === "comment") return [];
  if (isRecord(body) && body["type"] === "target")
    return [lost(`what ${name ?? "the target"} does was not read`)];
  return [{ kind: "test", test: () => inDoubt(`xt ${name ?? "extension"}`) }];
}

function lost(how: string): Step {
  return { kind: "act", act: () => ({ kind: "lost-sight", how }) };
}

/** `meta mark set`; what else is changed is not asked for, or not known from then on. */
function makeMangle(body: JsonRecord): Step[] {
  const { key, value } = body;
  const target = isRecord(key) ? Object.entries(key)[0] : undefined;
  const name = target !== undefined && isRecord(target[1]) ? textOf(target[1]["key"]) : null;
  if (name !== "mark") return target?.[0] === "payload" ? [lost("it changes the packet's own bytes")] : [];
  const fields = readKey(value);
  const constant = numberOf(value);
  const set = (at: At): Packet => {
    const { packet } = at;
    const read = fields === null ? null : valueAt(fields, at);
    const mark = constant ?? (typeof read === "bigint" && read <= 0xffff_ffffn ? Number(read) : null);
    if (target?.[0] === "meta") return { ...packet, mark };
    return hasConnection(packet) ? { ...packet, connection: { ...packet.connection, mark } } : packet;
  };
  return [
    // What the packet has nothing of ends the rule.
    ...(fields === null ? [] : [{ kind: "test", test: (at: At) => valueAt(fields, at) !== null } as const]),
    { kind: "act", act: (at) => ({ kind: "go-on", packet: set(at) }) },
  ];
}
