import type { Encapsulation } from "../model/hops.js";
import { checksumAt, GRE_PROTOCOL } from "./gre-packet.js";
import { sealOf, SEALED_FORMATS, wireOf, WIRE_FORMATS } from "./registry.js";
import type { SealedFormat, WireFormat } from "./types.js";

/** By what a dissector knows an encapsulation: a destination port of UDP, or an IP protocol number. */
export interface Opener {
  readonly number: number;
  readonly format: WireFormat;
}

/** … and one that is known but stays closed. */
interface Sealer {
  readonly number: number;
  readonly format: SealedFormat;
}

/** What is opened at a hop. Short lists, since every packet is compared with them. */
export interface Openers {
  readonly udp: readonly Opener[];
  readonly ip: readonly Opener[];
  readonly sealedUdp: readonly Sealer[];
  readonly sealedIp: readonly Sealer[];
  /** How many headers, one within the other. */
  readonly depth: number;
}

/** A packet with more tunnels than this, one in the other, was made to be slow. */
const MOST_TUNNELS = 8;

export const NO_OPENERS: Openers = { udp: [], ip: [], sealedUdp: [], sealedIp: [], depth: 0 };

/** Every format by its usual ports and protocol numbers, for where nothing is known. */
export const USUAL_OPENERS: Openers = {
  udp: WIRE_FORMATS.flatMap((format) => openPorts(format, usualPortsOf(format))),
  ip: WIRE_FORMATS.flatMap(openProtocols),
  ...sealersOf(SEALED_FORMATS),
  depth: MOST_TUNNELS,
};

/** What to open at a hop: what its packets wear, once, and nothing else. null: all that is usual, at any depth. */
export function openersOf(encapsulation: Encapsulation | null): Openers {
  if (encapsulation === null) return USUAL_OPENERS;
  const seal = sealOf(encapsulation);
  if (seal !== null) return { ...NO_OPENERS, ...sealersOf([seal.format]), depth: 1 };
  const wire = wireOf(encapsulation);
  if (wire === null) return NO_OPENERS;
  const { format, worn } = wire;
  const udp = openPorts(format, worn.port === undefined ? [] : [worn.port]);
  return { ...NO_OPENERS, udp, ip: openProtocols(format), depth: 1 };
}

/** Whether a tunnel usually ends at a port of UDP, sealed ones among them. */
export function isTunnelPort(port: number): boolean {
  return [...USUAL_OPENERS.udp, ...USUAL_OPENERS.sealedUdp].some(({ number }) => number === port);
}

/** Where a checksum of all that an IP protocol carries from `at` on stands; -1 where it is none that is read, or has none. */
export function ownChecksumAt(protocol: number, bytes: Uint8Array, at: number, end: number): number {
  return protocol === GRE_PROTOCOL ? checksumAt(bytes, at, end) : -1;
}

function usualPortsOf({ carrier }: WireFormat): readonly number[] {
  return carrier.over === "udp" ? carrier.usualPorts : [];
}

function sealersOf(formats: readonly SealedFormat[]): Pick<Openers, "sealedUdp" | "sealedIp"> {
  return {
    sealedUdp: formats.flatMap((format) => format.udpPorts.map((number) => ({ number, format }))),
    sealedIp: formats.flatMap((format) => format.protocols.map((number) => ({ number, format }))),
  };
}

function openPorts(format: WireFormat, ports: readonly number[]): Opener[] {
  return format.carrier.over === "udp" ? ports.map((number) => ({ number, format })) : [];
}

function openProtocols(format: WireFormat): Opener[] {
  const { carrier } = format;
  if (carrier.over !== "ip") return [];
  return [...new Set(Object.values(carrier.protocols))].map((number) => ({ number, format }));
}
