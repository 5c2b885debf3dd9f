import { applyOperator } from "../arithmetic.js";
import { compareScalars, isEqual } from "../compare.js";
import type { CelList } from "../values.js";
import { nameOf, type CelValue } from "../values.js";
import { define, defineCounted, type CelFunction, type Count } from "./function.js";

/** Throws Error where two items have no order. */
function order(a: CelValue, b: CelValue): number {
  const order = compareScalars(a, b);
  if (order === undefined) throw new Error(`there is no order of ${nameOf(a)} and ${nameOf(b)}`);
  return order;
}

function isSorted(list: CelList): boolean {
  const items = list.items();
  return items.every((item, index) => index === 0 || order(items[index - 1] as CelValue, item) <= 0);
}

function extreme(sign: 1 | -1): (list: CelList) => CelValue {
  return (list) => {
    const [first, ...rest] = list.items();
    if (first === undefined)
      throw new Error(`an empty list has no ${sign === 1 ? "largest" : "smallest"} item`);
    return rest.reduce((best, item) => (order(item, best) * sign > 0 ? item : best), first);
  };
}

function sum(list: CelList): CelValue {
  const [first = 0n, ...rest] = list.items();
  const isNumber =
    typeof first === "bigint" || typeof first === "number" || ["uint", "duration"].includes(nameOf(first));
  if (!isNumber) throw new Error(`there is no sum of ${nameOf(first)}`);
  return rest.reduce((total, item) => applyOperator("+", total, item), first);
}

function indexIn(
  find: "findIndex" | "findLastIndex",
): (count: Count) => (list: CelList, wanted: CelValue) => bigint {
  return (count) => (list, wanted) =>
    BigInt(list.items()[find]((item) => isEqual(item, wanted, () => count(1))));
}

function hasItem(list: CelList, wanted: CelValue, count: Count): boolean {
  return list.items().some((item) => isEqual(item, wanted, () => count(1)));
}

function containsAll(list: CelList, wanted: CelList, count: Count): boolean {
  return wanted.items().every((item) => hasItem(list, item, count));
}

export const LISTS: readonly CelFunction[] = [
  define(
    ["list<T>.isSorted(): bool"],
    "Whether no item is less than the one before",
    ["[1, 2, 2].isSorted()", true],
    isSorted,
  ),
  define(
    ["int", "uint", "double", "duration"].map((type) => `list<${type}>.sum(): ${type}`),
    "Sum of the items; of none 0",
    ["[1, 2, 3].sum()", 6],
    sum,
  ),
  define(["list<T>.min(): T"], "The smallest item; of none an error", ["[2, 1].min()", 1], extreme(-1)),
  define(["list<T>.max(): T"], "The largest item; of none an error", ["[2, 1].max()", 2], extreme(1)),
  defineCounted(
    ["list<T>.indexOf(T): int"],
    "Where an item first stands in a list, from 0; -1 where it does not",
    ["[1, 2, 2].indexOf(2)", 1],
    indexIn("findIndex"),
  ),
  defineCounted(
    ["list<T>.lastIndexOf(T): int"],
    "Where an item last stands in a list, from 0; -1 where it does not",
    ["[1, 2, 2].lastIndexOf(2)", 2],
    indexIn("findLastIndex"),
  ),
  defineCounted(
    ["sets.contains(list<T>, list<T>): bool"],
    "Whether the first list holds all items of the second one",
    ["sets.contains([1, 2, 3], [3, 1])", true],
    (count) => (list: CelList, wanted: CelList) => containsAll(list, wanted, count),
  ),
  defineCounted(
    ["sets.equivalent(list<T>, list<T>): bool"],
    "Whether two lists hold the same items, however often and in which order",
    ["sets.equivalent([1, 2, 2], [2, 1])", true],
    (count) => (a: CelList, b: CelList) => containsAll(a, b, count) && containsAll(b, a, count),
  ),
  defineCounted(
    ["sets.intersects(list<T>, list<T>): bool"],
    "Whether two lists have an item in common",
    ["sets.intersects([1, 2], [2, 3])", true],
    (count) => (a: CelList, b: CelList) => a.items().some((item) => hasItem(b, item, count)),
  ),
];
