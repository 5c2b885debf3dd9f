import { deriveTunnelMac } from "../cluster/ids.js";
import { othersOf, type NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

interface VxlanOptions {
  readonly device: string;
  readonly vni: number;
  readonly port: number;
  /** Words after the route to another node's block, as the CNI writes them. */
  readonly routeWords?: string;
}

const MTU_BYTES = 1450;

/** One VXLAN device whose neighbours and VTEPs are static: Calico's and Flannel's way. */
export function makeVxlan({ device, vni, port, routeWords = "" }: VxlanOptions): Carriage {
  const routeTo = (remote: NodeSpec): string => `via ${remote.tunnelIp} dev ${device} onlink${routeWords}`;
  return {
    tunnel: {
      device,
      hasFdb: true,
      title: "VXLAN",
      match: { protocol: "udp", port },
    },
    nics: ["eth0"],
    mtuBytes: MTU_BYTES,
    routeTo,
    onNode: (cluster, node) => [
      `link add ${device} mtu ${String(MTU_BYTES)} address ${deriveTunnelMac(node.name)} type vxlan id ${String(vni)} local ${node.address} dev eth0 dstport ${String(port)} nolearning`,
      `address add ${node.tunnelIp}/32 dev ${device}`,
      `link set ${device} up`,
      ...othersOf(cluster, node).flatMap((remote) => [
        `neigh replace ${remote.tunnelIp} lladdr ${deriveTunnelMac(remote.name)} dev ${device} nud permanent`,
        `route add ${remote.block} ${routeTo(remote)}`,
      ]),
    ],
    // Which underlay address has which tunnel MAC.
    fdb: (cluster, node) =>
      othersOf(cluster, node).map(
        (remote) =>
          `fdb append ${deriveTunnelMac(remote.name)} dev ${device} dst ${remote.address} self permanent`,
      ),
  };
}
