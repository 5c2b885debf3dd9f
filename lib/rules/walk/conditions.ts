import type { Doubt } from "../truth.js";

/** What has to be so for a packet to come where it is. */
export interface Condition {
  /** A clause: "the set web holds 10.0.0.1". */
  readonly text: string;
  /** The same condition as another world's has the same, whichever way it went. */
  readonly id: string;
  readonly holds: boolean;
}

/** The last of several conditions with those before it, which worlds of one origin share: thousands of ways cost no copies. */
interface Conditions {
  readonly before: Conditions | null;
  readonly last: Condition;
  readonly count: number;
}

/** None: it is certain. */
export type Under = Conditions | null;

export function withCondition(before: Under, last: Condition): Conditions {
  return { before, last, count: (before?.count ?? 0) + 1 };
}

/** A doubt that went one way. */
export function conditionOf(doubt: Doubt, { id, holds }: Pick<Condition, "id" | "holds">): Condition {
  return { text: holds ? doubt.holds : doubt.fails, id: `${id} ${doubt.holds}`, holds };
}

/** From the first to the last. */
function listConditions(under: Under): Condition[] {
  return behind(under, null);
}

/** So many conditions are told one by one. */
const MOST_TOLD = 6;

/** As a clause: "the statistic takes it and the set web holds 10.0.0.1"; null: it is certain. */
export function sayConditions(under: Under): string | null {
  if (under === null) return null;
  const texts = listConditions(under).map(({ text }) => text);
  const left = texts.length - MOST_TOLD;
  const told =
    left <= 1
      ? texts
      : [
          ...texts.slice(0, MOST_TOLD / 2),
          `${String(left)} other conditions hold`,
          ...texts.slice(-MOST_TOLD / 2),
        ];
  return told.join(" and ");
}

/** What either of two says. */
function eitherUnder(one: Under, other: Under): Under {
  const shared = sharedBy(one, other);
  const [left, right] = [behind(one, shared), behind(other, shared)];
  const [first, second] = [left[0], right[0]];
  if (first === undefined || second === undefined) return shared;
  if (first.id === second.id && first.holds !== second.holds) {
    if (left.length === 1 && right.length === 1) return shared;
    // p, or else q: the same as p or q.
    if (left.length === 1) return withCondition(shared, orOf(left, right.slice(1)));
    if (right.length === 1) return withCondition(shared, orOf(left.slice(1), right));
  }
  return withCondition(shared, orOf(left, right));
}

/** Is told how many conditions were looked at. */
type Spend = (looks: number) => void;

/** What any of several says. The last first: what one rule passed over is then met where the next one took it. */
export function anyUnder(several: readonly Under[], spend: Spend = () => undefined): Under {
  return several.length === 0
    ? null
    : several.reduceRight((sum, each) => {
        const either = eitherUnder(each, sum);
        spend((each?.count ?? 0) + (sum?.count ?? 0) - 2 * ((either?.count ?? 1) - 1));
        return either;
      });
}

function sharedBy(one: Under, other: Under): Under {
  let [left, right] = [one, other];
  while (left !== null && right !== null && left !== right) {
    if (left.count > right.count) left = left.before;
    else if (right.count > left.count) right = right.before;
    else if (isSame(left.last, right.last) && left.before === right.before) return left;
    else [left, right] = [left.before, right.before];
  }
  return left === right ? left : null;
}

function behind(under: Under, shared: Under): Condition[] {
  const list: Condition[] = [];
  for (let at = under; at !== null && at !== shared && at.count > (shared?.count ?? 0); at = at.before)
    list.push(at.last);
  return list.reverse();
}

function isSame(one: Condition, other: Condition): boolean {
  return one.id === other.id && one.holds === other.holds;
}

/** More alternatives than a person reads. */
const MOST_CHARS = 400;
/** As many as that may have in it. */
const MOST_JOINED = 50;

function orOf(left: readonly Condition[], right: readonly Condition[]): Condition {
  const sides = [left, right].map((side) => side.slice(0, MOST_JOINED));
  const [one, other] = sides.map((side) => side.map(({ text }) => text).join(" and "));
  const text = one === other ? String(one) : `${String(one)}, or ${String(other)}`;
  const id = sides.map((side) => side.map((each) => `${each.id}${String(each.holds)}`).join("&")).join("|");
  return { text: cut(text), id: cut(id), holds: true };
}

function cut(text: string): string {
  return text.length <= MOST_CHARS ? text : `${text.slice(0, MOST_CHARS - 1)}…`;
}
