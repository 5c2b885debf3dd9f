import { AGENT_POLICY_NAME, AGENT_POLICY_SCRIPT } from "../linux/ebpf/agent-script.js";
import { AGENT_DROPS_NAME, AGENT_DROPS_SCRIPT } from "../linux/ebpf/drops-script.js";
import { MACHINE_NAME, MACHINE_SCRIPT } from "../linux/hardware/machine.js";
import { BRIDGE_RULES } from "../linux/sysctls.js";
import { FLOW_TRACE_NAME, FLOW_TRACE_SCRIPT } from "../linux/vswitch/flow-script.js";
import { SWITCH_TRACE_NAME, SWITCH_TRACE_SCRIPT } from "../linux/vswitch/trace-script.js";
import type { Look } from "./command.js";

/** The looks there are, one function each. Callers pass only values that `values.ts` has accepted. */

/** Every link with its state, MTU, MAC, kind and counters: ip-link(8). */
export function lookAtLinks(): Look {
  return { kind: "links", argv: ["ip", "-j", "-s", "-d", "link", "show"] };
}

export function lookAtAddresses(): Look {
  return { kind: "addresses", argv: ["ip", "-j", "address", "show"] };
}

export function lookAtRoutes(family: 4 | 6): Look {
  return { kind: "routes", argv: ["ip", "-j", `-${family}`, "route", "show", "table", "all"] };
}

export function lookAtRules(family: 4 | 6): Look {
  return { kind: "rules", argv: ["ip", "-j", `-${family}`, "rule", "show"] };
}

/** Where the kernel would send a packet to `to`; with `from` and `iif`, one that arrived on that device. */
export function lookUpRoute(to: string, options: { from?: string; iif?: string } = {}): Look {
  const from = options.from === undefined ? [] : ["from", options.from];
  const iif = options.iif === undefined ? [] : ["iif", options.iif];
  return { kind: "route-get", argv: ["ip", "-j", "route", "get", to, ...from, ...iif] };
}

export function lookAtNeighbours(device: string): Look {
  return { kind: "neighbours", argv: ["ip", "-j", "neigh", "show", "dev", device] };
}

export function lookAtFdb(device: string): Look {
  return { kind: "fdb", argv: ["bridge", "-j", "fdb", "show", "dev", device] };
}

/** Absolute values (-a), zeros too (-z), and without touching the history file of other users (-s). */
export function lookAtNstat(): Look {
  return { kind: "nstat", argv: ["nstat", "-asz", "--json"] };
}

/** The same counters where nstat is missing. */
export function lookAtSnmp(): Look {
  return { kind: "snmp", argv: ["cat", "/proc/net/snmp", "/proc/net/netstat"] };
}

/** Rules with counters. The legacy tables are another set of rules, which the nft variant does not show. */
export function lookAtIptables(family: 4 | 6): Look[] {
  const name = family === 4 ? "iptables" : "ip6tables";
  return [
    { kind: name, argv: [`${name}-save`, "-c"] },
    { kind: name, argv: [`${name}-legacy-save`, "-c"] },
  ];
}

export function lookAtNftables(): Look {
  return { kind: "nftables", argv: ["nft", "-j", "list", "ruleset"] };
}

/** The queues of all devices, and how many packets each threw away: tc(8). */
export function lookAtQueues(): Look {
  return { kind: "queues", argv: ["tc", "-j", "-s", "qdisc", "show"] };
}

/** ip_forward and rp_filter; dotted device names need the form with slashes (sysctl(8)). */
export function lookAtRpFilter(devices: readonly string[]): Look {
  const names = ["all", "default", ...devices].map((name) => `net/ipv4/conf/${name}/rp_filter`);
  return { kind: "rp-filter", argv: ["sysctl", "net/ipv4/ip_forward", ...names] };
}

/** Members of the sets that rules ask for. */
export function lookAtSets(): Look {
  return { kind: "ipsets", argv: ["ipset", "list"] };
}

/** Services of the kernel's load balancer; the file is there only where it is loaded. */
export function lookAtBalancer(): Look {
  return { kind: "ipvs", argv: ["cat", "/proc/net/ip_vs"] };
}

/** Of a tunnel: the work that its device and the NIC do for the kernel, by whose driver, and which kernel that is. */
export function lookAtOffloads(tunnel: string, nic: string): Look[] {
  return [
    ...[tunnel, nic].map((device): Look => ({ kind: "offloads", argv: ["ethtool", "-k", device] })),
    { kind: "driver", argv: ["ethtool", "-i", nic] },
    { kind: "kernel", argv: ["uname", "-r"] },
  ];
}

/** What the agent of a CNI with eBPF programs says of the policy of pods, by their addresses. */
export function lookAtAgentPolicy(ips: readonly string[]): Look {
  return { kind: "agent-policy", argv: ["sh", "-c", AGENT_POLICY_SCRIPT, AGENT_POLICY_NAME, ...ips] };
}

/** What it says its programs dropped since they were loaded. */
export function lookAtAgentDrops(): Look {
  return { kind: "agent-drops", argv: ["sh", "-c", AGENT_DROPS_SCRIPT, AGENT_DROPS_NAME] };
}

/** What a copied machine shares with the one that it was copied from. */
export function lookAtMachine(): Look {
  return { kind: "machine", argv: ["sh", "-c", MACHINE_SCRIPT, MACHINE_NAME] };
}

/** What connection tracking knows of what is sent to an address. */
export function lookAtConnections(protocol: "tcp" | "udp", ip: string): Look {
  const family = ip.includes(":") ? ["-f", "ipv6"] : [];
  return { kind: "conntrack", argv: ["conntrack", "-L", ...family, "-p", protocol, "-d", ip] };
}

export function lookAtSockets(): Look {
  return { kind: "sockets", argv: ["ss", "-Hlntu"] };
}

/** Forwarding, br_netfilter, and how full the kernel's tables are; what a kernel does not have is passed over (-e). */
export function lookAtSysctls(devices: readonly string[]): Look {
  const keys = [
    ...["net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"],
    ...devices.map((name) => `net/ipv4/conf/${name}/forwarding`),
    ...Object.values(BRIDGE_RULES),
    "net/ipv4/neigh/default/gc_thresh3",
    ...["net/netfilter/nf_conntrack_count", "net/netfilter/nf_conntrack_max"],
  ];
  return { kind: "sysctls", argv: ["sysctl", "-e", ...keys] };
}

interface SwitchedPacket {
  /** The sender's port, as the switch calls it. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  /** Of the destination. */
  readonly port: number;
}

type SwitchedProtocol = "icmp" | "icmpv6" | "tcp" | "udp";

/** What the switch's databases say becomes of a packet between two of its ports. */
export function lookAtSwitch(
  protocol: SwitchedProtocol,
  { from, to, source, target, port }: SwitchedPacket & { readonly to: string },
): Look {
  const values = [protocol, from, to, source, target, String(port)];
  return { kind: "switch-trace", argv: ["sh", "-c", SWITCH_TRACE_SCRIPT, SWITCH_TRACE_NAME, ...values] };
}

/** What the flow tables of the node's own switch do with a packet of a pod, in whose network namespace it is asked. */
export function lookAtFlows(
  protocol: SwitchedProtocol,
  { from, source, target, port }: SwitchedPacket,
): Look {
  const values = [protocol, from, source, target, String(port)];
  return { kind: "flow-trace", argv: ["sh", "-c", FLOW_TRACE_SCRIPT, FLOW_TRACE_NAME, ...values] };
}
