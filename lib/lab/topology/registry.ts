import { HopbookError } from "../../errors.js";
import { AWS_ATTACHMENT } from "../attachment/aws.js";
import { BRIDGE_ATTACHMENT } from "../attachment/bridge.js";
import { CALICO_ATTACHMENT } from "../attachment/calico.js";
import { CALICO_IPV6_ATTACHMENT } from "../attachment/calico-ipv6.js";
import { CILIUM_ATTACHMENT } from "../attachment/cilium.js";
import { OVN_ATTACHMENT } from "../attachment/ovn.js";
import { PTP_ATTACHMENT } from "../attachment/ptp.js";
import { EXTERNAL_GENEVE_CARRIAGE, EXTERNAL_VXLAN_CARRIAGE } from "../carriage/external.js";
import { IPIP_CARRIAGE } from "../carriage/ipip-carriage.js";
import { OVN_CARRIAGE } from "../carriage/ovn.js";
import { makeRoutes } from "../carriage/routes.js";
import type { Carriage } from "../carriage/types.js";
import { VPC_CARRIAGE } from "../carriage/vpc.js";
import { makeVxlan } from "../carriage/vxlan-carriage.js";
import { WIREGUARD_CARRIAGE } from "../carriage/wireguard-carriage.js";
import type { AddressPlan } from "../cluster/types.js";
import { renderAws } from "../rules/aws.js";
import { renderCilium } from "../rules/cilium.js";
import { renderFelix } from "../rules/felix.js";
import { renderFlannel } from "../rules/flannel.js";
import { renderKindnet } from "../rules/kindnet.js";
import { renderOvn } from "../rules/ovn.js";
import { OVN } from "../switch/ovn.js";
import { LAB_TOPOLOGIES, isLabTopology, type LabTopology } from "../topologies.js";
import type { Topology } from "./types.js";

/** Blocks as Calico's IPAM gives them: /26 of a /16, none beside another. */
const CALICO_ADDRESSES: AddressPlan = {
  pool: "192.168.0.0/16",
  blocks: ["192.168.174.128/26", "192.168.218.64/26", "192.168.131.0/26"],
  firstPod: 1,
};

/** The nodes' podCIDRs, as the controller manager gives them. */
const NODE_CIDRS: AddressPlan = {
  pool: "10.244.0.0/16",
  blocks: ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"],
  firstPod: 2,
};

/** Cilium's own pool, of which each node has a /24. */
const CILIUM_ADDRESSES: AddressPlan = {
  pool: "10.0.0.0/16",
  blocks: ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"],
  firstPod: 2,
};

/** Of the subnet that the nodes are in, which is the VPC's. */
const VPC_ADDRESSES: AddressPlan = {
  pool: "10.77.0.0/16",
  blocks: ["10.77.0.32/28", "10.77.0.48/28", "10.77.0.64/28"],
  firstPod: 1,
};

function makeCalico(carriage: Carriage): Topology {
  return {
    addresses: CALICO_ADDRESSES,
    attachment: CALICO_ATTACHMENT,
    carriage,
    rules: (cluster, node) => renderFelix(cluster, node, carriage.tunnel),
    policies: "felix",
    cni: {
      name: "k8s-pod-network",
      plugins: [{ datastore_type: "kubernetes", ipam: { type: "calico-ipam" }, mtu: 0, type: "calico" }],
    },
  };
}

/** Blocks of Calico's IPv6 pool are /122. */
const CALICO_IPV6_ADDRESSES: AddressPlan = {
  pool: "fd00:192::/48",
  blocks: ["fd00:192:0:ae80::/122", "fd00:192:0:da40::/122", "fd00:192:0:8300::/122"],
  firstPod: 1,
};

/** What VXLAN within IPv6 leaves of 1500; one MTU stands for both of Calico's devices. */
const IPV6_MTU_BYTES = 1430;

function makeDualCalico(): Topology {
  const wire = {
    vni: 4096,
    port: 4789,
    routeWords: ` mtu ${String(IPV6_MTU_BYTES)}`,
    mtuBytes: IPV6_MTU_BYTES,
  };
  const six = makeCalico(makeVxlan({ ...wire, device: "vxlan-v6.calico" }));
  return {
    ...makeCalico(makeVxlan({ ...wire, device: "vxlan.calico" })),
    ipv6: { ...six, addresses: CALICO_IPV6_ADDRESSES, attachment: CALICO_IPV6_ATTACHMENT },
  };
}

function makeFlannel(carriage: Carriage): Topology {
  return {
    addresses: NODE_CIDRS,
    attachment: BRIDGE_ATTACHMENT,
    carriage,
    rules: renderFlannel,
    cni: {
      name: "cbr0",
      plugins: [{ type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } }],
    },
  };
}

function makeCilium(carriage: Carriage): Topology {
  return {
    addresses: CILIUM_ADDRESSES,
    attachment: CILIUM_ATTACHMENT,
    carriage,
    rules: renderCilium,
    cni: { name: "cilium", plugins: [{ type: "cilium-cni", "enable-debug": false }] },
  };
}

const CALICO_VXLAN = makeCalico(
  makeVxlan({ device: "vxlan.calico", vni: 4096, port: 4789, routeWords: " mtu 1450" }),
);
const FLANNEL_VXLAN = makeFlannel(makeVxlan({ device: "flannel.1", vni: 1, port: 8472 }));

const TOPOLOGIES: Readonly<Record<LabTopology, Topology>> = {
  "calico-vxlan": CALICO_VXLAN,
  "calico-ipip": makeCalico(IPIP_CARRIAGE),
  "calico-same-node": { ...CALICO_VXLAN, placement: "one-node" },
  "calico-none": makeCalico(makeRoutes(" proto bird")),
  "calico-dual-stack": makeDualCalico(),
  "flannel-vxlan": FLANNEL_VXLAN,
  "flannel-same-node": { ...FLANNEL_VXLAN, placement: "one-node" },
  "flannel-host-gw": makeFlannel(makeRoutes()),
  "flannel-wireguard": makeFlannel(WIREGUARD_CARRIAGE),
  "cilium-vxlan": makeCilium(EXTERNAL_VXLAN_CARRIAGE),
  "cilium-geneve": makeCilium(EXTERNAL_GENEVE_CARRIAGE),
  ovn: {
    addresses: { ...NODE_CIDRS, firstPod: 3 },
    attachment: OVN_ATTACHMENT,
    carriage: OVN_CARRIAGE,
    rules: renderOvn,
    vswitch: OVN,
    cni: { name: "ovn-kubernetes", plugins: [{ type: "ovn-k8s-cni-overlay", ipam: {}, dns: {} }] },
  },
  "aws-vpc": {
    addresses: VPC_ADDRESSES,
    attachment: AWS_ATTACHMENT,
    carriage: VPC_CARRIAGE,
    rules: renderAws,
    cni: { name: "aws-cni", plugins: [{ type: "aws-cni", vethPrefix: "eni", mtu: "1500" }] },
  },
  kindnet: {
    addresses: NODE_CIDRS,
    attachment: PTP_ATTACHMENT,
    carriage: makeRoutes(),
    rules: renderKindnet,
    cni: { name: "kindnet", plugins: [{ type: "ptp", ipMasq: false, ipam: { type: "host-local" } }] },
  },
};

/** Throws USAGE for a name there is not. */
export function findTopology(name: string): Topology {
  if (isLabTopology(name)) return TOPOLOGIES[name];
  throw new HopbookError("USAGE", `Cannot build a lab: current topology is "${name}"`, {
    hint: `The topologies are ${Object.keys(LAB_TOPOLOGIES).join(", ")}`,
  });
}
