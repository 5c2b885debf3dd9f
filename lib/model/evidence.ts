import type { Argv } from "./access.js";
import type { Door, Isolation } from "./cluster.js";
import type { HopRole } from "./roles.js";
import type { Encapsulation, SwitchPorts, TunnelsByNode, UnderlayByNode, Unentered } from "./hops.js";
import type { ProbeKind, Protocol } from "./traffic.js";

/**
 * What a run leaves on disk for analysis. Everything here is JSON in the run folder, so that analysis can
 * run again later, elsewhere, with no cluster.
 */

/**
 * Where one step leaves what it found, relative to the run folder: `evidence/paths/dnsPath.json`. A run may have several
 * steps of one kind, each of which has a file of its own.
 */
export function stepEvidence(what: string, evidenceName: string): string {
  return `${stepEvidenceFolder(what)}/${evidenceName}.json`;
}

/** The folder with those of all steps. */
export function stepEvidenceFolder(what: string): string {
  return `evidence/${what}`;
}

/** An address that stands for an end in packets. Port null: any. */
export interface FlowAddress {
  readonly ip: string;
  readonly port: number | null;
}

/** A Service as an end, with the backend that is followed. */
export interface ServiceEnd {
  /** `namespace/name`; null where nobody says. */
  readonly name: string | null;
  readonly clusterIp: FlowAddress;
  readonly backend: FlowAddress;
  /** Where it was not asked for by its ClusterIP, which `clusterIp` then is in the place of: by what. */
  readonly door?: Door["kind"];
}

export interface EvidenceEnd {
  readonly pod: string | null;
  readonly node: string | null;
  readonly ip: string;
  readonly port: number | null;
  readonly addresses: readonly FlowAddress[];
  readonly service?: ServiceEnd;
  /** Of an end with both IP families: where packets of the other one are sent, which is not followed. */
  readonly otherIp?: string;
  /** Of an address that Services are given theirs from, and that none has: how that is known. */
  readonly noService?: string;
  /** Of a service: how many backends it has besides the one that is followed. Absent: none. */
  readonly otherBackends?: number;
  /** Of a pod whose processes have a kernel of their own: what the node shows of its sockets is not theirs. */
  readonly isolation?: Isolation;
}

/** A hop of a flow with the capture that was made there. */
export interface EvidenceHop {
  readonly index: number;
  readonly id: string;
  readonly node: string;
  readonly role: HopRole;
  /** Of a role that a hop recipe names by itself: how far from the pod it is (lib/model/roles.ts). */
  readonly rank?: number;
  readonly interface: string;
  readonly mtuBytes: number | null;
  readonly encapsulation: Encapsulation;
  /** Directions whose packets may go by it unseen: that it shows none proves nothing. Absent: none. */
  readonly passedBy?: readonly ("request" | "reply")[];
  /** Relative to the run folder. */
  readonly pcap: string;
}

/** evidence/flows.json: `{flows: FlowEvidence[]}`. */
export interface FlowEvidence {
  readonly id: string;
  readonly from: EvidenceEnd;
  readonly to: EvidenceEnd;
  readonly protocol: Protocol;
  readonly probe: ProbeKind | null;
  /** What takes these packets answers none: a tunnel's port. */
  readonly oneWay?: true;
  readonly hops: readonly EvidenceHop[];
  readonly replyHops: readonly EvidenceHop[] | null;
  readonly underlay: UnderlayByNode;
  readonly tunnels: TunnelsByNode;
  /** A switch takes the packets past the nodes' own routes and rules. */
  readonly switched?: SwitchPorts;
  readonly notes: readonly string[];
  /** Nodes of the ends that could not be entered: nothing was captured there but in the pods themselves. */
  readonly unseen?: readonly string[];
  /** Why, and which pods could not be looked into. Absent: none that was meant to be, or an older run. */
  readonly unentered?: readonly Unentered[];
}

/** A place of evidence/points.json (lib/model/points.ts), as analysis needs it. */
export interface PointEvidence {
  readonly id: string;
  readonly node: string;
  readonly role: HopRole;
  /** `any`: all of the network namespace. */
  readonly interface: string;
  readonly mtuBytes: number | null;
  readonly pod: string | null;
  readonly ips: readonly string[];
  readonly name: string;
  /** Relative to the run folder. */
  readonly pcap: string;
  /** Names of interfaces by their index, where all are captured. */
  readonly links?: Readonly<Record<string, string>>;
  /** What they are, likewise, where they are the node's. */
  readonly roles?: Readonly<Record<string, HopRole>>;
}

/** evidence/captures.json: `{captures: CaptureRecord[], barrier}`. */
export interface CaptureRecord {
  readonly hopId: string;
  readonly node: string;
  readonly interface: string;
  readonly argv: Argv;
  readonly filter: string;
  readonly snaplenBytes: number;
  /** Relative to the run folder; null where nothing could be pulled. */
  readonly pcap: string | null;
  readonly sizeBytes: number;
  readonly sha256: string | null;
  /**
   * Unix time in seconds by the node's clock, when tcpdump said "listening on" and when it had ended. Of a ring that may have
   * gone round the former is the first packet that is kept.
   */
  readonly listeningAtSec: number | null;
  readonly stoppedAtSec: number | null;
  /** tcpdump's own closing lines. null where it did not say. */
  readonly captured: number | null;
  readonly received: number | null;
  readonly droppedByKernel: number | null;
  readonly droppedByInterface: number | null;
  /** Where it went round in files, and older packets were overwritten. */
  readonly ring?: { readonly files: number; readonly megabytes: number };
  /** Why it ended before it was asked to: "size limit", "time limit", "free disk floor", tcpdump's error… */
  readonly endedEarly: string | null;
}

