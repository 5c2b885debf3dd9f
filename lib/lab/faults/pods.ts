import { wordsOf } from "../cluster/family.js";
import type { PodSpec } from "../cluster/types.js";
import { addTable, disableOffloads, insertRule, setSysctl } from "./commands.js";
import type { Fault, FaultPlace, FaultStep } from "./types.js";
import { nodePlace, type FaultWorld } from "./world.js";

/** Faults in the pods themselves, and of what they send. */

const nameOf = (pod: PodSpec): FaultPlace => `${pod.namespace}/${pod.name}`;

const delivered = (verdict: "unanswered" | "rejected", affects: "all" | "ports"): Fault["signature"] => ({
  direction: verdict === "unanswered" ? "reply" : null,
  lastSeen: null,
  firstMissing: null,
  verdict,
  affects,
});

/** Dropped by the pod's own netfilter, after its eth0 has seen it. The table goes with the rule. */
function dropInput(pod: PodSpec): FaultStep {
  const { iptables, nft, family } = wordsOf(pod.ip);
  // Neighbour discovery is of IPv6 itself, and untracked: a firewall that drops it cuts the pod off before its eth0.
  const packets = family === 6 ? ["-m", "conntrack", "--ctstate", "NEW,ESTABLISHED"] : [];
  const comment = ["-m", "comment", "--comment", "app firewall: default deny", "-j", "DROP"];
  const step = insertRule(nameOf(pod), "INPUT", { iptables, match: ["-i", "eth0", ...packets, ...comment] });
  return { ...step, off: [...step.off, { argv: ["nft", "delete", "table", nft, "filter"] }] };
}

const ORDER_SCRIPT = 'echo "$1" >/run/pod/orders';
const PORTS = { nothing: "", http: "8080", dns: "53" } as const;

/** Tells the pod's container to stop its server. The port then answers RST or port unreachable. */
function stopServer(pod: PodSpec): FaultStep {
  const order = (word: string): { argv: string[] } => ({
    argv: ["timeout", "3", "sh", "-c", ORDER_SCRIPT, "hopbook-lab-order", word],
  });
  return {
    place: nameOf(pod),
    probe: { argv: ["ss", "-Hlntu", `sport = :${PORTS[pod.serves]}`] },
    isOn: (seen) => seen.exitCode === 0 && seen.stdout.trim() === "",
    on: [order("stop")],
    off: [order("start")],
  };
}

/** The devices by which the near node sends what the clients send to the servers. */
function listWaysOut({ isOneNode, servers, tunnel, topology }: FaultWorld): string[] {
  if (isOneNode)
    return [...new Set(servers.map(({ bridge, hostInterface }) => bridge?.name ?? hostInterface))];
  return tunnel === null ? [...topology.carriage.nics] : [tunnel.device];
}

/**
 * The sender's node writes 0x1234 into the checksum of what leaves it. The pods must compute their
 * checksums themselves (tx off), or the kernel would put the right one in later. node-b's conntrack must not
 * look at checksums, or Felix's rule for invalid packets would drop them before the far pod's kernel does.
 */
function spoil(world: FaultWorld): FaultStep {
  const { near, words } = world;
  const { nft } = words;
  const devices = listWaysOut(world)
    .map((device) => `"${device}"`)
    .join(", ");
  const set = (protocol: string): string =>
    `    oifname { ${devices} } ${nft} saddr ${near.block} meta l4proto ${protocol} ${protocol} checksum set 0x1234`;
  const body = [
    "  chain postrouting {",
    "    type filter hook postrouting priority 300; policy accept;",
    ...["udp", "tcp"].map(set),
    "  }",
  ].join("\n");
  return addTable(nodePlace(near), { family: nft, name: "broken_offload", body });
}

export function listPodFaults(world: FaultWorld): Fault[] {
  const { servers, isSwitched } = world;
  return [
    {
      name: "pod-input-drop",
      title: "shop/web and shop/dns drop what comes in",
      signature: delivered("unanswered", "all"),
      causeCode: "netfilter-drop",
      steps: servers.map(dropInput),
    },
    {
      name: "closed-port",
      title: "The servers of shop/web and shop/dns are stopped: nobody listens",
      signature: delivered("rejected", "ports"),
      causeCode: "no-listener",
      steps: servers.map(stopServer),
    },
    ...(isSwitched ? [] : [listChecksumFault(world)]),
  ];
}

function listChecksumFault(world: FaultWorld): Fault {
  const { far, clients } = world;
  return {
    name: "bad-checksum",
    title: "TCP and UDP from node-a's pods arrive with wrong checksums",
    signature: delivered("unanswered", "ports"),
    causeCode: "checksum-error",
    steps: [
      ...clients.map((pod) => disableOffloads(nameOf(pod), "eth0", { tx: "tx-checksumming" })),
      setSysctl(nodePlace(far), "net/netfilter/nf_conntrack_checksum", { on: "0", off: "1" }),
      spoil(world),
    ],
  };
}
