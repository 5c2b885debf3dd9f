import type { NodeTarget, Via } from "./access.js";
import type { KubeRef } from "./kube.js";
import type { GrantSource } from "./permissions.js";

/**
 * How a network namespace is entered on its node: `nsenter --net=PATH`; nothing for the node's own; nothing for `own`,
 * where the access runs in a pod's already.
 */
export type NetnsRef =
  { readonly kind: "host" } | { readonly kind: "own" } | { readonly kind: "path"; readonly path: string };

/** Why a way in was taken, and why not the others. */
export interface AccessChoice {
  /** The node, or `namespace/pod` for a way into a pod alone. */
  readonly target: string;
  /** null: there is none. */
  readonly via: Via | null;
  /** One sentence without a full stop. */
  readonly reason: string;
  readonly rejected: readonly { readonly via: Via; readonly reason: string }[];
}

/** A way in that was taken. */
export interface EnteredNode {
  /** As a choice's. */
  readonly target: string;
  readonly via: Via;
  /** What was made for it, and whose programs it uses: a sentence without a full stop; null: nothing. */
  readonly made: string | null;
}

/** A cluster as its profile describes it, paths absolute, defaults filled in. */
export interface ClusterProfile {
  readonly name: string;
  /** The file it came from; absent where it was made in memory. */
  readonly file?: string;
  /** The image that the operator named for this run: whoever wrote the file has no part in it. */
  readonly operatorImage?: string;
  readonly nodes: readonly NodeTarget[];
  /** Recipe name, or "auto": recognised from the nodes. */
  readonly cni: string;
  /** Overrides of what discovery would find. */
  readonly interfaces: { readonly underlay?: string };
  /** Folder on the nodes where captures are kept until they are pulled. Default /var/tmp. */
  readonly workDir: string;
  /** crictl's endpoint on every node (`unix:///…`); absent: /etc/crictl.yaml, else the sockets that are there. */
  readonly runtimeEndpoint?: string;
  /** How the cluster's API is reached; absent: the nodes alone say what there is. */
  readonly kube?: KubeRef;
  /** `-n`: what ends without a namespace are in; absent: the other end's where it names one, else `kube`'s. */
  readonly endNamespace?: string;
  /** Who asks that API, and where it is; set once it was asked. */
  readonly api?: { readonly context: string; readonly server: string; readonly user: string };
  /** How the ways in were chosen, where that was left open (`access.via: auto`). */
  readonly choices?: readonly AccessChoice[];
  /** What the operator of the cluster grants and denies. */
  readonly grants?: readonly GrantSource[];
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** A pod as its node's runtime knows it. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly sandboxId: string;
  /** The sandbox's process; null where the runtime does not say (CRI-O without an infra container). */
  readonly pid: number | null;
  readonly netns: NetnsRef;
  readonly hostNetwork: boolean;
  /** First address first; empty where the runtime does not say. */
  readonly ips: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  /** Names of the host-side interfaces in the runtime's CNI result, in its order; empty if unknown. */
  readonly cniHostInterfaces: readonly string[];
  /** Absent: its processes are the node's own, or nothing says what they are. */
  readonly isolation?: Isolation;
}

/** Where the processes of a pod are that has a kernel of its own: in a virtual machine, or on one in user space (gVisor). */
export type Isolation = "vm" | "user-kernel";

/** By what a Service or a pod is asked for from outside its own address, and who leads packets from there to it. */
export interface Door {
  readonly kind: "nodePort" | "hostPort" | "loadBalancer" | "externalIp";
  /** The node whose address it is, which translates it; null: whichever node the packets come to first. */
  readonly node: string | null;
}

/** One end of a flow. */
export interface End {
  readonly kind: "pod" | "node" | "ip" | "service";
  /** How the user wrote it. */
  readonly text: string;
  /** `namespace/name`; null for nodes, bare addresses and services. */
  readonly pod: string | null;
  /** Where it lives; null for an address outside the cluster. */
  readonly node: string | null;
  /** Name of the way in that leads there, where that is not the node's: a pod that alone can be entered. */
  readonly target?: string;
  /**
   * Where packets are sent: the pod's address, the node's, the ClusterIP, or as written. Of a service with other
   * backends it is the followed one's own: what is sent to the ClusterIP may go to any of them.
   */
  readonly ip: string;
  readonly port: number | null;
  /**
   * Every address (and port) this end has at some hop: for a service the ClusterIP and its endpoints, for
   * a pod just its own.
   */
  readonly addresses: readonly { readonly ip: string; readonly port: number | null }[];
  /** The same in the other IP family, where it has both: what is not followed. */
  readonly otherFamily?: {
    readonly ip: string;
    readonly port: number | null;
    readonly addresses: readonly { readonly ip: string; readonly port: number | null }[];
  };
  /** Of a service: `namespace/name`; null where nobody says. */
  readonly service?: string | null;
  /** Of a service that is not asked for by its ClusterIP. */
  readonly door?: Door;
  /** Of a service: how many backends it has besides the one that is followed. Absent: none. */
  readonly otherBackends?: number;
  /** Where packets of this end can be captured; null for an address outside the cluster, and for what is unseen. */
  readonly netns: NetnsRef | null;
  /** Of an address that Services are given theirs from, and that none has: how that is known. */
  readonly noService?: string;
  /** Of an end in the cluster that cannot be looked into: why. */
  readonly unseen?: string;
  readonly hostNetwork: boolean;
  /** Host-side interface names from the runtime's CNI result. */
  readonly cniHostInterfaces: readonly string[];
  /** Of a pod whose processes have a kernel of their own. */
  readonly isolation?: Isolation;
}
