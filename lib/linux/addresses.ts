import { canonicalIp } from "./address.js";
import { integerOf, recordsOf, textOf, type JsonRecord } from "./json.js";

/** An address of a device: ip-address(8). */
export interface InterfaceAddress {
  readonly ip: string;
  readonly prefixBits: number | null;
  /** global, link, host, site. */
  readonly scope: string | null;
  /** The far end's address of a point-to-point device. */
  readonly peer: string | null;
  readonly label: string | null;
  /** tentative, dadfailed, deprecated, secondary, dynamic…, as far as they are set. */
  readonly flags: readonly string[];
}

const FLAGS = ["secondary", "tentative", "dadfailed", "deprecated", "dynamic", "permanent", "noprefixroute"];

/** The `addr_info` of a device; what is no address is left out. */
export function parseAddresses(addressInfo: unknown): InterfaceAddress[] {
  return recordsOf(addressInfo).flatMap((entry) => {
    const ip = canonicalIp(textOf(entry, "local") ?? "");
    if (ip === undefined) return [];
    return [
      {
        ip,
        prefixBits: integerOf(entry, "prefixlen"),
        scope: textOf(entry, "scope"),
        peer: canonicalIp(textOf(entry, "address") ?? "") ?? null,
        label: textOf(entry, "label"),
        flags: FLAGS.filter((flag) => isSet(entry, flag)),
      },
    ];
  });
}

/** iproute2 prints a flag as true or, in some versions and for some flags, as null. */
export function isSet(entry: JsonRecord, flag: string): boolean {
  return Object.hasOwn(entry, flag) && entry[flag] !== false && entry[flag] !== 0;
}
