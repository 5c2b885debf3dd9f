import type { Hook } from "../../linux/ruleset.js";
import type { BaseChain } from "../chain.js";
import type { Device, NodeView } from "../node.js";
import type { Packet } from "../packet.js";
import type { RuleEnd } from "./chain.js";
import { walkHook, type HookFamily } from "./hook.js";
import { WalkRecord, type MatchedRule } from "./record.js";
import type { World } from "./world.js";

/** One hook that a packet comes by, and the devices that rules are told there. */
export interface HookStep {
  readonly hook: Hook;
  readonly family: HookFamily;
  readonly inDevice: Device;
  readonly outDevice: Device;
  readonly inPort?: string | null;
  readonly outPort?: string | null;
}

export interface Walk {
  /** Worlds in which the packet comes out of the last hook. Empty: it cannot. */
  readonly passed: readonly World[];
  readonly ended: readonly RuleEnd[];
  readonly matched: readonly MatchedRule[];
  /** `table chain` of all chains that it came to. */
  readonly chains: readonly string[];
  /** Why not all was followed; empty: all was. */
  readonly givenUp: readonly string[];
}

/**
 * A packet through the rules of the hooks that it comes by, in their order. Where a rule is in doubt there are both outcomes,
 * each with its conditions; nothing is guessed.
 */
export function walkHooks(
  chains: readonly BaseChain[],
  packet: Packet,
  { steps, node }: { readonly steps: readonly HookStep[]; readonly node: NodeView },
): Walk {
  const record = new WalkRecord();
  let worlds: readonly World[] = [{ packet, conditions: null, translations: [], elements: [] }];
  const ended: RuleEnd[] = [];
  for (const { family, inPort = null, outPort = null, ...where } of steps) {
    if (worlds.length === 0) break;
    const walk = walkHook(chains, worlds, { family, place: { ...where, inPort, outPort, node }, record });
    for (const end of walk.ended) ended.push(end);
    worlds = walk.passed;
  }
  const { matched, chains: entered, givenUp } = record;
  return { passed: worlds, ended, matched, chains: entered, givenUp };
}
