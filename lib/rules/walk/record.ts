import type { LoadedRule } from "../chain.js";

/** More rule looks than any node's own rules need. */
const MOST_LOOKS = 400_000;
/** What a world may still cost: so many fates are followed as the work has room for, */
const LOOKS_A_WORLD = 50;
/** without what the least number of them needs, however long their way is. */
const LEAST_LOOKS = 130_000;
/** So many conditions are held against each other while a rule is looked at. */
const CONDITIONS_A_LOOK = 8;
/** Longer than any chain of jumps that the kernel takes (16 in nftables). */
export const MOST_DEPTH = 64;
/** So many different fates of one packet are followed in any case. */
const LEAST_WORLDS = 64;

export interface MatchedRule {
  readonly rule: LoadedRule;
  /** So often it counts the packet whatever is in doubt, and so often at most: a chain may be come to twice. */
  readonly least: number;
  readonly most: number;
}

/** What a walk has seen, over all its worlds. */
export class WalkRecord {
  readonly #matched = new Map<LoadedRule, Omit<MatchedRule, "rule">>();
  readonly #chains = new Set<string>();
  readonly #given = new Set<string>();
  #looks = 0;
  #leftOut = 0;
  #followed = 0;

  /** False when the walk has to end. */
  look(): boolean {
    this.#looks += 1;
    if (this.#looks > MOST_LOOKS) this.giveUp("there are more rules than can be followed");
    return this.#looks <= MOST_LOOKS;
  }

  /** Work beside looks at rules: conditions that were held against each other. */
  readonly spend = (conditions: number): void => {
    this.#looks += Math.ceil(conditions / CONDITIONS_A_LOOK);
  };

  count(rule: LoadedRule, isCertain: boolean): void {
    const { least, most } = this.#matched.get(rule) ?? { least: 0, most: 0 };
    this.#matched.set(rule, { least: least + (isCertain ? 1 : 0), most: most + 1 });
  }

  enter(table: string, chain: string): void {
    this.#chains.add(`${table} ${chain}`);
  }

  giveUp(why: string): void {
    this.#given.add(why);
  }

  /** How many worlds there is room for: as many as a Service has endpoints, unless the way behind it is long. */
  get mostWorlds(): number {
    return Math.max(LEAST_WORLDS, Math.floor((MOST_LOOKS - LEAST_LOOKS - this.#looks) / LOOKS_A_WORLD));
  }

  /** Worlds that there was no room for. */
  leaveOut(worlds: number, of: number): void {
    this.#followed = this.#leftOut === 0 ? of - worlds : Math.min(this.#followed, of - worlds);
    this.#leftOut += worlds;
  }

  /** In the order in which they were first met. */
  get matched(): readonly MatchedRule[] {
    return [...this.#matched].map(([rule, times]) => ({ rule, ...times }));
  }

  /** `table chain` of those that packets came to. */
  get chains(): readonly string[] {
    return [...this.#chains];
  }

  /** Why some of it was not followed. */
  get givenUp(): readonly string[] {
    if (this.#leftOut === 0) return [...this.#given];
    const [followed, all] = [this.#followed, this.#followed + this.#leftOut];
    return [
      ...this.#given,
      `of ${String(all)} different fates that are possible ${String(followed)} were followed to their end`,
    ];
  }
}
