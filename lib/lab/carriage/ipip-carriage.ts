import { othersOf, type NodeSpec } from "../cluster/types.js";
import { IPIP_PROGRAM } from "./tunnel-program.js";
import type { Carriage } from "./types.js";

const DEVICE = "tunl0";
const MTU_BYTES = 1480;

const routeTo = (remote: NodeSpec): string => `via ${remote.address} dev ${DEVICE} proto bird onlink`;

/** One device to all nodes, as Calico uses it: each route's next hop is the node itself. */
export const IPIP_CARRIAGE: Carriage = {
  tunnel: {
    device: DEVICE,
    hasFdb: false,
    title: "IPIP",
    match: { protocol: "ipencap", port: null },
    program: IPIP_PROGRAM,
  },
  nics: ["eth0"],
  mtuBytes: MTU_BYTES,
  routeTo,
  onNode: (cluster, node) => [
    `link set ${DEVICE} mtu ${String(MTU_BYTES)}`,
    `address add ${node.tunnelIp}/32 dev ${DEVICE}`,
    `link set ${DEVICE} up`,
    ...othersOf(cluster, node).map((remote) => `route add ${remote.block} ${routeTo(remote)}`),
  ],
  fdb: () => [],
};
