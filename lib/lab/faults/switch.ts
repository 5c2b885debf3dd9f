import type { NodeSpec, PodSpec } from "../cluster/types.js";
import { portOf } from "../switch/ovn.js";
import type { Fault, FaultStep } from "./types.js";
import { lostAfter, nodePlace, type FaultWorld } from "./world.js";

interface Acl {
  readonly on: NodeSpec;
  readonly direction: "from-lport" | "to-lport";
  readonly match: string;
  /** Of the NetworkPolicy that it stands for. */
  readonly policy: string;
}

const PRIORITY = "1001";

/** What OVN-Kubernetes writes for a NetworkPolicy; its ACLs are not logged unless the namespace asks for it. */
function addAcl({ near }: FaultWorld, { on, direction, match, policy }: Acl): FaultStep {
  const way = direction === "to-lport" ? "Ingress" : "Egress";
  const owner = {
    "k8s.ovn.org/owner-type": "NetworkPolicy",
    "k8s.ovn.org/name": policy,
    direction: way,
  };
  const words = {
    ...{ direction, action: "drop", match, name: `NP:${policy}:${way}` },
    ...Object.fromEntries(Object.entries(owner).map(([key, value]) => [`external_ids:"${key}"`, value])),
  };
  const texts = Object.entries(words).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  // As OVN-Kubernetes has it of egress: a Service's address is its endpoint's by then.
  const stage = direction === "to-lport" ? [] : ["options:apply-after-lb=true"];
  const set = [`priority=${PRIORITY}`, ...stage, ...texts];
  const add = ["--", "add", "Logical_Switch", on.name, "acls", "@acl"];
  return {
    place: nodePlace(near),
    probe: { argv: ["ovn-nbctl", "acl-list", on.name] },
    isOn: (seen) => seen.stdout.includes(`(${match})`),
    on: [{ argv: ["ovn-nbctl", "--wait=hv", "--", "--id=@acl", "create", "ACL", ...set, ...add] }],
    off: [{ argv: ["ovn-nbctl", "--wait=hv", "acl-del", on.name, direction, PRIORITY, match] }],
  };
}

const deny = (on: NodeSpec, pod: PodSpec): Acl => ({
  ...{ on, direction: "to-lport", policy: `${pod.namespace}:deny-${pod.name}` },
  match: `outport == "${portOf(pod)}" && ip4`,
});

const COOKIE = "0xbad";

/** A flow that OVN knows nothing of, in the first table of the node's own switch, as an operator's trial leaves it. */
function addFlow({ near, clients }: FaultWorld): FaultStep {
  const flows = clients.map(({ ip }) => `cookie=${COOKIE},table=0,priority=200,ip,nw_src=${ip},actions=drop`);
  return {
    place: nodePlace(near),
    probe: { argv: ["ovs-ofctl", "dump-flows", "br-int", `cookie=${COOKIE}/-1`] },
    isOn: (seen) => seen.stdout.includes(`cookie=${COOKIE}`),
    on: flows.map((flow) => ({ argv: ["ovs-ofctl", "add-flow", "br-int", flow] })),
    off: [{ argv: ["ovs-ofctl", "del-flows", "br-int", `cookie=${COOKIE}/-1`] }],
  };
}

/** Faults of the logical switches, where the kernel's own tables have no say. */
export function listSwitchFaults(world: FaultWorld): Fault[] {
  const { near, far, servers } = world;
  return [
    {
      name: "acl-ingress-drop-b",
      title: `A NetworkPolicy's ACL on ${far.name}'s switch denies ingress to shop/web and shop/dns`,
      signature: lostAfter(world, "request", { node: far, role: "nic" }),
      causeCode: "switch-acl-drop",
      steps: servers.map((pod) => addAcl(world, deny(far, pod))),
    },
    {
      name: "acl-egress-drop-a",
      title: `A NetworkPolicy's ACL on ${near.name}'s switch denies egress to ${far.name}'s pods`,
      signature: lostAfter(world, "request", { node: near, role: "host-veth" }),
      causeCode: "switch-acl-drop",
      steps: [
        addAcl(world, {
          ...{ on: near, direction: "from-lport", policy: "shop:no-egress" },
          match: `ip4.src == ${near.block} && ip4.dst == ${far.block}`,
        }),
      ],
    },
    {
      name: "flow-drop-a",
      title: `A flow that nobody's policy made, in ${near.name}'s own switch, drops what shop/client sends`,
      signature: lostAfter(world, "request", { node: near, role: "host-veth" }),
      causeCode: "switch-flow-drop",
      steps: [addFlow(world)],
    },
  ];
}
