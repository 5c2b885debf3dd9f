import { routerOf } from "../attachment/ovn.js";
import { sysctlsOf } from "../attachment/types.js";
import { deriveMac } from "../cluster/ids.js";
import type { NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

/** The node's own port of its switch, and its address there: the block's third one. */
export const MANAGEMENT_PORT = "ovn-k8s-mp0";
export const EXTERNAL_BRIDGE = "br-ex";

const MTU_BYTES = 1400;

export function managementOf(node: NodeSpec): { readonly ip: string; readonly mac: string } {
  return {
    ip: node.tunnelIp.replace(/\d+$/, (last) => String(Number(last) + 2)),
    mac: deriveMac(`management ${node.name}`, "0a"),
  };
}

/** Geneve by Open vSwitch itself, in user space: no device stands for it, and its packets are seen at the NIC alone. */
export const OVN_CARRIAGE: Carriage = {
  tunnel: null,
  nics: ["eth0"],
  underlay: EXTERNAL_BRIDGE,
  mtuBytes: MTU_BYTES,
  routeTo: () => null,
  onNode(cluster, node) {
    const { ip, mac } = managementOf(node);
    return [
      `link set ${MANAGEMENT_PORT} address ${mac} mtu ${String(MTU_BYTES)}`,
      `link set ${MANAGEMENT_PORT} up`,
      `address add ${ip}/24 brd + dev ${MANAGEMENT_PORT}`,
      `route add ${cluster.pool} via ${routerOf(node)} dev ${MANAGEMENT_PORT}`,
    ];
  },
  sysctls: () => [EXTERNAL_BRIDGE, MANAGEMENT_PORT].flatMap((device) => sysctlsOf(device, { rp_filter: 0 })),
  fdb: () => [],
};
