import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Alias,
  type Document,
  type Node,
} from "yaml";
import type { ProblemRule } from "./rules.js";

/** Deeper nesting than this is nobody's runbook, and everything after the parser recurses. */
const MAX_DEPTH = 100;
/** Aliases are one object in memory, and as many as they are written for whatever walks the data. */
const MAX_ALIASED_VALUES = 200_000;
/** The parser looks through all of them for each alias. */
const MAX_ALIASES_AND_ANCHORS = 10_000;

interface StructureProblem {
  /** Into the text. */
  readonly offset: number;
  readonly message: string;
  readonly suggestion?: string;
  readonly rule: ProblemRule;
}

interface Walk {
  readonly problems: StructureProblem[];
  /** The collections around the node in hand, for aliases that point at one of them. */
  readonly ancestors: unknown[];
  /** The last node of each name so far. */
  readonly anchors: Map<string, Node>;
  /** Values of each anchored node, with those that its aliases stand for. */
  readonly sizes: Map<Node, number>;
  /** Values so far, aliases counted as what they stand for. */
  values: number;
  aliasedValues: number;
  aliasesAndAnchors: number;
  /** One of the bounds on aliases was passed, and told. */
  isOver: boolean;
}

const targets = new WeakMap<Alias, Node>();

/** What an alias stands for; undefined where it names nothing before it. Its document was looked at for problems. */
export function targetOf(alias: Alias): Node | undefined {
  return targets.get(alias);
}

/**
 * What YAML allows and plain data does not: keys that are not text, the same key twice, `__proto__`,
 * an alias to something around it, aliases that multiply, a merge key, nesting without end.
 */
export function findStructureProblems(document: Document): StructureProblem[] {
  const walk: Walk = {
    problems: [],
    ancestors: [],
    anchors: new Map(),
    sizes: new Map(),
    values: 0,
    aliasedValues: 0,
    aliasesAndAnchors: 0,
    isOver: false,
  };
  visitNode(document.contents, walk);
  return walk.problems;
}

function visitNode(node: unknown, walk: Walk): void {
  if (walk.isOver) return;
  if (isAlias(node)) return visitAlias(node, walk);
  const before = walk.values;
  walk.values += 1;
  if (!isScalar(node) && !isCollection(node)) return;
  if (node.anchor !== undefined) {
    walk.anchors.set(node.anchor, node);
    countMark(node, walk);
  }
  if (isCollection(node)) visitCollection(node, walk);
  if (node.anchor !== undefined) walk.sizes.set(node, walk.values - before);
}

function visitAlias(alias: Alias, walk: Walk): void {
  const name = `the alias *${alias.source}`;
  const tell = (message: string, suggestion?: string): void => {
    const rule = "yaml-alias";
    walk.problems.push({
      offset: startOf(alias),
      message,
      rule,
      ...(suggestion !== undefined && { suggestion }),
    });
  };
  countMark(alias, walk);
  const target = walk.anchors.get(alias.source);
  if (target === undefined) return tell(`${name} names nothing before it`);
  targets.set(alias, target);
  const size = walk.sizes.get(target);
  if (size === undefined) return tell(`${name} stands inside what it names`);
  walk.values += size;
  walk.aliasedValues += size;
  if (walk.aliasedValues <= MAX_ALIASED_VALUES) return;
  walk.isOver = true;
  tell(
    `with ${name} all aliases so far stand for more than ${MAX_ALIASED_VALUES} values`,
    "write less in its place",
  );
}

function countMark(node: Node, walk: Walk): void {
  walk.aliasesAndAnchors += 1;
  if (walk.aliasesAndAnchors <= MAX_ALIASES_AND_ANCHORS) return;
  walk.isOver = true;
  const message = `it has more than ${MAX_ALIASES_AND_ANCHORS} anchors and aliases`;
  walk.problems.push({ offset: startOf(node), message, rule: "yaml-alias" });
}

function visitCollection(node: Node, walk: Walk): void {
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
  visitNode(key, walk);
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
