import type { Cluster, NodeSpec } from "../cluster/types.js";
import type { CniRules, TablePart } from "./types.js";

/** flanneld's chains, as pkg/trafficmngr/iptables writes them since 0.22. */

const say = (comment: string): string => `-m comment --comment "${comment}"`;

function renderNat({ pool }: Cluster, { block }: NodeSpec): TablePart {
  const chain = "FLANNEL-POSTRTG";
  const bodies = [
    `-m mark --mark 0x4000/0x4000 ${say("flanneld masq")} -j RETURN`,
    `-s ${block} -d ${pool} ${say("flanneld masq")} -j RETURN`,
    `-s ${pool} -d ${block} ${say("flanneld masq")} -j RETURN`,
    `! -s ${pool} -d ${block} ${say("flanneld masq")} -j RETURN`,
    `-s ${pool} ! -d 224.0.0.0/4 ${say("flanneld masq")} -j MASQUERADE --random-fully`,
    `! -s ${pool} -d ${pool} ${say("flanneld masq")} -j MASQUERADE --random-fully`,
  ];
  return {
    chains: [chain],
    first: [],
    rules: bodies.map((body) => `-A ${chain} ${body}`),
    last: [`-A POSTROUTING ${say("flanneld masq")} -j ${chain}`],
  };
}

function renderFilter({ pool }: Cluster): TablePart {
  const chain = "FLANNEL-FWD";
  return {
    chains: [chain],
    first: [],
    rules: ["-s", "-d"].map((end) => `-A ${chain} ${end} ${pool} ${say("flanneld forward")} -j ACCEPT`),
    last: [`-A FORWARD ${say("flanneld forward")} -j ${chain}`],
  };
}

export function renderFlannel(cluster: Cluster, node: NodeSpec): CniRules {
  return { filter: renderFilter(cluster), nat: renderNat(cluster, node) };
}
