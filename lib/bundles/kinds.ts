/** What others collect of a cluster, told by where their tools put things. */
export interface BundleKind {
  /** `a sosreport`. */
  readonly title: string;
  /** A path within it that no other has. */
  readonly marker: RegExp;
  /** Where it keeps what a node's network is like, each by what it is. */
  readonly state: Readonly<Record<string, RegExp>>;
}

export const BUNDLE_KINDS: readonly BundleKind[] = [
  {
    // sos, report/plugins/networking.py and firewall_tables.py: sos_commands/PLUGIN/COMMAND, blanks as underscores.
    title: "a sosreport",
    marker: /(?:^|\/)sos_commands\/[^/]+\//,
    state: {
      links: /(?:^|\/)sos_commands\/networking\/ip_(?:-s_)?-d_(?:link|address)$/,
      routes: /(?:^|\/)sos_commands\/networking\/ip_(?:-6_)?route_show_table_all$/,
      neighbours: /(?:^|\/)sos_commands\/networking\/ip_-s_-s_neigh_show$/,
      "forwarding entries": /(?:^|\/)sos_commands\/networking\/bridge_.*_fdb_show$/,
      "firewall rules":
        /(?:^|\/)sos_commands\/(?:firewall_tables\/(?:ip6?tables_|nft_)|networking\/.*iptables-save)/,
    },
  },
  {
    // The sysdump of a CNI's own command, sysdump/constants.go: files with the time in their names, an archive for each node.
    title: "a sysdump",
    marker: /(?:^|\/)k8s-nodes-\d{8}-\d{6}\.yaml$/,
    state: {
      nodes: /(?:^|\/)k8s-nodes-\d{8}-\d{6}\.yaml$/,
      pods: /(?:^|\/)k8s-pods-\d{8}-\d{6}\.yaml$/,
      "network policies": /(?:^|\/)[a-z0-9-]*networkpolicies-\d{8}-\d{6}\.yaml$/,
      "packed reports of nodes": /(?:^|\/)[a-z]+-bugtool-[^/]+-\d{8}-\d{6}\.tar\.gz$/,
    },
  },
  {
    // oc adm must-gather: what `oc adm inspect` writes, below a folder of the image's name; gather_network_logs beside it.
    title: "a must-gather",
    marker:
      /(?:^|\/)(?:cluster-scoped-resources\/(?:core\/nodes|config\.openshift\.io)\/|(?:host_)?network_logs\/|sos_info\/networking\/)/,
    state: {
      nodes: /(?:^|\/)cluster-scoped-resources\/core\/nodes\/[^/]+\.yaml$/,
      "network policies": /(?:^|\/)networking\.k8s\.io\/networkpolicies(?:\/|\.yaml$)/,
      "network logs": /(?:^|\/)network_logs\//,
    },
  },
];
