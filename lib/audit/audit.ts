import type { AuditSeverity, AuditStatement, AuditStatus } from "../model/audit/audit.js";
import { parseLinks } from "../linux/links.js";
import type { PolicyFacts } from "../model/cni/network-policy.js";
import { sayUnentered } from "../model/hops.js";
import type { Protocol } from "../model/traffic.js";
import { StateReader, type Looks } from "../readings/reader.js";
import { hostOf, type AuditWorld, type PathPart } from "./check.js";
import { legsOf } from "./legs.js";
import { endpointOf, type AuditedPath } from "./path.js";
import { CHECKS } from "./registry.js";

interface AuditOptions {
  readonly looks: Looks;
  readonly protocol: Protocol;
  /** Where neither end says one; null: none. */
  readonly port: number | null;
  readonly part?: PathPart;
  readonly policies?: PolicyFacts | null;
}

interface Judged {
  readonly status: AuditStatus;
  readonly statements: readonly AuditStatement[];
}

const ORDER: readonly AuditSeverity[] = ["fault", "warning", "doubt", "fine"];

/** Judges a path by what its nodes said of their state. What was not seen is a doubt, and never fine. */
export function auditPath(
  path: AuditedPath,
  { looks, protocol, port, part = "whole", policies = null }: AuditOptions,
): Judged {
  const state = new StateReader(looks);
  const masterOf = (node: string, device: string): string | null =>
    parseLinks(state.readings(hostOf(node), "links")[0]?.text ?? "").find(({ name }) => name === device)
      ?.master ?? null;
  const world: AuditWorld = {
    // What a switch takes past the nodes' own tables is not judged by them.
    ...{
      path,
      legs: path.switched === undefined ? legsOf(path, masterOf) : [],
      protocol,
      state,
      part,
      policies,
    },
    port: port ?? endpointOf(path.to).port,
  };
  const found = CHECKS.flatMap((one) => one.check(world).map((said) => ({ check: one.name, ...said })));
  return judge([...unseen(path), ...found]);
}

/** The same of a way that is made of several, each judged by itself. */
export function joinJudged(parts: readonly Judged[]): Judged {
  return judge(parts.flatMap(({ statements }) => statements));
}

function judge(found: readonly AuditStatement[]): Judged {
  const all = mergeEqual(found);
  const statements = ORDER.flatMap((severity) => all.filter((one) => one.severity === severity));
  return { status: statusOf(statements), statements };
}

function statusOf(statements: readonly AuditStatement[]): AuditStatus {
  if (statements.some(({ severity }) => severity === "fault")) return "fault";
  const isOpen = statements.length === 0 || statements.some(({ severity }) => severity === "doubt");
  return isOpen ? "undecided" : "clean";
}

function unseen({ unentered = [] }: AuditedPath): AuditStatement[] {
  return unentered.map((one) => ({
    ...{ check: "entered", severity: "doubt", direction: null },
    place: { node: one.node, pod: one.pod, device: null },
    ...{ what: sayUnentered(one), evidence: [], next: "See what stands in the way: `hopbook doctor`" },
  }));
}

/** The same of both directions is one statement. */
function mergeEqual(statements: readonly AuditStatement[]): AuditStatement[] {
  const merged = new Map<string, AuditStatement>();
  for (const one of statements) {
    const key = JSON.stringify([one.check, one.severity, one.place, one.what]);
    const other = merged.get(key);
    const isBoth = other !== undefined && other.direction !== one.direction;
    merged.set(key, other === undefined ? one : isBoth ? { ...other, direction: null } : other);
  }
  return [...merged.values()];
}
