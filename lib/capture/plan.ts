import { AGENT_NAME, CAPTURE_AGENT } from "./agent.js";
import { buildFilter } from "./filter.js";
import {
  enterWords,
  IMMEDIATE,
  MOST_IMMEDIATE_BYTES,
  NOT_PROMISCUOUS,
  ringWords,
  tcpdumpWords,
} from "./tcpdump.js";
import { checkId, checkInterface, checkNode, checkPath, fileNameOf } from "./names.js";
import type { Argv } from "../model/access.js";
import { targetOf, type Flow, type Hop } from "../model/hops.js";
import { ANY_INTERFACE, type CapturePoint } from "../model/points.js";
import { ringBytes, type Ring } from "./ring.js";
import { wireOf } from "../wire/registry.js";

export interface CapturePlanOptions {
  /** The run's id; with the node's name it names the folder on the node. */
  readonly runId: string;
  /** Absolute folder on the nodes, such as /var/tmp. */
  readonly workDir: string;
  /** Told from the run's other folders on a node by this word. */
  readonly part?: string;
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
  /** Captures go round in it, for as long as they may; `maxBytes` is then what all rings of a node take. */
  readonly ring?: Ring;
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

/** Where is captured. */
type CapturedHop = Omit<Hop, "index" | "pod">;

export interface HopCapturePlan {
  readonly hop: CapturedHop;
  readonly filter: string;
  readonly snaplenBytes: number;
  /** What runs on the node for this hop (inside `timeout`, in the folder of its captures). */
  readonly argv: Argv;
  /** Packets are in the file as they arrive, not up to a second later. */
  readonly isImmediate: boolean;
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
  readonly ring: Ring | null;
  readonly hops: readonly HopCapturePlan[];
}

/**
 * Ethernet 14 (+4 with a VLAN tag), IPv6 40 or IPv4 with options 60, TCP with all its options 60: 128 keeps
 * every usual header and 40 bytes of an ICMP or DNS payload. An ICMP error's quote fits as well.
 */
const HEADERS_BYTES = 128;
/** Where nobody knows whether packets wear a tunnel's headers: room for one over IPv6 with options, and a name in DNS. */
const POINT_HEADERS_BYTES = 320;
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
  const shared = new Map<string, { readonly hop: Hop; readonly flows: Flow[] }>();
  for (const flow of flows) {
    for (const hop of [...flow.path.hops, ...(flow.path.replyHops ?? [])]) {
      const key = `${targetOf(hop)}\n${hop.id}`;
      const known = shared.get(key);
      if (known === undefined) shared.set(key, { hop, flows: [flow] });
      else if (!known.flows.includes(flow)) known.flows.push(flow);
    }
  }
  const wanted = [...shared.values()].map(({ hop, flows: own }): WantedCapture => {
    const filter = (): string =>
      buildFilter(hop, own, { sshConnection: options.sshConnections[targetOf(hop)] ?? null });
    return { hop, filter, headersBytes: HEADERS_BYTES };
  });
  return planNodes(wanted, options);
}

/** The same for places that were named, each with its own filter. */
export function planPoints(
  points: readonly CapturePoint[],
  options: CapturePlanOptions,
): readonly NodeCapturePlan[] {
  const wanted = points.map((hop): WantedCapture => ({
    hop,
    filter: () => hop.filter,
    headersBytes: POINT_HEADERS_BYTES,
  }));
  return planNodes(wanted, options);
}

interface WantedCapture {
  readonly hop: CapturedHop;
  readonly filter: () => string;
  /** Bytes of a packet without what a tunnel that is known puts around it. */
  readonly headersBytes: number;
}

function planNodes(
  wanted: readonly WantedCapture[],
  options: CapturePlanOptions,
): readonly NodeCapturePlan[] {
  const byNode = new Map<string, WantedCapture[]>();
  for (const one of wanted) {
    const node = targetOf(one.hop);
    byNode.set(node, [...(byNode.get(node) ?? []), one]);
  }
  return [...byNode].map(([node, own]) => planNode(node, own, options));
}

