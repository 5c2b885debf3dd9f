import { sysctlsOf } from "../attachment/types.js";
import { deriveNicMac } from "../cluster/ids.js";
import { OPERATOR_ADDRESS, UNDERLAY_PREFIX } from "../cluster/make.js";
import { othersOf, type NodeSpec, type PodSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

/** Of the secondary interface's own routes. */
const TABLE = 2;

/** Every other pod has its address on the node's second interface, in that order. */
const nicOf = (place: number): "eth0" | "eth1" => (place % 2 === 0 ? "eth0" : "eth1");

const secondaryOf = (node: NodeSpec): PodSpec[] => node.pods.filter((_, place) => nicOf(place) === "eth1");

/** The address that a node's second interface has itself. */
const ownAddressOf = ({ address }: NodeSpec): string => address.replace(/\d+$/, (last) => `1${last}`);

/** Which interface of its node has a pod's address: the VPC knows it without being asked, so neighbours are permanent. */
function listNeighbours(nodes: readonly NodeSpec[], device: string): string[] {
  return nodes.flatMap((node) =>
    node.pods.map(
      ({ ip }, place) =>
        `neigh replace ${ip} lladdr ${deriveNicMac(node.name, nicOf(place))} dev ${device} nud permanent`,
    ),
  );
}

/**
 * A VPC's subnet: pods' addresses are the nodes' own neighbours, on one of two interfaces. What comes from a pod of the second
 * one leaves by it, to the VPC's router, which is the operator.
 */
export const VPC_CARRIAGE: Carriage = {
  tunnel: null,
  nics: ["eth0", "eth1"],
  mtuBytes: 1500,
  routeTo: () => null,
  onNode: (cluster, node) => [
    `address add ${ownAddressOf(node)}/${String(UNDERLAY_PREFIX)} dev eth1 noprefixroute`,
    `route add ${OPERATOR_ADDRESS} dev eth1 scope link table ${String(TABLE)}`,
    `route add default via ${OPERATOR_ADDRESS} dev eth1 table ${String(TABLE)}`,
    "rule add fwmark 0x80/0x80 lookup main pref 1024",
    ...secondaryOf(node).map(({ ip }) => `rule add from ${ip}/32 lookup ${String(TABLE)} pref 1536`),
    ...listNeighbours(othersOf(cluster, node), "eth0"),
  ],
  sysctls: () => ["eth0", "eth1"].flatMap((device) => sysctlsOf(device, { rp_filter: 0, arp_ignore: 1 })),
  fdb: () => [],
  onOperator: ({ nodes }) => listNeighbours(nodes, "eth0"),
};
