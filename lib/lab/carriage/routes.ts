import { othersOf, type NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

/** No encapsulation: the other nodes are the next hops. `routeWords`: what the CNI writes besides. */
export function makeRoutes(routeWords = ""): Carriage {
  const routeTo = (remote: NodeSpec): string => `via ${remote.address} dev eth0${routeWords}`;
  return {
    tunnel: null,
    nics: ["eth0"],
    mtuBytes: 1500,
    routeTo,
    onNode: (cluster, node) =>
      othersOf(cluster, node).map((remote) => `route add ${remote.block} ${routeTo(remote)}`),
    fdb: () => [],
  };
}
