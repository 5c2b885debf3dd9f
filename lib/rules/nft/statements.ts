import { isRecord, numberOf, textOf, type JsonRecord } from "../../linux/json.js";
import { addressOf } from "../packet.js";
import { spellRule } from "../../linux/nft/nft-words.js";
import type { Step } from "../chain.js";
import { inDoubt, makeMatch, readKey, setOf, valueAt, type FindSet } from "./match.js";
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
  if (name === "mangle" && isRecord(body)) return [makeMangle(body)];
  const action = makeVerdict(name, body);
  if (action !== null) return [{ kind: "act", act: () => action }];
  return [makeTranslation(name, body) ?? lost(`what "${name}" does is not known`)];
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
function makeMangle(body: JsonRecord): Step {
  const { key, value } = body;
  const target = isRecord(key) ? Object.entries(key)[0] : undefined;
  const name = target !== undefined && isRecord(target[1]) ? textOf(target[1]["key"]) : null;
  if (name !== "mark")
    return target?.[0] === "payload"
      ? lost("it changes the packet's own bytes")
      : { kind: "act", act: () => ({ kind: "go-on" }) };
  const fields = readKey(value);
  const constant = numberOf(value);
  return {
    kind: "act",
    act: (at) => {
      const read = fields === null ? null : valueAt(fields, at);
      const mark = constant ?? (typeof read === "bigint" && read <= 0xffff_ffffn ? Number(read) : null);
      const { packet } = at;
      if (target?.[0] === "meta") return { kind: "go-on", packet: { ...packet, mark } };
      return { kind: "go-on", packet: { ...packet, connection: { ...packet.connection, mark } } };
    },
  };
}

function makeTranslation(name: string, body: unknown): Step | null {
  if (name === "notrack")
    return {
      kind: "act",
      act: ({ packet }) => ({
        kind: "go-on",
        packet: { ...packet, connection: { ...packet.connection, state: "untracked" } },
      }),
    };
  if (!["snat", "dnat", "masquerade", "redirect"].includes(name)) return null;
  const of = name === "snat" || name === "masquerade" ? "source" : "destination";
  const { addr, port: to } = isRecord(body) ? body : {};
  const port = numberOf(to);
  const text = textOf(addr);
  const ip = text === null ? null : addressOf(text)?.text;
  if (ip === undefined || (addr !== undefined && text === null) || (to !== undefined && port === null))
    return lost("the address that it is translated to could not be evaluated");
  return {
    kind: "act",
    act: ({ packet, hook, inDevice, outDevice, node }) => {
      const device = name === "masquerade" ? outDevice : inDevice;
      const loopback = packet.family === 4 ? "127.0.0.1" : "::1";
      const own = typeof device === "string" && device !== "" ? node.sourceFor(device, packet) : null;
      const chosen =
        ip ??
        (name === "redirect" && hook === "output"
          ? loopback
          : name === "redirect" || name === "masquerade"
            ? own
            : null);
      return { kind: "translate", translation: { of, ip: chosen, port, isOneOf: chosen === null } };
    },
  };
}
