import { AGENT_NAME, CAPTURE_AGENT } from "./agent.js";
import { buildFilter } from "./filter.js";
import { enterWords, NOT_PROMISCUOUS, tcpdumpWords } from "./tcpdump.js";
import { checkId, checkInterface, checkNode, checkPath, fileNameOf } from "./names.js";
import type { Argv } from "../model/access.js";
import { targetOf, type Flow, type Hop } from "../model/hops.js";
import { wireOf } from "../wire/registry.js";

export interface CapturePlanOptions {
  /** The run's id; with the node's name it names the folder on the node. */
  readonly runId: string;
  /** Absolute folder on the nodes, such as /var/tmp. */
  readonly workDir: string;
  /** Keep whole packets instead of their headers. Default false. */
  readonly payload?: boolean;
  /** Bytes kept of a packet. Default: see HEADERS_BYTES; 262144 with `payload`. */
  readonly snaplenBytes?: number;
  /** Captures end after this, however long the client lives. */
  readonly maxSeconds: number;
  /** Sum of a node's capture files; looked at once a second, so a burst can go over it. */
  readonly maxBytes: number;
  /** Captures end where less than this is free in `workDir`. */
  readonly minFreeBytes: number;
  /** Without a sign of life from the client for this long the node ends and removes everything. Default 20. */
  readonly leaseSeconds?: number;
  /** Kernel buffer of each capture in KiB. Default 4096. */
  readonly bufferKiB?: number;
  /** By node: `SSH_CONNECTION` of the client's login; null or absent where it came another way. */
  readonly sshConnections: Readonly<Record<string, string | null>>;
  /** By pod that alone can be entered: the folder there in place of `workDir`, and how much is free in it. */
  readonly podFolders?: Readonly<Record<string, PodFolder>>;
}

export interface PodFolder {
  readonly workDir: string;
  /** null: not known. */
  readonly freeBytes: number | null;
}

export interface HopCapturePlan {
  readonly hop: Hop;
  readonly filter: string;
  readonly snaplenBytes: number;
  /** What runs on the node for this hop (inside `timeout`, in the folder of its captures). */
  readonly argv: Argv;
  /** Where the node keeps the packets until they are pulled. */
  readonly remotePath: string;
}

export interface NodeCapturePlan {
  /** The node, or the pod where that alone can be entered: the way in has this name. */
  readonly node: string;
  readonly action: "netns/tcpdump";
  /** The agent's whole command. */
  readonly argv: Argv;
  readonly dir: string;
  readonly leaseSeconds: number;
  readonly maxSeconds: number;
  /** Of all its captures together. */
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly bufferKiB: number;
  readonly hops: readonly HopCapturePlan[];
}

/**
 * Ethernet 14 (+4 with a VLAN tag), IPv6 40 or IPv4 with options 60, TCP with all its options 60: 128 keeps
 * every usual header and 40 bytes of an ICMP or DNS payload. An ICMP error's quote fits as well.
 */
const HEADERS_BYTES = 128;
/** tcpdump's largest. */
const WHOLE_BYTES = 262_144;

/**
 * One plan a node, nodes in the order in which hops first name them; a hop that several flows share is
 * captured once. The same input gives the same plan. Throws INPUT_INVALID for names that cannot be used.
 */
export function planCaptures(
  flows: readonly Flow[],
  options: CapturePlanOptions,
): readonly NodeCapturePlan[] {
  const byNode = new Map<string, Map<string, { hop: Hop; flows: Flow[] }>>();
  for (const flow of flows) {
    for (const hop of [...flow.path.hops, ...(flow.path.replyHops ?? [])]) {
      const hops = byNode.get(targetOf(hop)) ?? new Map<string, { hop: Hop; flows: Flow[] }>();
      byNode.set(targetOf(hop), hops);
      const shared = hops.get(hop.id);
      if (shared === undefined) hops.set(hop.id, { hop, flows: [flow] });
      else if (!shared.flows.includes(flow)) shared.flows.push(flow);
    }
  }
  return [...byNode].map(([node, hops]) => planNode(node, [...hops.values()], options));
}

