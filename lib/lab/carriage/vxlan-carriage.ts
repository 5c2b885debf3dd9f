import { asHost } from "../cluster/family.js";
import { deriveTunnelMac } from "../cluster/ids.js";
import { othersOf, type NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

interface VxlanOptions {
  readonly device: string;
  readonly vni: number;
  readonly port: number;
  /** Words after the route to another node's block, as the CNI writes them. */
  readonly routeWords?: string;
  /** Default: what VXLAN within IPv4 leaves of 1500. */
  readonly mtuBytes?: number;
}

const MTU_BYTES = 1450;

/** One VXLAN device whose neighbours and VTEPs are static: Calico's and Flannel's way. */
export function makeVxlan({
  device,
  vni,
  port,
  routeWords = "",
  mtuBytes = MTU_BYTES,
}: VxlanOptions): Carriage {
  const routeTo = (remote: NodeSpec): string => `via ${remote.tunnelIp} dev ${device} onlink${routeWords}`;
  return {
    tunnel: {
      device,
      hasFdb: true,
      title: "VXLAN",
      match: { protocol: "udp", port },
    },
    nics: ["eth0"],
    mtuBytes,
    routeTo,
    onNode: (cluster, node) => [
      `link add ${device} mtu ${String(mtuBytes)} address ${deriveTunnelMac(node)} type vxlan id ${String(vni)} local ${node.address} dev eth0 dstport ${String(port)} nolearning`,
      `address add ${asHost(node.tunnelIp)} dev ${device}`,
      `link set ${device} up`,
      ...othersOf(cluster, node).flatMap((remote) => [
        `neigh replace ${remote.tunnelIp} lladdr ${deriveTunnelMac(remote)} dev ${device} nud permanent`,
        `route add ${remote.block} ${routeTo(remote)}`,
      ]),
    ],
    // Which underlay address has which tunnel MAC.
    fdb: (cluster, node) =>
      othersOf(cluster, node).map(
        (remote) =>
          `fdb append ${deriveTunnelMac(remote)} dev ${device} dst ${remote.address} self permanent`,
      ),
  };
}
