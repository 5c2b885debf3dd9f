import type { Cluster, NodeSpec } from "../cluster/types.js";
import { renderKubeProxyFilter, renderKubeProxyNat } from "./kube-proxy.js";
import type { CniRules, TablePart } from "./types.js";

function renderTable(
  name: string,
  builtin: readonly string[],
  parts: { readonly cni: TablePart; readonly kubeProxy: Pick<TablePart, "chains" | "rules"> },
): string[] {
  const { cni, kubeProxy } = parts;
  return [
    `*${name}`,
    ...builtin.map((chain) => `:${chain} ACCEPT [0:0]`),
    ...[...kubeProxy.chains, ...cni.chains].map((chain) => `:${chain} - [0:0]`),
    ...cni.first,
    ...kubeProxy.rules,
    ...cni.rules,
    ...cni.last,
    "COMMIT",
  ];
}

/** Input of `iptables-restore`: what kube-proxy and the CNI would have written on a node. */
export function renderIptables(cluster: Cluster, node: NodeSpec, cni: CniRules): string {
  const lines = [
    ...renderTable("filter", ["INPUT", "FORWARD", "OUTPUT"], {
      cni: cni.filter,
      kubeProxy: renderKubeProxyFilter(cluster, node),
    }),
    ...renderTable("nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], {
      cni: cni.nat,
      kubeProxy: renderKubeProxyNat(cluster, node),
    }),
  ];
  return `${lines.join("\n")}\n`;
}
