import { createHash } from "node:crypto";
import { NODES, POD_POOL, TUNNEL, nameHostInterface, type NodeSpec } from "./cluster.js";

/**
 * The chains of Calico's Felix, with its names, marks and comments: each rule carries a "cali:" comment of 16
 * characters, which is a hash of the rule and of those before it.
 */

const ACCEPT = "0x10000/0x10000";
const PASS = "0x20000/0x20000";

/** Adds Felix's hash comments to the rules of one chain. */
function sign(chain: string, bodies: readonly string[]): string[] {
  let seed = chain;
  return bodies.map((body) => {
    const digest = createHash("sha224").update(`${seed}\n${body}`).digest();
    seed = digest.toString("hex");
    return `-A ${chain} -m comment --comment "cali:${digest.toString("base64url").slice(0, 16)}" ${body}`;
  });
}

const say = (comment: string): string => `-m comment --comment "${comment}"`;

/** What a workload's chain does after conntrack: no policy applies, its namespace's profile accepts. */
function renderProfiles(prefix: "cali-pri" | "cali-pro"): string[] {
  return ["kns.shop", "ksa.shop.default"]
    .flatMap((profile) => [
      `-j ${prefix}-${profile}`,
      `${say("Return if profile accepted")} -m mark --mark ${ACCEPT} -j RETURN`,
    ])
    .concat(`${say("Drop if no profiles matched")} -j DROP`);
}

const CONNTRACK = [
  "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  "-m conntrack --ctstate INVALID -j DROP",
  "-j MARK --set-xmark 0x0/0x30000",
];

function renderWorkload(hostInterface: string): Record<string, string[]> {
  return {
    [`cali-tw-${hostInterface}`]: [...CONNTRACK, ...renderProfiles("cali-pri")],
    [`cali-fw-${hostInterface}`]: [
      ...CONNTRACK,
      `-p udp ${say("Drop VXLAN encapped packets originating in workloads")} -m multiport --dports ${String(TUNNEL.port)} -j DROP`,
      `-p ipencap ${say("Drop IPinIP encapped packets originating in workloads")} -j DROP`,
      ...renderProfiles("cali-pro"),
    ],
  };
}

function renderProfileChains(): Record<string, string[]> {
  const accept = (direction: string): string[] => [
    `${say(`Profile kns.shop ${direction}`)} -j MARK --set-xmark ${ACCEPT}`,
    `-m mark --mark ${ACCEPT} -j RETURN`,
  ];
  return {
    "cali-pri-kns.shop": accept("ingress"),
    "cali-pro-kns.shop": accept("egress"),
    "cali-pri-ksa.shop.default": [say("Profile ksa.shop.default ingress")],
    "cali-pro-ksa.shop.default": [say("Profile ksa.shop.default egress")],
  };
}

