import type { NodeSpec } from "./cluster.js";
import { renderFelixFilter, renderFelixNat, type TablePart } from "./felix.js";
import { renderKubeProxyFilter, renderKubeProxyNat } from "./kube-proxy.js";

function renderTable(
  name: string,
  builtin: readonly string[],
  parts: { readonly felix: TablePart; readonly kubeProxy: Pick<TablePart, "chains" | "rules"> },
): string[] {
  const { felix, kubeProxy } = parts;
  return [
    `*${name}`,
    ...builtin.map((chain) => `:${chain} ACCEPT [0:0]`),
    ...[...kubeProxy.chains, ...felix.chains].map((chain) => `:${chain} - [0:0]`),
    ...felix.first,
    ...kubeProxy.rules,
    ...felix.rules,
    ...felix.last,
    "COMMIT",
  ];
}

/** Input of `iptables-restore`: what kube-proxy and Felix would have written on a node. */
export function renderIptables(node: NodeSpec): string {
  const lines = [
    ...renderTable("filter", ["INPUT", "FORWARD", "OUTPUT"], {
      felix: renderFelixFilter(node),
      kubeProxy: renderKubeProxyFilter(),
    }),
    ...renderTable("nat", ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], {
      felix: renderFelixNat(),
      kubeProxy: renderKubeProxyNat(),
    }),
  ];
  return `${lines.join("\n")}\n`;
}
