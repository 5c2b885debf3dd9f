import type { FlowAddress } from "../model/evidence.js";
import type { Encapsulation, SwitchPorts, TunnelsByNode, UnderlayByNode, Unentered } from "../model/hops.js";
import type { HopRole } from "../model/roles.js";

/** An end, of what was discovered as well as of what a run kept. */
export interface AuditedEnd {
  readonly pod: string | null;
  readonly node: string | null;
  readonly ip: string;
  readonly port: number | null;
  readonly addresses: readonly FlowAddress[];
  readonly isolation?: string;
}

export interface AuditedHop {
  readonly node: string;
  readonly role: HopRole;
  readonly interface: string;
  readonly encapsulation: Encapsulation;
  readonly passedBy?: readonly ("request" | "reply")[];
}

/** The hops between two ends: as much of a path as the checks need. */
export interface AuditedPath {
  readonly from: AuditedEnd;
  readonly to: AuditedEnd;
  /** In the request's order. */
  readonly hops: readonly AuditedHop[];
  /** In the reply's order; null: the same ones. */
  readonly replyHops: readonly AuditedHop[] | null;
  readonly underlay: UnderlayByNode;
  readonly tunnels: TunnelsByNode;
  readonly switched?: SwitchPorts;
  readonly unentered?: readonly Unentered[];
}

export type Direction = "request" | "reply";

export const DIRECTIONS: readonly Direction[] = ["request", "reply"];

/** The hops in the order in which packets of a direction take them. */
export function hopsOf(path: AuditedPath, direction: Direction): readonly AuditedHop[] {
  return direction === "request" ? path.hops : (path.replyHops ?? path.hops.toReversed());
}

/** Where the packets are sent behind the translation of a Service. */
export function endpointOf(end: AuditedEnd): FlowAddress {
  return end.addresses.at(-1) ?? end;
}

/** As routing on a node sees an end: the sender's own address may be masqueraded beyond its node. */
export function addressAt(path: AuditedPath, end: AuditedEnd, node: string): string {
  return end === path.from && node === end.node ? end.ip : endpointOf(end).ip;
}

/** Whether it has a network namespace of its own that the path goes to. */
export function isInPod(path: AuditedPath, end: AuditedEnd): boolean {
  const hop = end === path.from ? path.hops[0] : path.hops.at(-1);
  return hop?.role === "pod" && hop.node === end.node;
}

/** Whose network namespace a hop of the role pod is in. */
export function endOfHop(path: AuditedPath, hop: AuditedHop): AuditedEnd {
  const isFirst = [path.hops[0], path.replyHops?.at(-1)].includes(hop);
  return isFirst ? path.from : path.to;
}
