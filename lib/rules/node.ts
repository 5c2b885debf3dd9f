import type { Hook } from "../linux/ruleset.js";
import type { Packet } from "./packet.js";
import type { Doubt } from "./truth.js";

/** What `local`, `broadcast`, `unicast`… an address is to a node: the type of the route that its table has for it. */
export type AddressType =
  "local" | "unicast" | "broadcast" | "multicast" | "anycast" | "blackhole" | "unreachable" | "prohibit";

/** A device's name; null: there is none at this hook. */
export type Device = string | null | Doubt;

/** Members of a set: ipset(8)'s, as `save` prints them. */
export interface AddressSet {
  readonly type: string;
  /** Entries without their options: `10.0.0.0/8`, `10.0.0.1,tcp:80`. */
  readonly entries: readonly string[];
  /** Entries that a more general one does not stand for. */
  readonly exceptions: readonly string[];
}

/** What rules may ask of the node beside the packet. */
export interface NodeView {
  addressType(ip: string, device: string | null): AddressType | Doubt;
  /** The index by which rules name a device; null where it is not known. */
  deviceIndex(name: string): number | null;
  /** The address that packets to the destination leave with. */
  sourceFor(device: string, packet: Packet): string | null;
  addressSet(name: string): AddressSet | undefined;
}

/** A packet where a rule looks at it. */
export interface At {
  readonly packet: Packet;
  readonly hook: Hook;
  readonly inDevice: Device;
  readonly outDevice: Device;
  /** Ports of a bridge by which it came and goes; null: none. */
  readonly inPort: string | null;
  readonly outPort: string | null;
  readonly node: NodeView;
}
