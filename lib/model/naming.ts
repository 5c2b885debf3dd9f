/**
 * schemas/naming.json: the names that a CNI or kube-proxy gives to what it makes. `{namespace}` and `{name}` in a pattern
 * stand for the object's own.
 */
export interface Naming {
  readonly metadata: { readonly name: string; readonly title: string; readonly description?: string };
  /** Domains of annotations in which it says how it works. */
  readonly annotations?: readonly string[];
  /** What its own marks in rules' comments begin with, which tell people nothing. */
  readonly commentMarks?: readonly string[];
  readonly policies?: PolicyNaming;
  readonly services?: ServiceNaming;
  /** How a NAT table leads ports of the node to pods (hostPort). */
  readonly hostPorts?: {
    /** The chain that packets to the node's addresses come to. */
    readonly entry: string;
    /** What the name of a pod's chain begins with. */
    readonly chain: readonly string[];
  };
}

/** How rules of the firewall tell which NetworkPolicy they are of. */
export interface PolicyNaming {
  /** In the names of all chains with such rules. */
  readonly within: string;
  readonly rules: readonly {
    readonly direction: "ingress" | "egress";
    /** The whole name of a chain … */
    readonly chain?: string;
    /** … or a part of a rule's comment. */
    readonly comment?: string;
  }[];
}

/** How a NAT table tells which Service a rule is of. */
export interface ServiceNaming {
  /** The chain that packets to every Service come to. */
  readonly entry: string;
  /** What names of a Service's chains begin with, and those of one endpoint of it. */
  readonly service: readonly string[];
  readonly endpoint: readonly string[];
  /** The chain that packets to the node's own addresses come to: NodePorts. */
  readonly nodePorts?: string;
  /** Behind the Service's name in the comment of its rule in `entry`, of its ClusterIP … */
  readonly commentSuffix: string;
  /** … and of its other addresses. */
  readonly suffixes?: Readonly<Record<string, "loadBalancer" | "externalIp">>;
  /** The whole comment of a rule that refuses a Service; `{name}` has a port's name in it. */
  readonly withoutEndpoints: string;
  /** … that drops what comes for a Service which takes it for the node's own pods alone, and has none there. */
  readonly withoutLocalEndpoints?: string;
  readonly maps?: ServiceMapNaming;
}

/** How a table of nftables leads Services to chains, by verdict maps. */
export interface ServiceMapNaming {
  readonly table: string;
  /** Maps by address, protocol and port; by protocol and port on the node; of those that are refused. */
  readonly services: string;
  readonly nodePorts: string;
  readonly withoutEndpoints: string;
  /** The set of ClusterIPs; other addresses are external. */
  readonly clusterIps: string;
  /** What names of a Service's chains begin with, and those of one endpoint of it. */
  readonly service: readonly string[];
  readonly endpoint: readonly string[];
}
