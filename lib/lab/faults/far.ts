import { NODES, OPERATOR_ADDRESS, TUNNEL, nameHostInterface, type PodSpec } from "../calico-vxlan/cluster.js";
import { ACCEPT_MARK, TIER_PASS_MARK } from "../calico-vxlan/felix.js";
import { addTable, insertRule, setSysctl } from "./commands.js";
import { LOST_ON_UNDERLAY } from "./near.js";
import type { Fault, FaultStep } from "./types.js";

/** Faults on the receiver's node. */

const [near, far] = NODES;
const port = String(TUNNEL.port);

const lostAfter = (role: "nic" | "tunnel"): Fault["signature"] => ({
  direction: "request",
  lastSeen: { node: far.name, role },
  firstMissing: { node: far.name, role: role === "nic" ? "tunnel" : "host-veth" },
  verdict: "lost",
  affects: "all",
});

/** The far NIC loses its carrier: the bridge's end of the link goes down, node-b's own settings stay. */
const UNPLUG: FaultStep = {
  place: "underlay",
  probe: { argv: ["ip", "-o", "link", "show", far.name] },
  isOn: (seen) => !/<[^>]*\bUP\b[^>]*>/.test(seen.stdout),
  on: [{ argv: ["ip", "link", "set", far.name, "down"] }],
  off: [{ argv: ["ip", "link", "set", far.name, "up"] }],
};

/** The ingress hook comes before IP: taps still see the packet. */
const INGRESS = [
  "  chain ingress {",
  '    type filter hook ingress device "eth0" priority 0; policy accept;',
  `    udp dport ${port} counter drop comment "edge filter: no VXLAN from outside"`,
  "  }",
].join("\n");

/**
 * What Felix writes for a NetworkPolicy that selects the pod and allows nothing: the tier's rules between the
 * conntrack rules (1 to 3) and the profiles of the workload's chain.
 */
function denyIngress(pod: PodSpec): FaultStep {
  const chain = `cali-tw-${nameHostInterface(pod)}`;
  const policy = `cali-pi-knp/${pod.namespace}/deny-${pod.name}`;
  const say = (comment: string): string => `-m comment --comment "${comment}"`;
  const rules = [
    `${say("cali:Xs2W3YVxZ2xTfq1M")} ${say("Start of tier default")} -j MARK --set-xmark 0x0/0x20000`,
    `${say("cali:9HnTnC1fO2nrtl6K")} -m mark --mark 0x0/0x20000 -j ${policy}`,
    `${say("cali:1Ff5mTyVJzDqh0uW")} ${say("Return if policy accepted")} -m mark --mark ${ACCEPT_MARK} -j RETURN`,
    `${say("cali:dNs5Rd2dYpEBMRm4")} ${say("End of tier default. Drop if no policies passed packet")} -m mark --mark ${TIER_PASS_MARK.replace("0x20000/", "0x0/")} -j DROP`,
  ];
  const name = `KubernetesNetworkPolicy ${pod.namespace}/deny-${pod.name} ingress`;
  const restore = (lines: readonly string[]): { argv: string[]; stdin: string } => ({
    argv: ["iptables-restore", "-w", "5", "--noflush"],
    stdin: `*filter\n${lines.join("\n")}\nCOMMIT\n`,
  });
  return {
    place: "node-b",
    probe: { argv: ["iptables", "-w", "5", "-n", "-L", policy] },
    isOn: (seen) => seen.exitCode === 0,
    on: [
      restore([
        `:${policy} - [0:0]`,
        `-A ${policy} ${say("cali:uG0MLm7fQFEQ4Q2v")} ${say(name)}`,
        ...rules.map((rule, index) => `-I ${chain} ${String(4 + index)} ${rule}`),
      ]),
    ],
    off: [restore([...rules.map((rule) => `-D ${chain} ${rule}`), `-F ${policy}`, `-X ${policy}`])],
  };
}