function planNode(
  node: string,
  wanted: readonly WantedCapture[],
  options: CapturePlanOptions,
): NodeCapturePlan {
  const { leaseSeconds = 20, bufferKiB = 4096, ring = null } = options;
  const wantedBytes = ring === null ? options.maxBytes : ringBytes(ring, wanted.length);
  const room = { ...options, maxBytes: wantedBytes };
  const { workDir, maxBytes, minFreeBytes } = roomOf(room, options.podFolders?.[node], ring);
  const part = options.part === undefined ? "" : `.${checkId(options.part)}`;
  const dir = `${checkPath(workDir)}/hopbook-${checkId(options.runId)}-${fileNameOf(node)}${part}`;
  const hops = wanted.map((one) => planHop(one, { options, dir, bufferKiB }));
  const captures = {
    dir,
    leaseSeconds,
    maxSeconds: options.maxSeconds,
    maxBytes,
    minFreeBytes,
    bufferKiB,
    ring,
    hops,
  };
  const argv: Argv = ["sh", "-c", CAPTURE_AGENT, AGENT_NAME, ...agentWords(captures)];
  return { node, action: "netns/tcpdump", argv, ...captures };
}

/** What an agent is told of its captures, after its name. */
export function agentWords(plan: Omit<NodeCapturePlan, "node" | "action" | "argv">): readonly string[] {
  const { dir, maxSeconds, maxBytes, minFreeBytes, leaseSeconds, bufferKiB, ring, hops } = plan;
  const { files, megabytes } = ring ?? { files: 0, megabytes: 0 };
  const room = [maxSeconds, maxBytes / 1024, minFreeBytes / 1024];
  const limits = [...room, leaseSeconds, bufferKiB, files, megabytes];
  return [dir, ...limits.map((limit) => String(Math.ceil(limit))), ...hops.flatMap(hopWords)];
}

const LEAST_POD_BYTES = 8 * 1024 * 1024;

/** A pod's only folder may be a small one of memory, its own: then half of it is taken, and some is left. */
function roomOf(
  options: Pick<CapturePlanOptions, "workDir" | "maxBytes" | "minFreeBytes">,
  folder: PodFolder | undefined,
  ring: Ring | null,
): Pick<CapturePlanOptions, "workDir" | "maxBytes" | "minFreeBytes"> {
  const { maxBytes, minFreeBytes } = options;
  if (folder === undefined) return options;
  const { workDir, freeBytes } = folder;
  const isPlenty = freeBytes === null || freeBytes >= maxBytes + minFreeBytes;
  // Too little is too little: the agent says so. A ring is as large as it is.
  if (isPlenty || ring !== null || freeBytes < LEAST_POD_BYTES) return { workDir, maxBytes, minFreeBytes };
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
function promiscuous(hop: CapturedHop): boolean {
  return hop.role === "bridge";
}

interface HopContext {
  readonly options: CapturePlanOptions;
  readonly dir: string;
  readonly bufferKiB: number;
}

function planHop(wanted: WantedCapture, { options, dir, bufferKiB }: HopContext): HopCapturePlan {
  const { hop, headersBytes } = wanted;
  const { ring } = options;
  checkNode(hop.node);
  const wire = wireOf(hop.encapsulation);
  const around = wire === null ? 0 : wire.format.overheadBytes[wire.worn.outer] + wire.format.optionBytes;
  const headers = headersBytes + around;
  const snaplenBytes = options.payload === true ? WHOLE_BYTES : (options.snaplenBytes ?? headers);
  const isImmediate = snaplenBytes <= MOST_IMMEDIATE_BYTES;
  const filter = wanted.filter();
  const file = `${checkId(hop.id)}.pcap`;
  const tcpdump = tcpdumpWords({
    flags: [
      ...(promiscuous(hop) ? [] : [NOT_PROMISCUOUS]),
      ...(isImmediate ? [IMMEDIATE] : []),
      ...(ring === undefined
        ? []
        : ringWords({ files: String(ring.files), megabytes: String(ring.megabytes) })),
    ],
    interface: hop.interface === ANY_INTERFACE ? ANY_INTERFACE : checkInterface(hop.interface),
    snaplenBytes: String(snaplenBytes),
    bufferKiB: String(Math.ceil(bufferKiB)),
    ...{ file, filter },
  });
  const argv: Argv =
    hop.netns.kind === "path" ? [...enterWords(checkPath(hop.netns.path)), ...tcpdump] : tcpdump;
  return { hop, filter, snaplenBytes, argv, isImmediate, remotePath: `${dir}/${file}` };
}
