import { readChains, viewState } from "../../readings/node-rules.js";
import type { Netns } from "../../readings/reader.js";
import type { BaseChain, MapElement } from "../../rules/chain.js";
import type { RuleEnd } from "../../rules/walk/chain.js";
import { walkHooks, type Walk } from "../../rules/walk/path.js";
import type { AuditEvidence } from "../../model/audit/audit.js";
import { notRead, type AuditWorld, type Check, type Said } from "../check.js";
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
  const ends = walk.ended.map((end) => accuse({ world, one }, end, walk));
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

function accuse(
  { world: audited, one }: { readonly world: AuditWorld; readonly one: RuleWalk },
  { kind, rule, chain, how, world }: RuleEnd,
  walk: Walk,
): Said {
  const { at, direction, what, packet } = one;
  const isCertain =
    walk.passed.length === 0 &&
    walk.givenUp.length === 0 &&
    walk.ended.every((end) => end.kind !== "lost-sight");
  const by = rule === null ? `the policy of ${chain.table.name} ${chain.name}` : `a rule of ${rule.chain}`;
  const verb = { drop: "dropped", reject: "rejected", "lost-sight": "taken out of sight" }[kind];
  const conditions = world.conditions.map(({ text }) => text);
  const clause = conditions.length === 0 ? "" : ` if ${conditions.join(" and ")}`;
  const comments = rule === null ? [] : rule.comments();
  const named = comments.length === 0 ? "" : ` ("${comments.join('", "')}")`;
  const text = rule?.text ?? `policy drop of ${chain.name}`;
  const element = world.elements.findLast(({ map }) => map !== null);
  const from = chain.isOfNft ? "nftables" : packet.family === 4 ? "iptables" : "ip6tables";
  return {
    ...{ severity: isCertain ? "fault" : "doubt", direction, place: { ...at, device: null } },
    what: `${what} ${isCertain ? "is" : "would be"} ${verb} by ${by}${named}${sayElement(element)}${clause}${how === null ? "" : `: ${how}`}`,
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
