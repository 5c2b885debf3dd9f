import { othersOf, type NodeSpec } from "../cluster/types.js";
import type { Carriage } from "./types.js";

interface DeviceOptions {
  readonly tunnel: Omit<Carriage["tunnel"] & object, "device" | "hasFdb">;
  readonly device: string;
  readonly mtuBytes: number;
  /** What stands behind a block in a route to it. */
  readonly routeTo: (remote: NodeSpec) => string;
}

/** One device on each node that leads to all others. */
export function makeWholeDevice({ tunnel, device, mtuBytes, routeTo }: DeviceOptions): Carriage {
  return {
    tunnel: { ...tunnel, device, hasFdb: false },
    nics: ["eth0"],
    mtuBytes,
    routeTo,
    onNode: (cluster, node) => [
      `link set ${device} mtu ${String(mtuBytes)}`,
      `address add ${node.tunnelIp}/32 dev ${device}`,
      `link set ${device} up`,
      ...othersOf(cluster, node).map((remote) => `route add ${remote.block} ${routeTo(remote)}`),
    ],
    fdb: () => [],
  };
}
