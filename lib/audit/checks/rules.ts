import { readChains, viewState } from "../../readings/node-rules.js";
import type { Netns } from "../../readings/reader.js";
import { formatAddress } from "../../linux/endpoint.js";
import type { BaseChain, MapElement } from "../../rules/chain.js";
import { sayConditions } from "../../rules/walk/conditions.js";
import { groupEnds, type SharedEnd } from "../../rules/walk/ends.js";
import { walkHooks, type Walk } from "../../rules/walk/path.js";
import type { World } from "../../rules/walk/world.js";
import type { AuditEvidence } from "../../model/audit/audit.js";
import { listSome, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import { walksOf, type RuleWalk } from "../walks.js";

/** The rules of nodes and pods, followed for the flow's first packet and its answer, within the tunnel and without. */
export const rules: Check = {
  name: "rules",
  title: "No rule of iptables or nftables drops the packets",
  check: (world) => {
    const chains = new Map<string, readonly BaseChain[]>();
    return walksOf(world).flatMap((one) => {
      const key = JSON.stringify(one.at);
      const own = chains.get(key) ?? readChains(world.state, one.at);
      chains.set(key, own);
      return checkWalk(world, one, own);
    });
  },
};

function checkWalk(world: AuditWorld, one: RuleWalk, chains: readonly BaseChain[]): Said[] {
  const { state } = world;
  const { at, direction, packet, steps } = one;
  const walk = walkHooks(chains, packet, { steps, node: viewState(state, at) });
  const family = packet.family === 4 ? "iptables" : "ip6tables";
  const unread = (["nftables", family] as const).filter((kind) => state.readings(at, kind).length === 0);
  const doubts = unread.map((kind) => notRead(world, at, kind, `what the ${kind} rules do`));
  const groups = groupEnds(walk);
  const isOnly = groups.length === 1;
  const ends = groups.map((group) => accuse({ world, one, walk, isOnly }, group));
  const open: Said[] = walk.givenUp.map((why) => ({
    ...{ severity: "doubt", direction, place: { ...at, device: null }, evidence: [], next: null },
    what: `not all rules were followed for ${one.what}: ${why}`,
  }));
  const said = [...ends, ...doubts, ...open];
  if (said.length > 0) return said;
  const evidence = commandsOf(world, at, family);
  return [
    {
      severity: "fine",
      direction,
      place: { ...at, device: null },
      what: `no rule drops ${one.what}`,
      evidence,
      next: null,
    },
  ];
}

interface Accused {
  readonly world: AuditWorld;
  readonly one: RuleWalk;
  readonly walk: Walk;
  /** Nothing else ends it. */
  readonly isOnly: boolean;
}

function accuse({ world: audited, one, walk, isOnly }: Accused, { end, worlds, under }: SharedEnd): Said {
  const { kind, rule, chain, how, world } = end;
  const { at, direction, what, packet } = one;
  const isCertain =
    walk.passed.length === 0 &&
    walk.givenUp.length === 0 &&
    walk.ended.every((each) => each.kind !== "lost-sight");
  const by = rule === null ? `the policy of ${chain.table.name} ${chain.name}` : `a rule of ${rule.chain}`;
  const verb = { drop: "dropped", reject: "rejected", "lost-sight": "taken out of sight" }[kind];
  // Where one rule ends all of it there is nothing left that could be otherwise.
  const conditions = isCertain && isOnly ? null : sayConditions(under);
  const onItsWay = isCertain && isOnly ? "" : sayWays(worlds);
  const clause = conditions === null ? "" : ` if ${conditions}`;
  const comments = rule === null ? [] : rule.comments();
  const named = comments.length === 0 ? "" : ` ("${comments.join('", "')}")`;
  const text = rule?.text ?? `policy drop of ${chain.name}`;
  const element = world.elements.findLast(({ map }) => map !== null);
  const from = chain.isOfNft ? "nftables" : packet.family === 4 ? "iptables" : "ip6tables";
  return {
    ...{ severity: isCertain ? "fault" : "doubt", direction, place: { ...at, device: null } },
    what: `${what} ${isCertain ? "is" : "would be"} ${verb} by ${by}${named}${sayElement(element)}${onItsWay}${clause}${how === null ? "" : `: ${how}`}`,
    evidence: [
      {
        command: audited.state.readings(at, from).map(commandOf)[0] ?? from,
        line: element === undefined ? text : `${text}, by ${String(element.map)} { ${element.text} }`,
      },
    ],
    next: isCertain
      ? "Take the rule out, or change what writes it: its comment and its chain's name say who"
      : "See whether the condition holds there: the audit cannot",
  };
}

const MOST_WAYS_TOLD = 3;

/** To which of a Service's endpoints it was on its way, where the rules themselves had chosen one. */
function sayWays(worlds: readonly World[]): string {
  const chosen = worlds.flatMap(({ translations, packet }) =>
    translations.some(({ of }) => of === "destination")
      ? [formatAddress({ ip: packet.destination.text, port: packet.destinationPort })]
      : [],
  );
  const ways = [...new Set(chosen)];
  return ways.length === 0 ? "" : ` on its way to ${listSome(ways, MOST_WAYS_TOLD)}`;
}

/** A map's name and comments say what its maker has it for, an element's comment whom it is of. */
function sayElement(element: MapElement | undefined): string {
  if (element === undefined) return "";
  const { map, mapComment, comment, text } = element;
  const said = [mapComment, comment].flatMap((one) => (one === null ? [] : [JSON.stringify(one)]));
  return `, which the map ${String(map)} leads to by ${[text, ...said].join(", ")}`;
}

function commandsOf({ state }: AuditWorld, at: Netns, family: "iptables" | "ip6tables"): AuditEvidence[] {
  return [...state.readings(at, family), ...state.readings(at, "nftables")].map((reading) => ({
    command: commandOf(reading),
    line: "no rule on the packet's way drops it",
  }));
}

/** Without what took it into a network namespace. */
function commandOf({ record: { argv } }: { readonly record: { readonly argv: readonly string[] } }): string {
  return argv.slice(argv[0] === "nsenter" ? 2 : 0).join(" ");
}