/** The pod's /32 goes; its block's blackhole route takes the packets. */
function removeRoute(pod: PodSpec): FaultStep {
  const route = [`${pod.ip}/32`, "dev", nameHostInterface(pod), "scope", "link", "metric", "1024"];
  return {
    place: "node-b",
    probe: { argv: ["ip", "route", "show", "exact", `${pod.ip}/32`] },
    isOn: (seen) => seen.exitCode === 0 && seen.stdout.trim() === "",
    on: [{ argv: ["ip", "route", "del", ...route] }],
    off: [{ argv: ["ip", "route", "add", ...route] }],
  };
}

/** Half of node-a's block, its pods included, seems to live behind the NIC: what the tunnel brings looks spoofed. */
const ASYMMETRY: FaultStep = {
  place: "node-b",
  probe: { argv: ["ip", "route", "show", "exact", near.block.replace("/26", "/27")] },
  isOn: (seen) => seen.stdout.trim() !== "",
  on: [
    {
      argv: ["ip", "route", "add", near.block.replace("/26", "/27"), "via", OPERATOR_ADDRESS, "dev", "eth0"],
    },
  ],
  off: [
    {
      argv: ["ip", "route", "del", near.block.replace("/26", "/27"), "via", OPERATOR_ADDRESS, "dev", "eth0"],
    },
  ],
};

const comment = (text: string): string[] => ["-m", "comment", "--comment", text, "-j", "DROP"];

export const FAR_FAULTS: readonly Fault[] = [
  {
    name: "nic-down-b",
    title: "node-b's NIC has no carrier",
    signature: LOST_ON_UNDERLAY,
    causeCode: "link-down",
    steps: [UNPLUG],
  },
  {
    name: "nic-ingress-drop-b",
    title: "nftables drops VXLAN at the ingress hook of node-b's NIC",
    signature: lostAfter("nic"),
    causeCode: "netfilter-drop",
    steps: [addTable("node-b", { family: "netdev", name: "edge", body: INGRESS })],
  },
  {
    name: "tunnel-input-drop-b",
    title: "INPUT drop of the tunnel's port on node-b",
    signature: lostAfter("nic"),
    causeCode: "netfilter-drop",
    steps: [
      insertRule("node-b", "INPUT", [
        "-p",
        "udp",
        "--dport",
        port,
        ...comment("host-firewall: default deny"),
      ]),
    ],
  },
  {
    name: "forward-drop-b",
    title: "A NetworkPolicy on node-b denies ingress to shop/web and shop/dns",
    signature: lostAfter("tunnel"),
    causeCode: "netfilter-drop",
    steps: far.pods.map(denyIngress),
  },
  {
    name: "pod-route-missing-b",
    title: "node-b has no route to the pods shop/web and shop/dns",
    signature: lostAfter("tunnel"),
    causeCode: "route-missing",
    steps: far.pods.map(removeRoute),
  },
  {
    name: "rp-filter-b",
    title: "Strict rp_filter on node-b's tunnel, and a route to node-a's pods by the NIC",
    signature: lostAfter("tunnel"),
    causeCode: "rp-filter",
    steps: [
      ASYMMETRY,
      setSysctl("node-b", `net/ipv4/conf/${TUNNEL.device}/rp_filter`, { on: "1", off: "0" }),
    ],
  },
  {
    name: "reply-drop-b",
    title: "FORWARD drop on node-b of what its pods send",
    signature: {
      direction: "reply",
      lastSeen: { node: far.name, role: "host-veth" },
      firstMissing: { node: far.name, role: "tunnel" },
      verdict: "lost",
      affects: "all",
    },
    causeCode: "netfilter-drop",
    steps: [
      insertRule("node-b", "FORWARD", [
        ...["-s", far.block, "-d", near.block],
        ...comment("site-hardening: no egress from this block"),
      ]),
    ],
  },
];
