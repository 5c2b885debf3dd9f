import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { weighGrowth, type Weight } from "../growth.js";
import { parseIptables } from "../../../linux/iptables.js";
import { parseNftables } from "../../../linux/nft/nftables.js";
import type { Place, Rule, Ruleset } from "../../../linux/ruleset.js";
import { reachChains } from "../../../linux/ruleset.js";
import type { Spot } from "../spot.js";
import type { Netns } from "../../../readings/reader.js";
import { describeNetns } from "../../../readings/reader.js";
import { commentOf } from "../naming.js";
import { summarise } from "../wording.js";
import { couldMatch, namesFlow } from "./match.js";
import { findMissingRule, findPolicyDoubt } from "./missing-rule.js";
import { namePolicy } from "./policy.js";
import { findWouldDrop } from "./would-drop.js";

const KERNEL = { reasons: ["NETFILTER_DROP"], locations: ["nft_do_chain", "ipt_do_table", "nf_hook_slow"] };

/** A rule that drops or rejects, stands on the packets' way, could match them, and counted what was lost. */
export const netfilter: Detector = {
  causes: {
    "netfilter-drop": {
      title: "A firewall rule or policy dropped the packets",
      ...KERNEL,
      alone: "a firewall rule dropped the packets; no rule's counter tells which",
    },
    "no-local-endpoint": {
      title:
        "A Service's traffic policy of Local dropped the packets on purpose: the node has none of its pods",
      ...KERNEL,
    },
    "rejected-by-netfilter": { title: "A firewall rule answered with a refusal", ...KERNEL },
  },
  detect: detectNetfilter,
};

function detectNetfilter(given: DetectorInput): readonly Candidate[] {
  const { spot, input } = given;
  if (spot.netns === null || spot.hooks.length === 0 || input.lostCount === 0) return [];
  const at = spot.netns;
  const found = readRulesets(given, at).map((pair) => compare(given, pair));
  // No counter spoke: a rule without one may still be told by its text.
  if (found.every((set) => set.length === 0)) {
    const told = findWouldDrop(given, at);
    return told.length === 0 ? findPolicyDoubt(given) : told;
  }
  const top = Math.max(...found.flat().map(({ weight }) => weight.strength));
  // The first set of rules that says most: others show the same rules once more.
  const best = found
    .map((set) => set.filter(({ weight }) => weight.strength === top))
    .filter((set) => set.length > 0)
    .slice(0, 1)
    .flat();
  const named = best.filter(({ rule }) => namesFlow(rule, given));
  const chosen = named.length > 0 ? named : best;
  if (top === 0) return chosen.slice(0, 2).map((suspect) => doubt(at, suspect));
  return chosen.slice(0, 1).map((first) => accuse(first, { at, suspects: chosen }));
}

interface Pair {
  readonly before: Ruleset;
  readonly after: Ruleset;
}

interface Suspect {
  readonly rule: Rule;
  readonly verdict: "drop" | "reject";
  readonly weight: Weight;
  readonly policy: ReturnType<typeof namePolicy>;
  readonly missing: ReturnType<typeof findMissingRule>;
  readonly comment: string | null;
}

/** iptables first: its text is what people wrote, where nft shows the same rules once more. */
function readRulesets({ state }: DetectorInput, at: Netns): Pair[] {
  return (["iptables", "ip6tables", "nftables"] as const).flatMap((kind) => {
    const parse = kind === "nftables" ? parseNftables : parseIptables;
    const before = state.readings(at, kind, { phase: "before" });
    return state.readings(at, kind).flatMap((after) => {
      const same = before.find((other) => other.record.argv.join(" ") === after.record.argv.join(" "));
      return same === undefined ? [] : [{ before: parse(same.text), after: parse(after.text) }];
    });
  });
}

function compare(given: DetectorInput, { before, after }: Pair): Suspect[] {
  const { input } = given;
  const { namings = [] } = input;
  const counted = new Map(before.rules.map((rule) => [rule.key, rule.packets ?? 0]));
  const growthOf = (rule: Rule): number => (rule.packets ?? 0) - (counted.get(rule.key) ?? 0);
  const reach = new Map<DetectorInput["input"]["flow"], ReturnType<typeof reachChains>>();
  const reachOf = (one: DetectorInput): ReturnType<typeof reachChains> => {
    const known = reach.get(one.input.flow) ?? reachChains(after, (matches) => couldMatch(matches, one));
    reach.set(one.input.flow, known);
    return known;
  };
  return after.rules.flatMap((rule): Suspect[] => {
    const { verdict } = rule;
    if (verdict === null || (input.status === "rejected" && verdict !== "reject")) return [];
    const counts = (one: DetectorInput): boolean => {
      const place = reachOf(one).get(`${rule.table} ${rule.chain}`);
      return place !== undefined && isOnWay(place, one.spot) && couldMatch(rule.matches, one);
    };
    if (!counts(given)) return [];
    const growth = growthOf(rule);
    const code = verdict === "drop" ? "netfilter-drop" : "rejected-by-netfilter";
    const weight = weighGrowth(growth, given, { code, counts, isOwn: namesFlow(rule, given) });
    if (weight === null) return [];
    const alike = after.rules.filter((other) => growthOf(other) === growth);
    const policy = namePolicy(rule, alike, namings);
    const missing = policy?.direction == null ? null : findMissingRule(given, policy.direction);
    return [{ rule, verdict, weight, policy, missing, comment: commentOf(rule, namings) }];
  });
}

/** Whether packets at the spot come by the place: a chain of a device (netdev) sees that device's only. */
function isOnWay({ hooks, devices }: Place, { hooks: passed, inDevice, outDevice }: Spot): boolean {
  if (!passed.some((hook) => hooks.has(hook))) return false;
  return devices.size === 0 || [inDevice, outDevice].some((device) => device !== null && devices.has(device));
}

function accuse(first: Suspect, { at, suspects }: { at: Netns; suspects: readonly Suspect[] }): Candidate {
  const { rule, verdict, weight, policy, missing, comment } = first;
  const who = suspects.length === 1 ? nameRule(rule) : `one of ${suspects.length} rules in ${rule.chain}`;
  return {
    code: policy?.code ?? (verdict === "drop" ? "netfilter-drop" : "rejected-by-netfilter"),
    summary: summarise(
      `${describeNetns(at)}: ${who} ${verdict === "drop" ? "drops" : "rejects"} the packets`,
      [
        ...(comment === null ? [] : [`"${comment}"`]),
        ...(policy === null ? [] : [missing?.missing ?? policy.text]),
      ],
    ),
    evidence: suspects
      .slice(0, 4)
      .flatMap((suspect) => [
        `${describeNetns(at)}: ${suspect.rule.text}`,
        `its counter ${suspect.weight.text}`,
        ...(suspect.comment === null ? [] : [`its comment: ${suspect.comment}`]),
        ...(suspect.policy === null ? [] : [suspect.policy.text]),
        ...(suspect.missing?.evidence ?? []),
      ]),
    strength: weight.strength,
  };
}

/** Worth a look, and no cause: the counter does not say that it was these packets. */
function doubt(at: Netns, suspect: Suspect): Candidate {
  const summary = `${describeNetns(at)}: the counter of ${nameRule(suspect.rule)} ${suspect.weight.text}: ${suspect.rule.text}`;
  return { ...accuse(suspect, { at, suspects: [suspect] }), summary };
}

function nameRule(rule: Rule): string {
  return rule.isPolicy ? `the DROP policy of ${rule.chain}` : `rule in ${rule.chain}`;
}
