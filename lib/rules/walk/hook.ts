import type { Hook } from "../../linux/ruleset.js";
import type { BaseChain } from "../chain.js";
import type { Packet } from "../packet.js";
import { addressOf } from "../packet.js";
import { walkBase, type RuleEnd, type Walking } from "./chain.js";
import { mergeWorlds, type MadeTranslation, type World } from "./world.js";

/** Connection tracking looks at packets here: include/uapi/linux/netfilter_ipv4.h. */
const CONNTRACK_PRIORITY = -200;
const MOST_NAT_CHAINS = 64;

interface HookWalk {
  readonly passed: readonly World[];
  readonly ended: readonly RuleEnd[];
}

export type HookFamily = BaseChain["families"][number];

/** A packet through all chains of a hook, in the order of their priorities. */
export function walkHook(
  chains: readonly BaseChain[],
  worlds: readonly World[],
  { family, ...walking }: Walking & { readonly family: HookFamily },
): HookWalk {
  const { hook, inDevice, outDevice } = walking.place;
  const own = chains
    .filter(
      (chain) =>
        chain.hook === hook && chain.families.includes(family) && isOfDevice(chain, [inDevice, outDevice]),
    )
    .sort((one, other) => one.priority - other.priority);
  const ended: RuleEnd[] = [];
  let open: readonly World[] = worlds;
  for (const chain of own) {
    const isEarly = chain.priority < CONNTRACK_PRIORITY && ["prerouting", "output"].includes(hook);
    const asked = chain.isNat ? open.filter((world) => isAsked(world, hook)) : open;
    const aside = chain.isNat ? open.filter((world) => !isAsked(world, hook)) : [];
    const shown = isEarly ? asked.map(withoutTracking) : asked;
    const walk = walkBase(chain, shown, walking);
    for (const end of walk.ended) ended.push(end);
    const back = isEarly ? walk.accepted.map((world) => withTracking(world, asked)) : walk.accepted;
    open = mergeWorlds([...aside, ...back.map((world) => translate(world))], walking.record.spend);
  }
  return { passed: open, ended };
}

function isOfDevice({ devices }: BaseChain, around: readonly unknown[]): boolean {
  return (
    devices.length === 0 || around.some((device) => typeof device === "string" && devices.includes(device))
  );
}

/** Chains of translations see a connection's first packet, until one of them has translated it. */
function isAsked({ packet, translations }: World, hook: Hook): boolean {
  const { state } = packet.connection;
  const of = hook === "postrouting" || hook === "input" ? "source" : "destination";
  if (translations.length >= MOST_NAT_CHAINS) return false;
  return (
    (state === "new" || state === "related" || state === null) && !translations.some((made) => made.of === of)
  );
}

/** Before connection tracking has looked, a packet's state is that of none. */
function withoutTracking(world: World): World {
  return { ...world, packet: withState(world.packet, "invalid") };
}

function withTracking(world: World, before: readonly World[]): World {
  const { state } = world.packet.connection;
  const real = before[0]?.packet.connection.state ?? null;
  return state === "untracked" ? world : { ...world, packet: withState(world.packet, real) };
}

function withState(packet: Packet, state: Packet["connection"]["state"]): Packet {
  return { ...packet, connection: { ...packet.connection, state } };
}

/** The packet as its last translation leaves it. */
function translate(world: World): World {
  const made = world.translations.at(-1);
  if (made === undefined || isDone(world.packet, made)) return world;
  const { packet } = world;
  const { source, sourcePort, destination, destinationPort } = packet;
  const [address, port] = made.of === "source" ? [source, sourcePort] : [destination, destinationPort];
  const to = {
    address: (made.ip === null ? undefined : addressOf(made.ip)) ?? address,
    port: made.port ?? port,
  };
  // What is translated to what it is has no word of it in its status (nf_nat_setup_info).
  const isChanged = to.port !== port || to.address.text !== address.text;
  const isOther = isChanged || (made.isOneOf ? null : false);
  const { connection } = packet;
  const changed: Packet =
    made.of === "source"
      ? {
          ...{ ...packet, source: to.address, sourcePort: to.port },
          connection: { ...connection, isSourceTranslated: isOther },
        }
      : {
          ...{ ...packet, destination: to.address, destinationPort: to.port },
          connection: { ...connection, isDestinationTranslated: isOther },
        };
  return { ...world, packet: changed };
}

function isDone({ connection }: Packet, { of }: MadeTranslation): boolean {
  return (of === "source" ? connection.isSourceTranslated : connection.isDestinationTranslated) === true;
}
