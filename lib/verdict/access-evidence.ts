import { readRunText } from "../analysis/index.js";
import { ALL_VIAS, type Via } from "../model/access.js";
import type { EnteredNode } from "../model/cluster.js";
import type { AccessFinding } from "../model/findings.js";

/** How the nodes were entered: `choices` (AccessChoice) and `entered` (EnteredNode). Runs before 0.3 have none. */
export const ACCESS_FILE = "evidence/access.json";

/** A report is read; a cluster may have thousands of nodes that nothing was asked of. */
const MAX_TARGETS = 64;

type Fields = Readonly<Record<string, unknown>>;

/** The nodes that a run entered; none where it does not say. A folder may come from anybody: what has not the shape is left out. */
export function readEntered(dir: string): readonly EnteredNode[] {
  return listOf(readAccess(dir)["entered"]).flatMap((item) => {
    const { target, via, made } = item;
    if (typeof target !== "string" || !isVia(via)) return [];
    return [{ target, via, made: typeof made === "string" ? made : null }];
  });
}

/** The ways in that were taken and those to which there was none, as the report has them; nodes nobody entered are left out. */
export function readAccessFindings(dir: string): readonly AccessFinding[] {
  const choices = listOf(readAccess(dir)["choices"]).flatMap((item) => readChoice(item) ?? []);
  const byTarget = new Map(choices.map((choice) => [choice.target, choice]));
  const entered = readEntered(dir).map(({ target, via, made }): AccessFinding => {
    const choice = byTarget.get(target);
    const { reason, rejected } = choice?.via === via ? choice : { reason: null, rejected: [] };
    return { target, via, made, reason, rejected };
  });
  const none = choices.filter(
    ({ via, target }) => via === null && !entered.some((one) => one.target === target),
  );
  return [...entered, ...none].slice(0, MAX_TARGETS);
}

function readChoice({ target, via, reason, rejected }: Fields): AccessFinding | null {
  if (typeof target !== "string" || typeof reason !== "string" || (via !== null && !isVia(via))) return null;
  const others = listOf(rejected).flatMap((item) => {
    const { via: other, reason: why } = item;
    return isVia(other) && typeof why === "string" ? [{ via: other, reason: why }] : [];
  });
  return { target, via, made: null, reason, rejected: others.slice(0, ALL_VIAS.length) };
}

function readAccess(dir: string): Fields {
  try {
    return fieldsOf(JSON.parse(readRunText(dir, ACCESS_FILE) ?? "{}"));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function isVia(value: unknown): value is Via {
  return ALL_VIAS.some((via) => via === value);
}
