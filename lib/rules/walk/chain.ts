import type { BaseChain, LoadedRule, Table } from "../chain.js";
import { MOST_DEPTH, type WalkRecord } from "./record.js";
import { applyRule, Sights, type Place } from "./rule.js";
import { mergeWorlds, type World } from "./world.js";

/** How rules ended a packet, or let it go out of sight. */
export interface RuleEnd {
  readonly kind: "drop" | "reject" | "lost-sight";
  /** null: a chain's policy. */
  readonly rule: LoadedRule | null;
  readonly chain: BaseChain;
  /** Of a refusal, or why it is out of sight. */
  readonly how: string | null;
  readonly world: World;
}

interface ChainWalk {
  /** What goes on behind the chain. */
  readonly accepted: readonly World[];
  readonly ended: readonly RuleEnd[];
}

export interface Walking {
  readonly place: Place;
  readonly record: WalkRecord;
}

interface Frame extends Walking {
  readonly sights: Sights;
  readonly base: BaseChain;
  readonly table: Table;
  readonly accepted: World[];
  readonly ended: RuleEnd[];
}

/** A packet through a chain of a hook and all that it jumps to. */
export function walkBase(base: BaseChain, worlds: readonly World[], walking: Walking): ChainWalk {
  const frame: Frame = {
    ...{ ...walking, sights: new Sights(walking.place) },
    ...{ base, table: base.table, accepted: [], ended: [] },
  };
  const fallen = walkRules(base.name, worlds, { frame, within: [] });
  if (base.policy === "drop")
    for (const world of fallen) frame.ended.push({ kind: "drop", rule: null, chain: base, how: null, world });
  else for (const world of fallen) frame.accepted.push(world);
  return { accepted: mergeWorlds(frame.accepted, frame.record.spend), ended: frame.ended };
}

interface Nested {
  readonly frame: Frame;
  /** Chains from which it was jumped here, the first one first. */
  readonly within: readonly string[];
}

/** Through one chain: the worlds that come back out of its end. */
function walkRules(name: string, worlds: readonly World[], { frame, within }: Nested): World[] {
  const rules = frame.table.chains.get(name);
  frame.record.enter(frame.table.name, name);
  const fallen: World[] = [];
  let open = mergeWorlds(worlds, frame.record.spend);
  for (const rule of rules ?? []) {
    if (open.length === 0) break;
    const next: World[] = [];
    const jumps = new Map<string, { readonly isGoto: boolean; readonly worlds: World[] }>();
    for (const world of open) {
      if (!frame.record.look()) return [...fallen, ...loseSight(open, rule, frame)];
      const done = applyRule(rule, world, frame);
      if (done === null) next.push(world);
      for (const { world: after, action } of done ?? []) {
        if (action.kind === "go-on") next.push(after);
        else if (action.kind === "return") fallen.push(after);
        else if (action.kind === "accept") frame.accepted.push(after);
        else if (action.kind === "translate")
          frame.accepted.push({
            ...after,
            translations: [...after.translations, { ...action.translation, rule }],
          });
        else if (action.kind === "jump" || action.kind === "goto") {
          const key = `${action.kind} ${action.chain}`;
          const jump = jumps.get(key) ?? { isGoto: action.kind === "goto", worlds: [] };
          jump.worlds.push(after);
          jumps.set(key, jump);
        } else {
          const how = "how" in action ? action.how : null;
          frame.ended.push({ kind: action.kind, rule, chain: frame.base, how, world: after });
        }
      }
    }
    for (const [key, jump] of jumps) {
      const back = follow(key.slice(key.indexOf(" ") + 1), jump.worlds, {
        rule,
        frame,
        within: [...within, name],
      });
      for (const world of back) (jump.isGoto ? fallen : next).push(world);
    }
    // Where all were passed over nothing can have become the same.
    const isUnmoved = next.length === open.length && next.every((world, at) => world === open[at]);
    open = bound(isUnmoved ? open : mergeWorlds(next, frame.record.spend), rule, frame);
  }
  return mergeWorlds([...fallen, ...open], frame.record.spend);
}

function follow(
  chain: string,
  worlds: readonly World[],
  { rule, frame, within }: Nested & { readonly rule: LoadedRule },
): World[] {
  if (!frame.table.chains.has(chain)) {
    loseSight(worlds, rule, frame, `what ${chain} does is not known`);
    return [];
  }
  // The kernel takes no such rules: following them would only take time.
  if (within.includes(chain)) {
    frame.record.giveUp("jumps go in a circle");
    return loseSight(worlds, rule, frame);
  }
  if (within.length > MOST_DEPTH) {
    frame.record.giveUp("jumps nest deeper than the kernel takes");
    return loseSight(worlds, rule, frame);
  }
  return walkRules(chain, worlds, { frame, within });
}

/** Nothing is said of what was not followed. */
function loseSight(
  worlds: readonly World[],
  rule: LoadedRule,
  frame: Frame,
  how = "the rules were not followed further",
): [] {
  for (const world of worlds) frame.ended.push({ kind: "lost-sight", rule, chain: frame.base, how, world });
  return [];
}

function bound(worlds: World[], rule: LoadedRule, frame: Frame): World[] {
  const most = frame.record.mostWorlds;
  if (worlds.length <= most) return worlds;
  frame.record.leaveOut(worlds.length - most, worlds.length);
  loseSight(worlds.slice(most), rule, frame, "it is one of more fates than were followed");
  return worlds.slice(0, most);
}
