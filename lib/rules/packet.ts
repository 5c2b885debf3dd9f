import { protocolOf } from "../linux/protocols.js";
import { bytesOf, canonicalIp, familyOf, type Family } from "../linux/address.js";

/** An address with its bytes, which rules are compared by. */
export interface PacketAddress {
  readonly text: string;
  readonly bytes: readonly number[];
}

type ConnectionState = "new" | "established" | "related" | "invalid" | "untracked";

/** What connection tracking knows of a packet. */
export interface PacketConnection {
  /** null: not known. */
  readonly state: ConnectionState | null;
  readonly direction: "original" | "reply";
  readonly mark: number | null;
  /** null: not known. */
  readonly isSourceTranslated: boolean | null;
  readonly isDestinationTranslated: boolean | null;
}

/** A packet as rules see it. What is null is not known, and a rule that asks for it is in doubt. */
export interface Packet {
  readonly family: Family;
  readonly source: PacketAddress;
  readonly destination: PacketAddress;
  /** IP protocol number. */
  readonly protocol: number;
  /** null too where the protocol has none. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  /** The flags' bits, FIN 1 to CWR 128. */
  readonly tcpFlags: number | null;
  /** Of the IP packet, its header included. */
  readonly lengthBytes: number | null;
  readonly hopLimit: number | null;
  /** The byte of DSCP and ECN. */
  readonly trafficClass: number | null;
  readonly mark: number | null;
  readonly sourceMac: string | null;
  readonly connection: PacketConnection;
}

const WITH_PORTS: readonly number[] = [6, 17, 33, 132, 136];

export function hasPorts({ protocol }: Pick<Packet, "protocol">): boolean {
  return WITH_PORTS.includes(protocol);
}

/** Whether connection tracking may hold it to be of a connection, which alone has marks, a direction and a status. */
export function hasConnection({ connection: { state } }: Pick<Packet, "connection">): boolean {
  return state !== "invalid" && state !== "untracked";
}

/** What a person or a flow says of a packet; the rest is not known, but for a mark, which packets begin without. */
export interface PacketDescription extends Partial<
  Omit<Packet, "family" | "source" | "destination" | "protocol" | "connection">
> {
  readonly source: string;
  readonly destination: string;
  /** A name or a number. */
  readonly protocol: string;
  readonly connection?: Partial<PacketConnection>;
}

/** undefined where addresses or protocol are none, or the addresses are not of one family. */
export function makePacket({
  source,
  destination,
  protocol,
  connection,
  ...rest
}: PacketDescription): Packet | undefined {
  const [from, to, number] = [addressOf(source), addressOf(destination), protocolOf(protocol)];
  const family = familyOf(source);
  if (from === undefined || to === undefined || number === undefined || family === undefined)
    return undefined;
  if (from.bytes.length !== to.bytes.length) return undefined;
  return {
    ...{ sourcePort: null, destinationPort: null, icmpType: null, icmpCode: null, tcpFlags: null },
    ...{ lengthBytes: null, hopLimit: null, trafficClass: null, mark: 0, sourceMac: null },
    ...rest,
    ...{ family, source: from, destination: to, protocol: number },
    connection: {
      state: null,
      direction: "original",
      mark: null,
      isSourceTranslated: null,
      isDestinationTranslated: null,
      ...connection,
    },
  };
}

/** undefined where the text is no address. */
export function addressOf(text: string): PacketAddress | undefined {
  const [canonical, bytes] = [canonicalIp(text), bytesOf(text)];
  return canonical === undefined || bytes === undefined ? undefined : { text: canonical, bytes };
}