function planNode(
  node: string,
  shared: readonly { readonly hop: Hop; readonly flows: readonly Flow[] }[],
  options: CapturePlanOptions,
): NodeCapturePlan {
  const { leaseSeconds = 20, bufferKiB = 4096 } = options;
  const { workDir, maxBytes, minFreeBytes } = roomOf(options, options.podFolders?.[node]);
  const dir = `${checkPath(workDir)}/hopbook-${checkId(options.runId)}-${fileNameOf(node)}`;
  const hops = shared.map(({ hop, flows }) => planHop(hop, { flows, options, dir, bufferKiB }));
  const captures = {
    dir,
    leaseSeconds,
    maxSeconds: options.maxSeconds,
    maxBytes,
    minFreeBytes,
    bufferKiB,
    hops,
  };
  const argv: Argv = ["sh", "-c", CAPTURE_AGENT, AGENT_NAME, ...agentWords(captures)];
  return { node, action: "netns/tcpdump", argv, ...captures };
}

/** What an agent is told of its captures, after its name. */
export function agentWords(plan: Omit<NodeCapturePlan, "node" | "action" | "argv">): readonly string[] {
  const { dir, maxSeconds, maxBytes, minFreeBytes, leaseSeconds, bufferKiB, hops } = plan;
  const limits = [maxSeconds, maxBytes / 1024, minFreeBytes / 1024, leaseSeconds, bufferKiB];
  return [dir, ...limits.map((limit) => String(Math.ceil(limit))), ...hops.flatMap(hopWords)];
}

const LEAST_POD_BYTES = 8 * 1024 * 1024;

/** A pod's only folder may be a small one of memory, its own: then half of it is taken, and some is left. */
function roomOf(
  options: Pick<CapturePlanOptions, "workDir" | "maxBytes" | "minFreeBytes">,
  folder: PodFolder | undefined,
): Pick<CapturePlanOptions, "workDir" | "maxBytes" | "minFreeBytes"> {
  const { maxBytes, minFreeBytes } = options;
  if (folder === undefined) return options;
  const { workDir, freeBytes } = folder;
  const isPlenty = freeBytes === null || freeBytes >= maxBytes + minFreeBytes;
  // Too little is too little: the agent says so.
  if (isPlenty || freeBytes < LEAST_POD_BYTES) return { workDir, maxBytes, minFreeBytes };
  return {
    workDir,
    maxBytes: Math.min(maxBytes, Math.floor(freeBytes / 2)),
    minFreeBytes: Math.min(minFreeBytes, Math.floor(freeBytes / 8)),
  };
}

function hopWords({ hop, snaplenBytes, filter }: HopCapturePlan): readonly string[] {
  const netns = hop.netns.kind === "path" ? hop.netns.path : "-";
  return [hop.id, netns, hop.interface, String(snaplenBytes), promiscuous(hop) ? "y" : "n", filter];
}

/** Only a bridge needs it: frames that it forwards between its ports are not its own. */
function promiscuous(hop: Hop): boolean {
  return hop.role === "bridge";
}

interface HopContext {
  readonly flows: readonly Flow[];
  readonly options: CapturePlanOptions;
  readonly dir: string;
  readonly bufferKiB: number;
}

function planHop(hop: Hop, { flows, options, dir, bufferKiB }: HopContext): HopCapturePlan {
  checkNode(hop.node);
  const wire = wireOf(hop.encapsulation);
  const around = wire === null ? 0 : wire.format.overheadBytes[wire.worn.outer] + wire.format.optionBytes;
  const headers = HEADERS_BYTES + around;
  const snaplenBytes = options.payload === true ? WHOLE_BYTES : (options.snaplenBytes ?? headers);
  const filter = buildFilter(hop, flows, { sshConnection: options.sshConnections[targetOf(hop)] ?? null });
  const file = `${checkId(hop.id)}.pcap`;
  const tcpdump = tcpdumpWords({
    flags: promiscuous(hop) ? [] : [NOT_PROMISCUOUS],
    interface: checkInterface(hop.interface),
    snaplenBytes: String(snaplenBytes),
    bufferKiB: String(Math.ceil(bufferKiB)),
    ...{ file, filter },
  });
  const argv: Argv =
    hop.netns.kind === "path" ? [...enterWords(checkPath(hop.netns.path)), ...tcpdump] : tcpdump;
  return { hop, filter, snaplenBytes, argv, remotePath: `${dir}/${file}` };
}
