import type { Door, End } from "../../model/cluster.js";
import { formatAddress } from "../../linux/endpoint.js";
import { sayNoService, type KnownServices } from "./service-range.js";

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

const DOORS: Readonly<Record<Door["kind"], string>> = {
  nodePort: "a NodePort",
  hostPort: "a host port",
  loadBalancer: "a load balancer's address",
  externalIp: "an external IP",
};

/** What an address that is no ClusterIP leads to, and who says so. */
export function sayDoor(found: {
  readonly text: string;
  readonly name: string | null;
  readonly door: Door | null;
  readonly backend: { readonly ip: string; readonly port: number | null } | null;
  readonly saidBy: string;
}): string {
  const { text, name, door, backend, saidBy } = found;
  const what = `${text} is ${door === null ? "an address" : DOORS[door.kind]}${name === null ? "" : ` of ${name}`}`;
  if (backend === null) {
    return (
      `${what}, which takes nothing from elsewhere on ${door?.node ?? "that node"}, for it has no backend there ` +
      `(a traffic policy of Local): what comes is dropped on purpose, and is no loss of the network; by ${saidBy}`
    );
  }
  const where =
    door?.node == null ? "translated by the first node that it comes to" : `translated on ${door.node}`;
  return `${what}, ${where} to ${formatAddress(backend)}; by ${saidBy}`;
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
  const isOwn = to.door?.node == null || to.door.node === from.node;
  const isMasqueraded = from.hostNetwork && to.kind === "service" && to.ip === service?.ip && isOwn;
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

/** The same, where it may be an address from which Services are given theirs. */
export function strayEnd(
  text: string,
  address: { readonly ip: string; readonly port: number | null },
  known: KnownServices | null,
): End {
  const why = known === null ? null : sayNoService(address.ip, known);
  return { ...outsideEnd(text, address), ...(why === null ? {} : { noService: why }) };
}

export function noteStray(end: End, note: ((text: string) => void) | undefined): End {
  if (end.noService !== undefined) note?.(`${end.ip} belongs to no Service: ${end.noService}`);
  return end;
}
