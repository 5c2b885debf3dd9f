import { isAlias, isMap, isPair, isScalar, isSeq, type Document } from "yaml";
import type { ProblemRule } from "./rules.js";

/** Deeper nesting than this is nobody's runbook, and everything after the parser recurses. */
const MAX_DEPTH = 100;

interface StructureProblem {
  /** Into the text. */
  readonly offset: number;
  readonly message: string;
  readonly suggestion?: string;
  readonly rule: ProblemRule;
}

interface Walk {
  readonly document: Document;
  readonly problems: StructureProblem[];
  /** The collections around the node in hand, for aliases that point at one of them. */
  readonly ancestors: unknown[];
}

/**
 * What YAML allows and plain data does not: keys that are not text, the same key twice, `__proto__`,
 * an alias to something around it, a merge key, nesting without end.
 */
export function findStructureProblems(document: Document): StructureProblem[] {
  const walk: Walk = { document, problems: [], ancestors: [] };
  visitNode(document.contents, walk);
  return walk.problems;
}

function visitNode(node: unknown, walk: Walk): void {
  if (isAlias(node)) {
    const target = node.resolve(walk.document);
    if (target === undefined) {
      walk.problems.push({
        offset: startOf(node),
        message: `the alias *${node.source} names nothing before it`,
        rule: "yaml-alias",
      });
    } else if (walk.ancestors.includes(target)) {
      walk.problems.push({
        offset: startOf(node),
        message: `the alias *${node.source} stands inside what it names`,
        rule: "yaml-alias",
      });
    }
    return;
  }
  if (!isMap(node) && !isSeq(node)) return;
  if (walk.ancestors.length >= MAX_DEPTH) {
    const message = `it is nested more than ${MAX_DEPTH} deep`;
    walk.problems.push({ offset: startOf(node), message, rule: "yaml-depth" });
    return;
  }
  walk.ancestors.push(node);
  if (isMap(node)) visitPairs(node.items, walk);
  else for (const item of node.items) visitNode(item, walk);
  walk.ancestors.pop();
}

function visitPairs(items: readonly unknown[], walk: Walk): void {
  const seen = new Set<string>();
  for (const pair of items) {
    if (!isPair(pair)) continue;
    const name = readKey(pair.key, walk);
    if (name !== undefined) {
      if (seen.has(name)) {
        const message = `the key "${name}" is here twice`;
        walk.problems.push({ offset: startOf(pair.key), message, rule: "duplicate-key" });
      }
      seen.add(name);
    }
    visitNode(pair.value, walk);
  }
}

function readKey(key: unknown, walk: Walk): string | undefined {
  const offset = startOf(key);
  if (!isScalar(key) || key.value === null || typeof key.value === "object") {
    const suggestion = isMap(key) ? { suggestion: 'an expression is written in quotes: "${{ … }}"' } : {};
    walk.problems.push({ offset, message: "a key must be plain text", rule: "invalid-key", ...suggestion });
    return undefined;
  }
  const name = `${key.value as string | number | boolean}`;
  if (name === "__proto__") {
    walk.problems.push({ offset, message: 'the key "__proto__" is not allowed', rule: "invalid-key" });
  }
  if (name === "<<" && key.type === "PLAIN") {
    const message = "the merge key << is not read: YAML 1.2 has none";
    walk.problems.push({ offset, message, suggestion: "write the keys out", rule: "yaml-merge" });
  }
  return name;
}

function startOf(node: unknown): number {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? 0;
}
