import { tunnelAddress } from "../linux/tunnel-address.js";
import type { Encapsulation, Worn } from "../model/hops.js";
import { erspan } from "./erspan.js";
import { esp } from "./esp.js";
import { geneve } from "./geneve.js";
import { gre } from "./gre.js";
import { gretap } from "./gretap.js";
import { ipip } from "./ipip.js";
import type { SealedFormat, TunnelLink, WireFormat } from "./types.js";
import { vxlan } from "./vxlan.js";
import { wireguard } from "./wireguard.js";

/** Every encapsulation that hopbook can read. Of those with the same number the first that opens a packet has it. */
export const WIRE_FORMATS: readonly WireFormat[] = [geneve, ipip, vxlan, erspan, gretap, gre];

/** Every one that it knows without being able to read it. */
export const SEALED_FORMATS: readonly SealedFormat[] = [esp, wireguard];

const BY_KIND: ReadonlyMap<string, WireFormat> = new Map(WIRE_FORMATS.map((format) => [format.kind, format]));
const BY_LINK: ReadonlyMap<string, WireFormat> = new Map(
  WIRE_FORMATS.flatMap((format) => format.linkKinds.map((kind): [string, WireFormat] => [kind, format])),
);

/** What packets wear, and its format. */
export interface Wire {
  readonly format: WireFormat;
  readonly worn: Worn;
}

/** null where packets are bare. */
export function wireOf(encapsulation: Encapsulation | null | undefined): Wire | null {
  const format = BY_KIND.get(encapsulation?.kind ?? "");
  return format === undefined || encapsulation == null || !("outer" in encapsulation)
    ? null
    : { format, worn: encapsulation };
}

/** What seals packets, so that only its ends can read them, and what they wear of it. */
export interface Seal {
  readonly format: SealedFormat;
  readonly worn: Worn;
}

/** null where packets are bare, or can be read. */
export function sealOf(encapsulation: Encapsulation | null | undefined): Seal | null {
  const format = SEALED_FORMATS.find(({ kind }) => kind === encapsulation?.kind);
  return format === undefined || encapsulation == null || !("outer" in encapsulation)
    ? null
    : { format, worn: encapsulation };
}

/** The format that a device of this kind puts packets into; null where it is no tunnel that is known. */
export function formatOfLink(kind: string | null): WireFormat | null {
  return BY_LINK.get(kind ?? "") ?? null;
}

/** What a device of this kind puts packets into, where only its ends can read them. */
export function sealedFormatOfLink(kind: string | null): SealedFormat | null {
  return SEALED_FORMATS.find(({ linkKinds }) => linkKinds.includes(kind ?? "")) ?? null;
}

/** Of tunnels that can be read, then of those that cannot. */
export function listLinkKinds(): readonly string[] {
  return [...BY_LINK.keys(), ...SEALED_FORMATS.flatMap(({ linkKinds }) => linkKinds)];
}

/** What the packets of a device wear, by its attributes; null where it is no tunnel, or they do not say. */
export function wornBy(link: TunnelLink, outer: 4 | 6): Worn | null {
  return formatOfLink(link.kind)?.wornBy(link, outer) ?? null;
}

/** Whether a device is told the far end with each packet, by OVS, eBPF or a route, and has none of its own. */
export function isToldFarEnd({ data }: TunnelLink): boolean {
  return data["external"] === true;
}

/** The address that a tunnel's device sends from; null where it has none of its own. */
export function localEndOf({ data }: TunnelLink): string | null {
  return tunnelAddress(data, "local");
}

/** The one address that a tunnel's device sends to; null where it has none. */
export function remoteEndOf({ data }: TunnelLink): string | null {
  return tunnelAddress(data, "remote");
}
