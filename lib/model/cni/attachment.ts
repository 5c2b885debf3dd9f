import type { Container } from "../cluster.js";

/** What a pod hangs on, and how that is known. schemas/attachments.json; programs depend on these names. */

/**
 * Ways to tell the host's end of a pod's interface, each by itself: the kernel's pair of indices and ids of namespaces, the
 * runtime's and libcni's word of what the CNI made, routes, neighbours, a bridge's table, and what the CNI calls things.
 */
export type AttachmentMethod =
  | "peer-index"
  | "namespace-id"
  | "cni-result"
  | "cni-cache"
  | "route"
  | "neighbour"
  | "bridge-table"
  | "alias"
  | "naming";

/** silent: it names none, because it does not apply or knows nothing. */
type MethodVerdict = "agrees" | "contradicts" | "silent";

export interface MethodWord {
  readonly method: AttachmentMethod;
  readonly verdict: MethodVerdict;
  /** The device of the host that it names; null: none. */
  readonly names: string | null;
  /** What it was read from, for people. */
  readonly says: string;
}

/** A device of the node. */
export interface HostDevice {
  readonly name: string;
  /** In the node's own network namespace. */
  readonly index: number;
  readonly kind: string | null;
  readonly mac: string | null;
  readonly mtuBytes: number | null;
  readonly up: boolean;
}

/** By what a node's packets for others go out. */
export interface Uplink {
  /** Its address between the nodes. */
  readonly address: string;
  readonly interface: string;
  readonly mtuBytes: number | null;
  /** Tunnel devices of its CNI. */
  readonly tunnels: readonly string[];
}

/** An interface in a pod, and the host's end of it. */
export interface LocatedInterface {
  readonly interface: string;
  /** In the pod's network namespace. */
  readonly index: number;
  readonly kind: string | null;
  readonly mac: string | null;
  readonly addresses: readonly string[];
  readonly mtuBytes: number | null;
  readonly up: boolean;
  readonly hostInterface: string | null;
  /** The bridge that the host's end is a port of. */
  readonly bridge: string | null;
  readonly host: HostDevice | null;
  readonly evidence: readonly string[];
  /** Empty where not every method was asked. */
  readonly methods: readonly MethodWord[];
  /** false: one names another device; null: none names any, or they were not asked. */
  readonly agree: boolean | null;
}

export interface LocatedPod {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** The sandbox's process; null where the runtime names none. */
  readonly pid: number | null;
  /** Path of the network namespace on the node; null: the node's own, or the pod alone is entered. */
  readonly netns: string | null;
  readonly sandbox: string | null;
  readonly containers: readonly Container[];
  /** The one with the pod's address; null where none is known. */
  readonly interface: string | null;
  readonly hostInterface: string | null;
  readonly interfaces: readonly LocatedInterface[];
  /** Name of the recipe of the node's CNI; null where the node was not asked. */
  readonly recipe: string | null;
  readonly uplink: Uplink | null;
  readonly evidence: readonly string[];
  /** What contradicts itself, or could not be read. */
  readonly notes: readonly string[];
}

/** What `hopbook hops POD --output json` prints. */
export interface Attachments {
  readonly apiVersion: "hopbook.dev/v1";
  readonly kind: "Attachments";
  readonly pods: readonly LocatedPod[];
}
