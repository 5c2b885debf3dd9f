import type { Encapsulation } from "../model/hops.js";
import { wireOf, WIRE_FORMATS } from "./registry.js";
import type { WireFormat } from "./types.js";

/** By what a dissector knows an encapsulation: a destination port of UDP, or an IP protocol number. */
export interface Opener {
  readonly number: number;
  readonly format: WireFormat;
}

/** What is opened at a hop. Short lists, since every packet is compared with them. */
export interface Openers {
  readonly udp: readonly Opener[];
  readonly ip: readonly Opener[];
}

export const NO_OPENERS: Openers = { udp: [], ip: [] };

/** Every format by its usual ports and protocol numbers, for where nothing is known. */
export const USUAL_OPENERS: Openers = {
  udp: WIRE_FORMATS.flatMap((format) => openPorts(format, usualPortsOf(format))),
  ip: WIRE_FORMATS.flatMap(openProtocols),
};

/** What to open at a hop: what its packets wear and nothing else. null: what is usual. */
export function openersOf(encapsulation: Encapsulation | null): Openers {
  if (encapsulation === null) return USUAL_OPENERS;
  const wire = wireOf(encapsulation);
  if (wire === null) return NO_OPENERS;
  const { format, worn } = wire;
  return { udp: openPorts(format, worn.port === undefined ? [] : [worn.port]), ip: openProtocols(format) };
}

function usualPortsOf({ carrier }: WireFormat): readonly number[] {
  return carrier.over === "udp" ? carrier.usualPorts : [];
}

function openPorts(format: WireFormat, ports: readonly number[]): Opener[] {
  return format.carrier.over === "udp" ? ports.map((number) => ({ number, format })) : [];
}

function openProtocols(format: WireFormat): Opener[] {
  const { carrier } = format;
  return carrier.over === "ip" ? Object.values(carrier.protocols).map((number) => ({ number, format })) : [];
}
