import { sysctlsOf } from "../attachment/types.js";
import type { Topology } from "../topology/types.js";
import { deriveNicMac, deriveNodeMac, derivePodIds } from "./ids.js";
import { OPERATOR_ADDRESS, OUTSIDE, UNDERLAY_PREFIX } from "./make.js";
import { othersOf, type Cluster, type NodeSpec, type PodSpec } from "./types.js";

/** Files for `ip -batch` and `bridge -batch`: one process makes all the links of a namespace. */

const join = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Name of the operator's network namespace within the lab. */
const OPERATOR = "operator";
/** And of the host beyond it. */
const BEYOND = "outside";

type Wiring = Pick<Topology, "attachment" | "carriage">;

/** The underlay: a bridge with a port for each of the nodes' NICs and one for the operator, behind which is one more host. */
export function renderUnderlayBatch({ carriage }: Wiring, { nodes }: Cluster): string {
  const members = [...nodes.map((node) => node.name), OPERATOR];
  const ports = [
    ...nodes.flatMap((node) => carriage.nics.map((nic) => ({ member: node.name, nic }))),
    { member: OPERATOR, nic: "eth0" },
  ].map(({ member, nic }) => ({ member, nic, port: namePort(member, nic) }));
  return join([
    ...members.map((member) => `netns add ${member}`),
    "link add underlay type bridge",
    ...ports.map(
      ({ member, nic, port }) =>
        `link add ${port} type veth peer name ${nic} address ${deriveNicMac(member, nic)} netns ${member}`,
    ),
    ...ports.map(({ port }) => `link set ${port} master underlay up`),
    "link set underlay up",
    `netns add ${BEYOND}`,
    `link add ${BEYOND} type veth peer name eth0 netns ${BEYOND}`,
    `link set ${BEYOND} netns ${OPERATOR}`,
  ]);
}

/** The bridge's end of a device on the underlay. */
export function namePort(member: string, nic: string): string {
  return nic === "eth0" ? member : `${member}.${nic}`;
}

export function renderOperatorBatch({ carriage }: Wiring, cluster: Cluster): string {
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${OPERATOR_ADDRESS}/${String(UNDERLAY_PREFIX)} brd + dev eth0`,
    `link set ${BEYOND} up`,
    `address add ${OUTSIDE.gateway}/${String(OUTSIDE.prefix)} brd + dev ${BEYOND}`,
    // What nobody has is gone without a word.
    "route add blackhole default",
    ...(carriage.onOperator?.(cluster) ?? []),
  ]);
}

export function renderOutsideBatch(): string {
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${OUTSIDE.address}/${String(OUTSIDE.prefix)} brd + dev eth0`,
    `route add default via ${OUTSIDE.gateway} dev eth0`,
  ]);
}

/** Lines `path value` below /proc/sys; a router that says nothing of what it does. */
export function renderOperatorSysctls(): string {
  return join([
    "net/ipv4/ip_forward 1",
    ...sysctlsOf("all", { send_redirects: 0 }),
    ...sysctlsOf("eth0", { send_redirects: 0 }),
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
    ...carriage.nics.map((nic) => `link set ${nic} up`),
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
    ...(carriage.sysctls?.() ?? []),
  ]);
}
