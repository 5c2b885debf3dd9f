import type { Tunnel } from "../carriage/types.js";
import { OPERATOR_ADDRESS } from "../cluster/make.js";
import { asHost } from "../cluster/family.js";
import type { PodSpec } from "../cluster/types.js";
import { addTable, insertRule, setSysctl } from "./commands.js";
import { denyByForward, denyLikeFelix } from "./policy.js";
import type { Fault, FaultStep } from "./types.js";
import { lostAfter, nodePlace, type FaultWorld } from "./world.js";

/** Faults on the receiver's node. */

/** The ingress hook comes before IP: taps still see the packet. */
function dropAtIngress({ far, near, tunnel, topology, words: { nft } }: FaultWorld): FaultStep {
  const [match, what] =
    tunnel === null ? [`${nft} saddr ${near.block}`, "pods"] : [matchForNft(tunnel), tunnel.title];
  const devices = topology.carriage.nics.map((nic) => `"${nic}"`).join(", ");
  const body = [
    "  chain ingress {",
    `    type filter hook ingress devices = { ${devices} } priority 0; policy accept;`,
    `    ${match} counter drop comment "edge filter: no ${what} from outside"`,
    "  }",
  ].join("\n");
  return addTable(nodePlace(far), { family: "netdev", name: "edge", body });
}

function matchForNft({ match }: Tunnel): string {
  return match.port === null ? "ip protocol 4" : `${match.protocol} dport ${String(match.port)}`;
}

/** The pod's own route goes. */
function removeRoute({ far, words: { ip } }: FaultWorld, pod: PodSpec, way: string): FaultStep {
  const route = [asHost(pod.ip), ...way.split(" ")];
  return {
    place: nodePlace(far),
    probe: { argv: [...ip, "route", "show", "exact", asHost(pod.ip)] },
    isOn: (seen) => seen.exitCode === 0 && seen.stdout.trim() === "",
    on: [{ argv: [...ip, "route", "del", ...route] }],
    off: [{ argv: [...ip, "route", "add", ...route] }],
  };
}

/** Half of the near node's block, its pods included, seems to live behind the NIC: what the tunnel brings looks spoofed. */
function makeAsymmetric({ near, far }: FaultWorld): FaultStep {
  const half = near.block.replace(/\d+$/, (bits) => String(Number(bits) + 1));
  const route = (action: string): { argv: string[] } => ({
    argv: ["ip", "route", action, half, "via", OPERATOR_ADDRESS, "dev", "eth0"],
  });
  return {
    place: nodePlace(far),
    probe: { argv: ["ip", "route", "show", "exact", half] },
    isOn: (seen) => seen.stdout.trim() !== "",
    on: [route("add")],
    off: [route("del")],
  };
}

const comment = (text: string): string[] => ["-m", "comment", "--comment", text, "-j", "DROP"];

function listTunnelFaults(world: FaultWorld, { device, title, match }: Tunnel): Fault[] {
  const { far, words } = world;
  const { iptables } = words;
  const port = match.port === null ? [] : ["--dport", String(match.port)];
  return [
    {
      name: "tunnel-input-drop-b",
      title: `INPUT drop of ${title} on ${far.name}`,
      signature: lostAfter(world, "request", { node: far, role: "nic" }),
      causeCode: "netfilter-drop",
      steps: [
        insertRule(nodePlace(far), "INPUT", {
          iptables,
          match: ["-p", match.protocol, ...port, ...comment("host-firewall: default deny")],
        }),
      ],
    },
    ...(words.family === 4 ? [listRpFilter(world, device)] : []),
  ];
}

/** The kernel asks the source's route of IPv4 alone. */
function listRpFilter(world: FaultWorld, device: string): Fault {
  const { far } = world;
  return {
    name: "rp-filter-b",
    title: `Strict rp_filter on ${far.name}'s tunnel, and a route to node-a's pods by the NIC`,
    signature: lostAfter(world, "request", { node: far, role: "tunnel" }),
    causeCode: "rp-filter",
    steps: [
      makeAsymmetric(world),
      setSysctl(nodePlace(far), `net/ipv4/conf/${device}/rp_filter`, { on: "1", off: "0" }),
    ],
  };
}

function listRouteFaults(world: FaultWorld): Fault[] {
  const { far, servers, entry, topology } = world;
  const steps = servers.flatMap((pod) => {
    const words = topology.attachment.podRoute(pod);
    return words === null ? [] : [removeRoute(world, pod, words)];
  });
  if (steps.length === 0) return [];
  return [
    {
      name: "pod-route-missing-b",
      title: `${far.name} has no route to the pods shop/web and shop/dns`,
      signature: lostAfter(world, "request", { node: far, role: entry }),
      causeCode: "route-missing",
      steps,
    },
  ];
}

/** Before the node's routing has what came for its pods. */
function listArrivalFaults(world: FaultWorld): Fault[] {
  const { near, far, tunnel } = world;
  return [
    {
      name: "nic-ingress-drop-b",
      title: `nftables drops ${tunnel?.title ?? `what ${near.name}'s pods send`} at the ingress hook of ${far.name}'s NIC`,
      signature: lostAfter(world, "request", { node: far, role: "nic" }),
      causeCode: "netfilter-drop",
      steps: [dropAtIngress(world)],
    },
    ...(tunnel === null ? [] : listTunnelFaults(world, tunnel)),
  ];
}

export function listFarFaults(world: FaultWorld): Fault[] {
  const { near, far, isOneNode, servers, entry, door, topology, words } = world;
  const isFelix = topology.policies === "felix";
  return [
    ...(isOneNode ? [] : listArrivalFaults(world)),
    {
      name: "forward-drop-b",
      title: `${isFelix ? "A NetworkPolicy" : "A rule in FORWARD"} on ${far.name} denies ingress to shop/web and shop/dns`,
      signature: lostAfter(world, "request", { node: far, role: entry }),
      causeCode: "netfilter-drop",
      steps: servers.map((pod) => (isFelix ? denyLikeFelix(far, pod) : denyByForward(far, pod))),
    },
    {
      name: "reply-drop-b",
      title: `FORWARD drop on ${far.name} of what shop/web and shop/dns send`,
      signature: lostAfter(world, "reply", { node: far, role: door }),
      causeCode: "netfilter-drop",
      steps: servers.map((pod) =>
        insertRule(nodePlace(far), "FORWARD", {
          iptables: words.iptables,
          match: ["-s", asHost(pod.ip), "-d", near.block, ...comment("site-hardening: no egress from here")],
        }),
      ),
    },
    ...listRouteFaults(world),
  ];
}
