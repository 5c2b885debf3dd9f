import { routerOf } from "../attachment/ovn.js";
import { EXTERNAL_BRIDGE, MANAGEMENT_PORT, managementOf } from "../carriage/ovn.js";
import { deriveMac, deriveNodeMac, derivePodIds } from "../cluster/ids.js";
import { othersOf, type Cluster, type NodeSpec, type PodSpec } from "../cluster/types.js";
import type { Switch } from "./types.js";

/** As OVN-Kubernetes names what it makes. */
const CLUSTER_ROUTER = "ovn_cluster_router";
const SOUTHBOUND_PORT = 6642;

export const portOf = ({ namespace, name }: Pick<PodSpec, "namespace" | "name">): string =>
  `${namespace}_${name}`;
const managementPortOf = ({ name }: NodeSpec): string => `k8s-${name}`;
const routerMacOf = ({ name }: NodeSpec): string => deriveMac(`router ${name}`, "0a");
const bits = ({ block }: NodeSpec): string => block.split("/")[1] ?? "24";

const words = (commands: readonly (readonly string[])[]): string =>
  `${commands.map((command) => command.map((word) => `"${word}"`).join(" ")).join(" -- ")}\n`;

const port = (of: NodeSpec, name: string, addresses: string): string[][] => [
  ["lsp-add", of.name, name],
  ["lsp-set-addresses", name, addresses],
];

/** A node's switch, with its pods, its own port and the router's. What leaves the cluster goes by its own port. */
function listLogical({ services }: Cluster, node: NodeSpec): string[][] {
  const { ip, mac } = managementOf(node);
  const [toSwitch, toRouter] = [`rtos-${node.name}`, `stor-${node.name}`];
  return [
    ["ls-add", node.name],
    ["lrp-add", CLUSTER_ROUTER, toSwitch, routerMacOf(node), `${routerOf(node)}/${bits(node)}`],
    ...port(node, toRouter, "router"),
    ["lsp-set-type", toRouter, "router"],
    ["lsp-set-options", toRouter, `router-port=${toSwitch}`],
    ...port(node, managementPortOf(node), `${mac} ${ip}`),
    ...node.pods.flatMap((pod) => port(node, portOf(pod), `${derivePodIds(pod).mac} ${pod.ip}`)),
    ["--policy=src-ip", "lr-route-add", CLUSTER_ROUTER, node.block, ip],
    ...services.map(({ name, port: of }) => ["ls-lb-add", node.name, `${name}/${of}`]),
  ];
}

function listNorthbound(cluster: Cluster): string[][] {
  return [
    ["lr-add", CLUSTER_ROUTER],
    ...cluster.services.map(({ name, port: of, clusterIp, clusterPort, endpoint, protocol }) => [
      ...["lb-add", `${name}/${of}`, `${clusterIp}:${String(clusterPort)}`],
      ...[`${endpoint.ip}:${String(endpoint.port)}`, protocol],
    ]),
    ...cluster.nodes.flatMap((node) => listLogical(cluster, node)),
  ];
}

/** The bridges in user space, with the NIC and the node's own port. */
function listBridges({ near }: Cluster, node: NodeSpec): string[][] {
  const settings = {
    "system-id": node.name,
    "ovn-remote": `tcp:${near.address}:${String(SOUTHBOUND_PORT)}`,
    "ovn-encap-type": "geneve",
    "ovn-encap-ip": node.address,
    "ovn-bridge-datapath-type": "netdev",
  };
  const bridge = (name: string, ...more: string[]): string[][] => [
    ["add-br", name],
    ["set", "Bridge", name, "datapath_type=netdev", ...more],
  ];
  return [
    [
      "set",
      "Open_vSwitch",
      ".",
      ...Object.entries(settings).map(([key, value]) => `external_ids:${key}=${value}`),
    ],
    ...bridge("br-int", "fail_mode=secure"),
    ...bridge(EXTERNAL_BRIDGE, `other-config:hwaddr=${deriveNodeMac(node.name)}`),
    ["add-port", EXTERNAL_BRIDGE, "eth0"],
    ["add-port", "br-int", MANAGEMENT_PORT],
    ["set", "Interface", MANAGEMENT_PORT, "type=internal", `external_ids:iface-id=${managementPortOf(node)}`],
  ];
}

function listPorts({ pods }: NodeSpec): string[][] {
  return pods.flatMap((pod) => {
    const { sandboxId, uid } = derivePodIds(pod);
    const ids = { "iface-id": portOf(pod), "iface-id-ver": uid, sandbox: sandboxId };
    return [
      ["add-port", "br-int", pod.hostInterface],
      [
        "set",
        "Interface",
        pod.hostInterface,
        ...Object.entries(ids).map(([key, value]) => `external_ids:${key}=${value}`),
      ],
    ];
  });
}

/** OVN, its databases on the near node. Neighbours of the tunnels are told, so that no first packet waits for an answer. */
export const OVN: Switch = {
  files: (cluster, node) => ({
    bridges: words(listBridges(cluster, node)),
    ports: words(listPorts(node)),
    interfaces: [MANAGEMENT_PORT, ...node.pods.map(({ hostInterface }) => hostInterface)]
      .map((name) => `${name}\n`)
      .join(""),
    neighbours: othersOf(cluster, node)
      .map(({ name, address }) => `${EXTERNAL_BRIDGE} ${address} ${deriveNodeMac(name)}\n`)
      .join(""),
    ...(node === cluster.near
      ? { northbound: words(listNorthbound(cluster)), remote: `ptcp:${String(SOUTHBOUND_PORT)}\n` }
      : {}),
  }),
};
