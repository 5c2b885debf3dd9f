import { sysctlsOf } from "../attachment/types.js";
import type { Blueprint, Topology } from "../topology/types.js";
import { FAMILIES } from "./family.js";
import { deriveNicMac, deriveNodeMac, derivePodIds } from "./ids.js";
import { OPERATOR_ADDRESS, OUTSIDE, UNDERLAY_PREFIX } from "./make.js";
import { findNode, findPod, othersOf, type Cluster, type NodeSpec, type PodSpec } from "./types.js";

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

/** What the operator and the nodes have of IPv6 where pods have both families. */
const onUnderlay = (address: string): string =>
  `address add ${address}/${String(FAMILIES[6].underlayBits)} dev eth0 nodad`;

export function renderOperatorBatch({ carriage }: Wiring, cluster: Cluster, ipv6: Blueprint["ipv6"]): string {
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${OPERATOR_ADDRESS}/${String(UNDERLAY_PREFIX)} brd + dev eth0`,
    `link set ${BEYOND} up`,
    `address add ${OUTSIDE.gateway}/${String(OUTSIDE.prefix)} brd + dev ${BEYOND}`,
    // What nobody has is gone without a word.
    "route add blackhole default",
    ...(carriage.onOperator?.(cluster) ?? []),
    ...(ipv6 === null ? [] : [onUnderlay(FAMILIES[6].operator)]),
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
export function renderNodeBatch(
  { attachment, carriage }: Wiring,
  cluster: Cluster,
  { node, ipv6 }: { readonly node: NodeSpec; readonly ipv6: Blueprint["ipv6"] },
): string {
  const { mtuBytes, underlay = "eth0" } = carriage;
  return join([
    "link set lo up",
    ...carriage.nics.map((nic) => `link set ${nic} up`),
    `link set ${underlay} up`,
    `address add ${node.address}/${String(UNDERLAY_PREFIX)} brd + dev ${underlay}`,
    `route add default via ${OPERATOR_ADDRESS} dev ${underlay}`,
    ...othersOf(cluster, node).map(
      ({ name, address }) =>
        `neigh replace ${address} lladdr ${deriveNodeMac(name)} dev ${underlay} nud permanent`,
    ),
    ...attachment.onNode(node),
    ...node.pods.flatMap((pod) => [
      `netns add ${derivePodIds(pod).netns}`,
      ...attachment.onNodeOf(pod, { node, mtuBytes }),
    ]),
    ...carriage.onNode(cluster, node),
    ...(ipv6 === null ? [] : listIpv6(ipv6, node)),
  ]);
}

/** The second family of a node: the same once more by its other addresses, on the devices that are there. */
function listIpv6({ topology, cluster }: Blueprint, { name }: NodeSpec): string[] {
  const { attachment, carriage } = topology;
  const node = findNode(cluster, name);
  const { mtuBytes } = carriage;
  return [
    onUnderlay(node.address),
    `route add default via ${FAMILIES[6].operator} dev eth0`,
    ...othersOf(cluster, node).map(
      (other) => `neigh replace ${other.address} lladdr ${deriveNodeMac(other.name)} dev eth0 nud permanent`,
    ),
    ...attachment.onNode(node),
    ...node.pods.flatMap((pod) => attachment.onNodeOf(pod, { node, mtuBytes })),
    ...carriage.onNode(cluster, node),
  ];
}

/** The device and all that it is told go by one file: of both families where there are two. */
export function renderFdbBatch({ topology, cluster, ipv6 }: Blueprint, node: NodeSpec): string {
  const second = ipv6?.topology.carriage.fdb(ipv6.cluster, findNode(ipv6.cluster, node.name));
  return join([...topology.carriage.fdb(cluster, node), ...(second ?? [])]);
}

export function renderPodBatch({ topology, cluster, ipv6 }: Blueprint, { node, pod }: PodPlace): string {
  const twin = ipv6 === null ? undefined : findPod(ipv6.cluster, pod);
  return join([
    "link set lo up",
    "link set eth0 up",
    ...topology.attachment.inPod(pod, { node, cluster }),
    ...(ipv6 === null || twin === undefined
      ? []
      : ipv6.topology.attachment.inPod(twin.pod, { node: twin.node, cluster: ipv6.cluster })),
  ]);
}

export interface PodPlace {
  readonly node: NodeSpec;
  readonly pod: PodSpec;
}

/** Lines `path value` below /proc/sys. */
export function renderNodeSysctls({ topology, ipv6 }: Blueprint, node: NodeSpec): string {
  const { attachment, carriage } = topology;
  const devices = ["all", "default", "eth0", ...(carriage.tunnel === null ? [] : [carriage.tunnel.device])];
  return join([
    "net/ipv4/ip_forward 1",
    ...(ipv6 === null ? [] : ["net/ipv6/conf/all/forwarding 1"]),
    ...devices.flatMap((name) => sysctlsOf(name, { rp_filter: 0 })),
    ...attachment.sysctls(node),
    ...(carriage.sysctls?.() ?? []),
  ]);
}
