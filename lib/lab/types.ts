import type { LabTopology } from "./topologies.js";

export interface LabOptions {
  /** Labs with different names run side by side. `[a-z0-9][a-z0-9-]{0,30}`. Default "lab". */
  readonly name?: string;
  /** Where labs keep their state, one folder a lab. Default `$XDG_RUNTIME_DIR/hopbook/lab` or `/run/hopbook/lab`. */
  readonly dir?: string;
}

export interface UpOptions extends LabOptions {
  readonly topology: LabTopology;
  /** 2 or 3. Default: 2. */
  readonly nodes?: number | undefined;
  /** Build it in a user namespace. Default: only where the caller is not root. */
  readonly rootless?: boolean;
  /** The nodes' resolver takes every query and answers none, and their names are nowhere. Default: false. */
  readonly deadDns?: boolean;
}

/** A process of the lab, as the machine's own /proc names it. */
export interface LabProcess {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, so that a reused PID is noticed. */
  readonly startTimeTicks: number;
}

export interface LabPodState {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  /** Those of the other IP family. */
  readonly additionalIps: readonly string[];
  readonly hostInterface: string;
  readonly sandboxId: string;
  readonly containerId: string;
  /** Of the pause process and of the container's, in the node's PID namespace. */
  readonly pid: number;
  readonly containerPid: number;
  /** As the node sees it: `/var/run/netns/cni-…`. */
  readonly netnsPath: string;
}

export interface LabNodeState extends LabProcess {
  readonly name: string;
  readonly address: string;
  readonly pods: readonly LabPodState[];
}

interface LabServiceState {
  readonly name: string;
  readonly port: string;
  readonly protocol: "tcp" | "udp";
  readonly clusterIp: string;
  readonly clusterPort: number;
  readonly endpoint: { readonly ip: string; readonly port: number };
}

/** A lab that is up; also what `state.json` in its folder holds. */
export interface LabState {
  readonly name: string;
  readonly topology: LabTopology;
  /** The lab's own folder, 0700. */
  readonly dir: string;
  readonly rootless: boolean;
  /** Pid 1 of the lab: when it dies, everything of the lab dies. Its network namespace is the underlay. */
  readonly supervisor: LabProcess;
  /** A process in the network namespace from which ssh reaches the nodes. */
  readonly operator: LabProcess;
  readonly nodes: readonly LabNodeState[];
  readonly services: readonly LabServiceState[];
  /** A web server beyond the nodes' default gateway. */
  readonly outside: { readonly ip: string; readonly port: number };
  readonly files: {
    /** Cluster profile that enters the nodes' namespaces. */
    readonly profile: string;
    /** Cluster profile that logs in by ssh. */
    readonly sshProfile: string;
    readonly sshConfig: string;
    readonly knownHosts: string;
    readonly identity: string;
    readonly log: string;
  };
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly upMs: number;
}
