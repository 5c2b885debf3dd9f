import type { AuditEvidence, AuditStatement } from "../model/audit/audit.js";
import type { PolicyFacts } from "../model/cni/network-policy.js";
import type { StateKind } from "../model/evidence.js";
import type { Protocol } from "../model/traffic.js";
import { commandOf, type Netns, type Reading, type StateReader } from "../readings/reader.js";
import type { Leg } from "./legs.js";
import type { AuditedPath } from "./path.js";

/** A way as a whole; or its parts before and behind a node between that translates the packets and passes them on. */
export type PathPart = "whole" | "arriving" | "onward";

/** What the checks are given. */
export interface AuditWorld {
  readonly path: AuditedPath;
  readonly legs: readonly Leg[];
  readonly protocol: Protocol;
  readonly part: PathPart;
  /** What the API says of them; null: it was not asked. */
  readonly policies: PolicyFacts | null;
  /** Behind the translation of a Service; null: none is meant. */
  readonly port: number | null;
  readonly state: StateReader;
}

/** One in a file of checks/, and a line in registry.ts. */
export interface Check {
  /** Stable: audits hold it. */
  readonly name: string;
  /** What it looks for, in a sentence without a full stop. */
  readonly title: string;
  check(world: AuditWorld): readonly Said[];
}

/** A statement before it has its check's name. */
export type Said = Omit<AuditStatement, "check">;

export function hostOf(node: string): Netns {
  return { node, pod: null };
}

/** The command of a look, with the line that says it. */
export function evidenceOf({ record }: Reading, line: string): AuditEvidence {
  return { command: commandOf(record).join(" "), line };
}

/** `a, b, c and 997 more`. */
export function listSome(items: readonly string[], most: number): string {
  const left = items.length - most;
  return left <= 0 ? items.join(", ") : `${items.slice(0, most).join(", ")} and ${String(left)} more`;
}

/** What a check would have been told by a look that is not there. */
export function notRead(world: AuditWorld, at: Netns, kind: StateKind, told: string): Said {
  const failed = world.state.readings(at, kind, { failed: true }).find(({ record }) => record.exitCode !== 0);
  const why = failed === undefined ? "it was not read" : failed.record.stderr || "it failed";
  return {
    ...{ severity: "doubt", direction: null, place: { ...at, device: null } },
    what: `${told} is not known: ${why.split("\n")[0]!}`,
    evidence: failed === undefined ? [] : [evidenceOf(failed, why)],
    next: failed === undefined ? null : `Run it there by hand: \`${commandOf(failed.record).join(" ")}\``,
  };
}
