import {
  NODES,
  OPERATOR_ADDRESS,
  TUNNEL,
  UNDERLAY_PREFIX,
  deriveMac,
  deriveNodeMac,
  derivePodIds,
  deriveTunnelMac,
  type NodeSpec,
  type PodSpec,
} from "./cluster.js";

/** Files for `ip -batch` and `bridge -batch`: one process makes all the links of a namespace. */

const join = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

/** Name of the operator's network namespace within the lab. */
const OPERATOR = "operator";

/** The underlay: a bridge with one port a node and one for the operator. The nodes' ends are named eth0. */
export function renderUnderlayBatch(): string {
  const members = [...NODES.map((node) => node.name), OPERATOR];
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

function renderPodWiring(pod: PodSpec): string[] {
  const { netns, mac, hostInterface } = derivePodIds(pod);
  const mtu = String(TUNNEL.mtuBytes);
  return [
    `netns add ${netns}`,
    `link add ${hostInterface} mtu ${mtu} address ee:ee:ee:ee:ee:ee type veth peer name eth0 mtu ${mtu} address ${mac} netns ${netns}`,
    `link set ${hostInterface} up`,
    `route add ${pod.ip}/32 dev ${hostInterface} scope link metric 1024`,
  ];
}

/**
 * A node as Felix leaves it. The default route matters: without one the kernel does not answer its pods'
 * ARP for 169.254.1.1, proxy_arp or not. The other nodes' NICs are permanent neighbours, so that a node goes on
 * sending to one that is cut off, as it would through a router.
 */
export function renderNodeBatch(node: NodeSpec): string {
  const { device, vni, port, mtuBytes } = TUNNEL;
  const mac = deriveTunnelMac(node.name);
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${node.address}/${String(UNDERLAY_PREFIX)} brd + dev eth0`,
    `route add default via ${OPERATOR_ADDRESS} dev eth0`,
    ...node.pods.flatMap(renderPodWiring),
    `link add ${device} mtu ${String(mtuBytes)} address ${mac} type vxlan id ${String(vni)} local ${node.address} dev eth0 dstport ${String(port)} nolearning`,
    `address add ${node.tunnelIp}/32 dev ${device}`,
    `link set ${device} up`,
    `route add blackhole ${node.block} proto 80`,
    ...remoteNodes(node).flatMap((remote) => [
      `neigh replace ${remote.address} lladdr ${deriveNodeMac(remote.name)} dev eth0 nud permanent`,
      `neigh replace ${remote.tunnelIp} lladdr ${deriveTunnelMac(remote.name)} dev ${device} nud permanent`,
      `route add ${remote.block} via ${remote.tunnelIp} dev ${device} onlink mtu ${String(mtuBytes)}`,
    ]),
  ]);
}

/** The VTEPs of the other nodes: which underlay address has which tunnel MAC. */
export function renderFdbBatch(node: NodeSpec): string {
  return join(
    remoteNodes(node).map(
      (remote) =>
        `fdb append ${deriveTunnelMac(remote.name)} dev ${TUNNEL.device} dst ${remote.address} self permanent`,
    ),
  );
}

/** A pod has a /32 and takes everything else to a gateway that only proxy ARP answers for. */
export function renderPodBatch(pod: PodSpec): string {
  return join([
    "link set lo up",
    "link set eth0 up",
    `address add ${pod.ip}/32 dev eth0`,
    "route add 169.254.1.1 dev eth0 scope link",
    "route add default via 169.254.1.1 dev eth0",
  ]);
}

/** Lines `path value` below /proc/sys. */
export function renderNodeSysctls(node: NodeSpec): string {
  const ofInterface = (name: string, values: Readonly<Record<string, number>>): string[] =>
    Object.entries(values).map(([key, value]) => `net/ipv4/conf/${name}/${key} ${String(value)}`);
  return join([
    "net/ipv4/ip_forward 1",
    ...["all", "default", "eth0", TUNNEL.device].flatMap((name) => ofInterface(name, { rp_filter: 0 })),
    ...node.pods.flatMap((pod) => {
      const name = derivePodIds(pod).hostInterface;
      return [
        ...ofInterface(name, { rp_filter: 0, proxy_arp: 1, forwarding: 1 }),
        `net/ipv4/neigh/${name}/proxy_delay 0`,
      ];
    }),
  ]);
}

function remoteNodes(node: NodeSpec): NodeSpec[] {
  return NODES.filter((other) => other.name !== node.name);
}

/** A MAC that belongs to nobody in the lab. */
export const STRAY_MAC = deriveMac("nobody", "02");