function renderFilterChains(node: NodeSpec): Record<string, string[]> {
  const interfaces = node.pods.map(nameHostInterface);
  const vteps = NODES.filter((other) => other.name !== node.name).map((other) => other.address);
  return {
    "cali-FORWARD": [
      "-j MARK --set-xmark 0x0/0xe0000",
      "-m mark --mark 0x0/0x10000 -j cali-from-hep-forward",
      "-i cali+ -j cali-from-wl-dispatch",
      "-o cali+ -j cali-to-wl-dispatch",
      "-j cali-to-hep-forward",
      "-j cali-cidr-block",
    ],
    "cali-INPUT": [
      ...vteps.map(
        (vtep) =>
          `-s ${vtep}/32 -p udp ${say("Allow IPv4 VXLAN packets from allowed hosts")} -m multiport --dports ${String(TUNNEL.port)} -m addrtype --dst-type LOCAL -j ACCEPT`,
      ),
      `-p udp ${say("Drop IPv4 VXLAN packets from non-allowed hosts")} -m multiport --dports ${String(TUNNEL.port)} -m addrtype --dst-type LOCAL -j DROP`,
      "-i cali+ -g cali-wl-to-host",
      `-m mark --mark ${ACCEPT} -j ACCEPT`,
      "-j MARK --set-xmark 0x0/0xf0000",
      "-j cali-from-host-endpoint",
      `${say("Host endpoint policy accepted packet.")} -m mark --mark ${ACCEPT} -j ACCEPT`,
    ],
    "cali-OUTPUT": [
      `-m mark --mark ${ACCEPT} -j ACCEPT`,
      "-o cali+ -j RETURN",
      ...vteps.map(
        (vtep) =>
          `-d ${vtep}/32 -p udp ${say("Allow IPv4 VXLAN packets to other allowed hosts")} -m multiport --dports ${String(TUNNEL.port)} -m addrtype --src-type LOCAL -j ACCEPT`,
      ),
      "-j MARK --set-xmark 0x0/0xf0000",
      "-m conntrack ! --ctstate DNAT -j cali-to-host-endpoint",
    ],
    "cali-from-wl-dispatch": [
      ...interfaces.map((name) => `-i ${name} -g cali-fw-${name}`),
      `${say("Unknown interface")} -j DROP`,
    ],
    "cali-to-wl-dispatch": [
      ...interfaces.map((name) => `-o ${name} -g cali-tw-${name}`),
      `${say("Unknown interface")} -j DROP`,
    ],
    "cali-wl-to-host": [
      "-j cali-from-wl-dispatch",
      `${say("Configured DefaultEndpointToHostAction")} -j ACCEPT`,
    ],
    "cali-from-hep-forward": [],
    "cali-to-hep-forward": [],
    "cali-from-host-endpoint": [],
    "cali-to-host-endpoint": [],
    "cali-cidr-block": [],
    ...renderProfileChains(),
    ...Object.fromEntries(interfaces.flatMap((name) => Object.entries(renderWorkload(name)))),
  };
}

export interface TablePart {
  readonly chains: string[];
  /** Jumps from the built-in chains that come before everybody else's. */
  readonly first: string[];
  readonly rules: string[];
  /** Rules of the built-in chains that come after everybody else's. */
  readonly last: string[];
}

function assemble(chains: Record<string, string[]>): Pick<TablePart, "chains" | "rules"> {
  return {
    chains: Object.keys(chains),
    rules: Object.entries(chains).flatMap(([chain, bodies]) => sign(chain, bodies)),
  };
}

export function renderFelixFilter(node: NodeSpec): TablePart {
  return {
    ...assemble(renderFilterChains(node)),
    first: ["INPUT", "FORWARD", "OUTPUT"].flatMap((chain) => sign(chain, [`-j cali-${chain}`])),
    last: sign("FORWARD", [
      `${say("Policy explicitly accepted packet.")} -m mark --mark ${ACCEPT} -j ACCEPT`,
      `-j MARK --set-xmark ${ACCEPT}`,
    ]),
  };
}

export function renderFelixNat(): TablePart {
  return {
    ...assemble({
      "cali-PREROUTING": ["-j cali-fip-dnat"],
      "cali-OUTPUT": ["-j cali-fip-dnat"],
      "cali-POSTROUTING": [
        "-j cali-fip-snat",
        "-j cali-nat-outgoing",
        `-o ${TUNNEL.device} -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE --random-fully`,
      ],
      "cali-fip-dnat": [],
      "cali-fip-snat": [],
      "cali-nat-outgoing": [`-s ${POD_POOL} ! -d ${POD_POOL} -j MASQUERADE --random-fully`],
    }),
    first: ["PREROUTING", "OUTPUT", "POSTROUTING"].flatMap((chain) => sign(chain, [`-j cali-${chain}`])),
    last: [],
  };
}

/** Mark that policies of a tier pass packets on with; the fault that plays a NetworkPolicy uses it. */
export const TIER_PASS_MARK = PASS;
export const ACCEPT_MARK = ACCEPT;
