import type { End } from "../model/cluster.js";

/** A node as an end. */
export function nodeEnd(end: {
  readonly text: string;
  readonly node: string;
  readonly ip: string;
  readonly port: number | null;
}): End {
  return {
    ...end,
    kind: "node",
    pod: null,
    addresses: [{ ip: end.ip, port: end.port }],
    netns: { kind: "host" },
    hostNetwork: true,
    cniHostInterfaces: [],
  };
}

/** That a service has other backends than the one that is followed. */
export function spread(otherBackends: number): Pick<End, "otherBackends"> {
  return otherBackends > 0 ? { otherBackends } : {};
}

/** An address that is nobody's in the cluster. */
export function outsideEnd(
  text: string,
  address: { readonly ip: string; readonly port: number | null },
): End {
  return {
    kind: "ip",
    text,
    pod: null,
    node: null,
    ...address,
    addresses: [address],
    netns: null,
    hostNetwork: false,
    cniHostInterfaces: [],
  };
}
