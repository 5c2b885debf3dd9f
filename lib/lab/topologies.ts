/** The clusters that the lab can build, and what each is, for people. */
export const LAB_TOPOLOGIES = {
  "calico-vxlan": "Calico with VXLAN",
  "calico-ipip": "Calico with IPIP",
  "calico-none": "Calico without encapsulation",
  "calico-same-node": "Calico with VXLAN, the servers on the client's own node",
  "flannel-vxlan": "Flannel with VXLAN",
  "flannel-same-node": "Flannel with VXLAN, the servers on the client's own node: one bridge",
  "flannel-host-gw": "Flannel with routes alone (host-gw)",
  "flannel-wireguard": "Flannel with WireGuard: between the nodes only sizes and times can be read",
  "cilium-vxlan": "Cilium with VXLAN: its devices and routes, without eBPF",
  "cilium-geneve": "Cilium with Geneve: its devices and routes, without eBPF",
  ovn: "OVN-Kubernetes' local gateway: real Open vSwitch in user space, real OVN",
  "aws-vpc": "AWS VPC CNI: pods with addresses of the nodes' subnet, on one of two interfaces",
  kindnet: "kindnet: routes alone, each pod by a veth of its own",
  "calico-dual-stack": "Calico with VXLAN, pods of both IP families, each in tunnels of its own",
} as const;

export type LabTopology = keyof typeof LAB_TOPOLOGIES;

export const DEFAULT_TOPOLOGY: LabTopology = "calico-vxlan";

export function isLabTopology(text: string): text is LabTopology {
  return Object.hasOwn(LAB_TOPOLOGIES, text);
}
