import { isRecord, textOf } from "../../linux/json.js";
import type { Action } from "../chain.js";

type Verdict = Exclude<Action, { readonly kind: "translate" | "either" }>;

/** A statement that ends a rule; null where it is none. */
export function makeVerdict(name: string, body: unknown): Verdict | null {
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
  return name === "queue"
    ? { kind: "lost-sight", how: "a program that takes packets from a queue decides" }
    : null;
}

/** What an element of a verdict map gives: `{"goto": {"target": "web"}}`. */
export function verdictOf(value: unknown): Verdict | null {
  const [entry] = isRecord(value) ? Object.entries(value) : [];
  if (entry === undefined) return null;
  return entry[0] === "continue" ? { kind: "go-on" } : makeVerdict(entry[0], entry[1]);
}
