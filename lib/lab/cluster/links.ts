import { sysctlsOf } from "../attachment/types.js";
import type { Topology } from "../topology/types.js";
import { deriveNodeMac, derivePodIds } from "./ids.js";
import { OPERATOR_ADDRESS, UNDERLAY_PREFIX } from "./make.js";
import { othersOf, type Cluster, type NodeSpec, type PodSpec } from "./types.js";

/** Files for `ip -batch` and `bridge -batch`: one process makes all the links of a namespace. */

const join = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Name of the operator's network namespace within the lab. */
const OPERATOR = "operator";

type Wiring = Pick<Topology, "attachment" | "carriage">;

/** The underlay: a bridge with one port a node and one for the operator. The nodes' ends are named eth0. */
export function renderUnderlayBatch({ nodes }: Cluster): string {
  const members = [...nodes.map((node) => node.name), OPERATOR];
  return join([
    ...members.map((member) => `netns add ${member}`),
    "link add underlay type bridge",
    ...members.map(
      (member) =>
        `link add ${member} type veth peer name eth0 address ${deriveNodeMac(member)} netns ${member}`,
    ),
    ...members.map((member) => `link set ${member} master underlay up`),
    "link set underlay up",
  ]);
}

export function renderOperatorBatch(): string {
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${OPERATOR_ADDRESS}/${String(UNDERLAY_PREFIX)} brd + dev eth0`,
  ]);
}

/**
 * A node as its CNI leaves it. The other nodes' NICs are permanent neighbours, so that a node goes on sending to one
 * that is cut off, as it would through a router.
 */
export function renderNodeBatch({ attachment, carriage }: Wiring, cluster: Cluster, node: NodeSpec): string {
  const { mtuBytes } = carriage;
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${node.address}/${String(UNDERLAY_PREFIX)} brd + dev eth0`,
    `route add default via ${OPERATOR_ADDRESS} dev eth0`,
    ...othersOf(cluster, node).map(
      ({ name, address }) => `neigh replace ${address} lladdr ${deriveNodeMac(name)} dev eth0 nud permanent`,
    ),
    ...attachment.onNode(node),
    ...node.pods.flatMap((pod) => [
      `netns add ${derivePodIds(pod).netns}`,
      ...attachment.onNodeOf(pod, { node, mtuBytes }),
    ]),
    ...carriage.onNode(cluster, node),
  ]);
}

export function renderFdbBatch({ carriage }: Wiring, cluster: Cluster, node: NodeSpec): string {
  return join(carriage.fdb(cluster, node));
}

export function renderPodBatch({ attachment }: Wiring, cluster: Cluster, at: PodPlace): string {
  const { node, pod } = at;
  return join(["link set lo up", "link set eth0 up", ...attachment.inPod(pod, { node, cluster })]);
}

export interface PodPlace {
  readonly node: NodeSpec;
  readonly pod: PodSpec;
}

/** Lines `path value` below /proc/sys. */
export function renderNodeSysctls({ attachment, carriage }: Wiring, node: NodeSpec): string {
  const devices = ["all", "default", "eth0", ...(carriage.tunnel === null ? [] : [carriage.tunnel.device])];
  return join([
    "net/ipv4/ip_forward 1",
    ...devices.flatMap((name) => sysctlsOf(name, { rp_filter: 0 })),
    ...attachment.sysctls(node),
  ]);
}
