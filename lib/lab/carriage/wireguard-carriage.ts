import { othersOf } from "../cluster/types.js";
import type { Carriage } from "./types.js";
import { WIREGUARD_LINK, WIREGUARD_PROGRAM } from "./wireguard-program.js";

const DEVICE = "flannel-wg";
/** What WireGuard leaves of 1500, by either family underneath. */
const MTU_BYTES = 1420;

const routeTo = (): string => `dev ${DEVICE} scope link`;

/** One device to all nodes, which knows by itself whose blocks are where: Flannel's way. */
export const WIREGUARD_CARRIAGE: Carriage = {
  tunnel: {
    device: DEVICE,
    hasFdb: false,
    title: "WireGuard",
    match: { protocol: "udp", port: 51_820 },
    program: WIREGUARD_PROGRAM,
    shownAs: WIREGUARD_LINK,
  },
  nics: ["eth0"],
  mtuBytes: MTU_BYTES,
  routeTo,
  onNode: (cluster, node) => [
    `link set ${DEVICE} mtu ${String(MTU_BYTES)}`,
    `address add ${node.tunnelIp}/32 dev ${DEVICE}`,
    `link set ${DEVICE} up`,
    ...othersOf(cluster, node).map((remote) => `route add ${remote.block} ${routeTo()}`),
  ],
  fdb: () => [],
};
