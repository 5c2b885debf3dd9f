import type { End } from "../../model/cluster.js";
import { formatAddress } from "../../linux/endpoint.js";

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

/**
 * A service as a node's own packets get there. What a node sends to a ClusterIP leaves with another address and another
 * port (kube-proxy masquerades it), and is seen nowhere before: it goes to the backend itself, and that is said.
 */
export function avoidMasquerade(from: End, to: End, note: (text: string) => void): End {
  const [service, backend] = to.addresses;
  const isMasqueraded = from.hostNetwork && to.kind === "service" && to.ip === service?.ip;
  if (!isMasqueraded || backend === undefined || backend.ip === to.ip) return to;
  note(
    `${to.text}: what is sent goes to ${formatAddress(backend)} itself, past the Service's address: ` +
      `${from.node ?? from.text} would send it under another address and port`,
  );
  return { ...to, ...backend };
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
