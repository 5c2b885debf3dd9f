import type { Attachment } from "../attachment/types.js";
import type { Carriage } from "../carriage/types.js";
import type { AddressPlan, Cluster, NodeSpec, Placement } from "../cluster/types.js";
import type { CniRules } from "../rules/types.js";
import type { Switch } from "../switch/types.js";

/** A topology and the cluster that is built by it. */
export interface Blueprint {
  readonly topology: Topology;
  readonly cluster: Cluster;
  /** The same nodes and pods by their IPv6 addresses, where they have both families. */
  readonly ipv6: Blueprint | null;
}

/** One CNI, one configuration: all that the lab has to know of it. */
export interface Topology {
  readonly addresses: AddressPlan;
  readonly attachment: Attachment;
  readonly carriage: Carriage;
  /** Where the servers are. Default: on another node than the client. */
  readonly placement?: Placement;
  readonly rules: (cluster: Cluster, node: NodeSpec) => CniRules;
  /** How its NetworkPolicies stand in the tables; without it a plain FORWARD rule plays their part. */
  readonly policies?: "felix";
  /** What it does besides for the second family; its pods' first address is then of IPv6. */
  readonly ipv6?: Topology;
  /** Open vSwitch, which takes packets past the kernel's own tables. */
  readonly vswitch?: Switch;
  /** /etc/cni/net.d, as `crictl info` shows it. */
  readonly cni: {
    readonly name: string;
    readonly plugins: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  };
}