export interface CapturesFile {
  readonly captures: readonly CaptureRecord[];
  readonly barrier: {
    /** Time between the first and the last "listening on", over all hops, by the client's clock. */
    readonly skewMs: number;
    readonly readyAfterMs: number;
  };
  /** Of captures that go on without a client: how long their last packets are waited for. */
  readonly settleMs?: number;
}

/** One packet or connection attempt that hopbook made. */
export interface ProbeAttempt {
  readonly seq: number;
  /** Unix seconds by the node's clock. */
  readonly sentAtSec: number;
  /** Local port used, where known (UDP, TCP). */
  readonly localPort: number | null;
  readonly outcome: "answered" | "refused" | "timeout" | "error";
  readonly rttMs: number | null;
  /** "connection refused", "HTTP 200", "No route to host", "NXDOMAIN". */
  readonly detail: string;
  /** Of a TLS probe that was answered. */
  readonly tls?: TlsFacts;
  /** Inside TLS, from the request to the first byte of its answer. */
  readonly httpMs?: number;
}

/** What a server's first flight says, or openssl of the whole handshake. */
export interface TlsFacts {
  /** "TLS 1.2"; null where it said none. */
  readonly version: string | null;
  /** Whom its certificate is for; empty where it could not be read. */
  readonly names: readonly string[];
  /** RFC 3339, UTC. */
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** A fatal one, by its name in RFC 8446; null: none. */
  readonly alert: string | null;
  /** By openssl alone: the cipher, and whether the node's own authorities vouch for the certificate, in its words. */
  readonly cipher?: string;
  readonly verification?: { readonly isTrusted: boolean; readonly said: string };
}

/** evidence/traffic.json: `{probes: ProbeRecord[]}`. */
export interface ProbeRecord {
  readonly flowId: string;
  readonly kind: ProbeKind;
  readonly node: string;
  readonly argv: Argv;
  readonly to: FlowAddress;
  /** Hex of the bytes that mark our payload (ICMP pattern, UDP payload's tag); null for plain TCP. */
  readonly tagHex: string | null;
  /** The echo identifier our pings used, where known. */
  readonly icmpId: number | null;
  /** The program that made it, of those that can: "perl", "python3", "bash", "netcat", "ping". Absent: an older run. */
  readonly way?: string;
  readonly attempts: readonly ProbeAttempt[];
  readonly exitCode: number | null;
  readonly error: string | null;
}

/** One read-only look at a node. evidence/state.json: `{state: StateRecord[]}`. */
export interface StateRecord {
  readonly node: string;
  /** The node's own network namespace, or the pod's (`namespace/name`). */
  readonly netns: "host" | { readonly pod: string };
  readonly kind: StateKind;
  readonly phase: "before" | "after";
  readonly argv: Argv;
  readonly exitCode: number | null;
  /** stdout, relative to the run folder. */
  readonly file: string;
  /** Its last lines where the exit code is not 0. */
  readonly stderr: string;
}

export type StateKind =
  | "links" // ip -j -s -d link
  | "addresses" // ip -j address
  | "routes" // ip -j route show table all
  | "rules" // ip -j rule
  | "route-get" // ip -j route get … (argv tells which)
  | "neighbours" // ip -j neigh
  | "fdb" // bridge -j fdb show
  | "nstat" // nstat -az --json
  | "snmp" // /proc/net/snmp + /proc/net/netstat as text, where nstat is missing
  | "iptables" // iptables-save -c
  | "ip6tables"
  | "nftables" // nft -j list ruleset
  | "ipsets" // ipset list
  | "ipvs" // /proc/net/ip_vs
  | "agent-policy" // what the CNI's agent says of the ends' policy maps
  | "agent-drops" // what it says its programs dropped
  | "machine" // hashes of what the node's machine is known by
  | "queues" // tc -j -s qdisc show
  | "offloads" // ethtool -k DEVICE
  | "driver" // ethtool -i DEVICE
  | "kernel" // uname -r
  | "rp-filter" // sysctl lines
  | "sysctls" // more of them: sysctl -e …
  | "conntrack"
  | "sockets" // ss -Hlntu
  | "switch-trace" // the logical switches' word for a packet (argv tells which)
  | "flow-trace" // the flow tables' word for a packet of the pod (argv tells which)
  | "clock";

/** The kernel's own word. evidence/drops.json: `{nodes: DropTraceRecord[]}`; the trace's text is in `file`. */
export interface DropTraceRecord {
  readonly node: string;
  /** tracefs text, relative to the run folder; null where tracefs is not to be had. */
  readonly file: string | null;
  /** Why there is none. */
  readonly unavailable: string | null;
  /** Subtract from the trace's clock to get Unix seconds (CLOCK_TAI's offset). */
  readonly taiOffsetSec: number;
}

/** evidence/run.json: what the run itself knows. */
export interface RunRecord {
  readonly id: string;
  readonly runbook: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly cluster: string;
  /** The cluster profile's file, or `context NAME`. Runs before 0.4 have none. */
  readonly profile?: string;
  /** The words of the command line, hopbook's own name first; absent where a program ran it. */
  readonly command?: readonly string[];
  readonly complete: boolean;
  /** Why evidence is partial, one sentence each. */
  readonly incomplete: readonly string[];
}
