import { routerOf } from "../attachment/cilium.js";
import { deriveTunnelMac } from "../cluster/ids.js";
import { othersOf, type NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

const DEVICE = "cilium_vxlan";
const PORT = 8472;
const MTU_BYTES = 1450;
/** The network identity of what is sent: "world" is 2. */
const IDENTITY = 2;

const routeTo = (remote: NodeSpec): string =>
  `encap ip id ${String(IDENTITY)} dst ${remote.address} via ${routerOf(remote)} dev ${DEVICE} onlink`;

/** Cilium's one VXLAN device, which is told with each packet where it goes: here by routes in the place of eBPF. */
export const EXTERNAL_VXLAN_CARRIAGE: Carriage = {
  tunnel: { device: DEVICE, hasFdb: false, title: "VXLAN", match: { protocol: "udp", port: PORT } },
  nics: ["eth0"],
  mtuBytes: MTU_BYTES,
  routeTo,
  onNode: (cluster, node) => [
    `link add ${DEVICE} mtu ${String(MTU_BYTES)} address ${deriveTunnelMac(node)} type vxlan external dstport ${String(PORT)}`,
    `link set ${DEVICE} up`,
    ...othersOf(cluster, node).flatMap((remote) => [
      `neigh replace ${routerOf(remote)} lladdr ${deriveTunnelMac(remote)} dev ${DEVICE} nud permanent`,
      `route add ${remote.block} ${routeTo(remote)}`,
    ]),
  ],
  fdb: () => [],
};
