import { isRecord, numberOf, textOf, type JsonRecord } from "../../linux/json.js";
import { addressOf } from "../packet.js";
import { spellRule } from "../../linux/nft/nft-words.js";
import type { Action, Step } from "../chain.js";
import { isDoubt } from "../truth.js";
import { inDoubt, makeMatch, readKey, setOf, valueAt, type FindSet } from "./match.js";
import { makeLookup } from "./sets.js";

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
  if (name === "mangle" && isRecord(body)) return [makeMangle(body)];
  const action = makeVerdict(name, body);
  if (action !== null) return [{ kind: "act", act: () => action }];
  return [makeTranslation(name, body) ?? lost(`what "${name}" does is not known`)];
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

function makeVerdict(name: string, body: unknown): Action | null {
  if (name === "accept" || name === "drop" || name === "return") return { kind: name };
  if (name === "jump" || name === "goto") {
    const chain = isRecord(body) ? textOf(body["target"]) : null;
    return chain === null ? null : { kind: name, chain };
  }
  if (name === "reject") {
    const how = isRecord(body)
      ? [textOf(body["type"]), textOf(body["expr"])].filter((word) => word !== null)
      : [];
    return { kind: "reject", how: how.length === 0 ? "icmpx port-unreachable" : how.join(" ") };
  }
  if (name === "notrack") return null;
  return name === "queue"
    ? { kind: "lost-sight", how: "a program that takes packets from a queue decides" }
    : null;
}

/** What no element is for goes on behind the rule's statement, as what fails a match does. */
function makeVerdictMap(body: JsonRecord, findSet: FindSet): Step {
  const fields = readKey(body["key"]);
  const held = setOf(body["data"], findSet);
  const lookup =
    held == null || fields === null
      ? null
      : makeLookup(
          held.elements,
          fields.map(({ kind }) => kind),
          true,
        );
  const actions = (held?.elements ?? []).flatMap(
    (element) => verdictOf(Array.isArray(element) ? element[1] : null) ?? [],
  );
  const unsure = anyOf(actions, held == null);
  return {
    kind: "act",
    act: (at) => {
      const value = fields === null || lookup === null ? undefined : valueAt(fields, at);
      if (value === null) return { kind: "go-on" };
      if (value === undefined || isDoubt(value) || lookup === null) return unsure;
      const found = lookup.find(value);
      if (found === undefined) return { kind: "go-on" };
      return found === null ? unsure : (verdictOf(found.value) ?? unsure);
    },
  };
}

const MOST_WAYS = 32;

function anyOf(actions: readonly Action[], isUnread: boolean): Action {
  if (isUnread || actions.length > MOST_WAYS)
    return { kind: "lost-sight", how: "its verdict map could not be evaluated" };
  const unique = new Map(actions.map((action) => [JSON.stringify(action), action]));
  const none: [string, Action] = ["nothing", { kind: "go-on" }];
  return {
    kind: "either",
    ways: [...unique, none].map(([key, action]) => {
      const name =
        action.kind === "jump" || action.kind === "goto"
          ? `${action.kind} ${action.chain}`
          : key === "nothing"
            ? key
            : action.kind;
      return { action, doubt: { holds: `the map says ${name}`, fails: `the map does not say ${name}` } };
    }),
  };
}

function verdictOf(value: unknown): Action | null {
  const [entry] = isRecord(value) ? Object.entries(value) : [];
  return entry === undefined
    ? null
    : entry[0] === "continue"
      ? { kind: "go-on" }
      : makeVerdict(entry[0], entry[1]);
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
