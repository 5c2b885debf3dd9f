import { nodeEnd } from "../cluster/index.js";
import type { End } from "../model/cluster.js";
import type { FlowPath, Hop } from "../model/hops.js";
import { number } from "./trace.js";

/** A Service that is asked for by the address of a node which is not the sender's: by way of that node. */
interface DoorEnd extends End {
  readonly door: NonNullable<End["door"]> & { readonly node: string };
}

export function isByOtherNode(from: End, to: End): to is DoorEnd {
  return to.kind === "service" && to.door?.node != null && to.door.node !== from.node;
}

type Discover = (from: End, to: End) => Promise<FlowPath>;

/**
 * Two ways, one behind the other: to the door's node, which translates the packets and gives them an address of its own, and from
 * there to the backend. Answers come back through that node, which alone can translate them back.
 */
export async function discoverByDoor(from: End, to: DoorEnd, discover: Discover): Promise<FlowPath> {
  const { door, ...backend } = to;
  const { text, ip, port } = to;
  const entry = nodeEnd({ text, node: door.node, ip, port });
  const arriving = await discover(from, entry);
  // The node's own server, or a pod in its network.
  if (to.hostNetwork && to.node === door.node) return { ...arriving, to };
  const onward = await discover(entry, backend);
  const hops = join(arriving.hops, onward.hops);
  const back = [arriving, onward].some(({ replyHops }) => replyHops !== null)
    ? join(replyOf(onward), replyOf(arriving))
    : null;
  const addresses = [
    ...arriving.from.addresses,
    ...onward.from.addresses.map(({ ip }) => ({ ip, port: null })),
  ];
  const unentered = [...(arriving.unentered ?? []), ...(onward.unentered ?? [])];
  const unseen = [...(arriving.unseen ?? []), ...(onward.unseen ?? [])];
  return {
    ...{ from: { ...arriving.from, addresses: unique(addresses) }, to: { ...onward.to, door } },
    recipe: onward.recipe,
    ...{ hops: number(hops), replyHops: back === null ? null : number(back) },
    underlay: { ...arriving.underlay, ...onward.underlay },
    tunnels: { ...arriving.tunnels, ...onward.tunnels },
    notes: [...new Set([...arriving.notes, ...onward.notes])],
    parts: [arriving, onward],
    ...(unseen.length === 0 ? {} : { unseen: [...new Set(unseen)] }),
    ...(unentered.length === 0 ? {} : { unentered }),
  };
}

/** A NIC that they come in and leave by in one form is one place, whose capture shows both. */
function join(first: readonly Hop[], second: readonly Hop[]): readonly Hop[] {
  const hops = [...first];
  for (const hop of second) {
    const alike = hops.filter(({ id }) => id === hop.id);
    const isSeen = alike.some(
      (one) => JSON.stringify(one.encapsulation) === JSON.stringify(hop.encapsulation),
    );
    if (!isSeen) hops.push(alike.length === 0 ? hop : { ...hop, id: `${hop.id}.onward` });
  }
  return hops;
}

function replyOf({ hops, replyHops }: FlowPath): readonly Hop[] {
  return replyHops ?? hops.toReversed();
}

function unique(addresses: End["addresses"]): End["addresses"] {
  return [...new Map(addresses.map((one) => [one.ip, one])).values()];
}
