import { routerOf } from "../attachment/cilium.js";
import { deriveTunnelMac } from "../cluster/ids.js";
import { othersOf, type NodeSpec } from "../cluster/types.js";
import { GENEVE_LINK, GENEVE_PROGRAM } from "./geneve-program.js";
import type { Carriage, Tunnel } from "./types.js";

/** What both encapsulations leave of 1500, in IPv4. */
const MTU_BYTES = 1450;
/** The network identity of what is sent: "world" is 2. */
const IDENTITY = 2;

/**
 * Cilium's one tunnel device, which is told with each packet where it goes: here by routes in the place of eBPF. `making`: words
 * of `ip link add`, where the kernel makes it.
 */
function makeExternal(
  tunnel: Omit<Tunnel, "hasFdb">,
  making?: (device: string, port: number | null) => string,
): Carriage {
  const { device } = tunnel;
  const routeTo = (remote: NodeSpec): string =>
    `encap ip id ${String(IDENTITY)} dst ${remote.address} via ${routerOf(remote)} dev ${device} onlink`;
  return {
    tunnel: { ...tunnel, hasFdb: false },
    nics: ["eth0"],
    mtuBytes: MTU_BYTES,
    routeTo,
    onNode: (cluster, node) => [
      ...(making === undefined ? [] : [making(device, tunnel.match.port)]),
      `link set ${device} mtu ${String(MTU_BYTES)} address ${deriveTunnelMac(node)}`,
      `link set ${device} up`,
      ...othersOf(cluster, node).flatMap((remote) => [
        `neigh replace ${routerOf(remote)} lladdr ${deriveTunnelMac(remote)} dev ${device} nud permanent`,
        `route add ${remote.block} ${routeTo(remote)}`,
      ]),
    ],
    fdb: () => [],
  };
}

export const EXTERNAL_VXLAN_CARRIAGE = makeExternal(
  { device: "cilium_vxlan", title: "VXLAN", match: { protocol: "udp", port: 8472 } },
  (device, port) => `link add ${device} type vxlan external dstport ${String(port)}`,
);

export const EXTERNAL_GENEVE_CARRIAGE = makeExternal({
  device: "cilium_geneve",
  title: "Geneve",
  match: { protocol: "udp", port: 6081 },
  program: GENEVE_PROGRAM,
  shownAs: GENEVE_LINK,
});
