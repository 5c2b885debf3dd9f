import type { Cluster, NodeSpec } from "../cluster/types.js";

/** Open vSwitch on the nodes: files of words for its programs, one line each, quoted as xargs(1) reads them. */
export interface Switch {
  /** By the name of the file, below the node's folder `switch`. */
  files(cluster: Cluster, node: NodeSpec): Readonly<Record<string, string>>;
}
