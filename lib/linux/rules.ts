import { canonicalIp } from "./address.js";
import { integerOf, parseJson, recordsOf, textOf, type JsonRecord } from "./json.js";

/** A rule of policy routing: `ip -j rule show`, ip-rule(8). */
interface RoutingRule {
  readonly priority: number;
  /** It takes what does not match. */
  readonly isInverted: boolean;
  /** A prefix; null: any. */
  readonly from: string | null;
  readonly to: string | null;
  /** As printed, in hexadecimal. */
  readonly mark: string | null;
  readonly markMask: string | null;
  readonly inDevice: string | null;
  readonly outDevice: string | null;
  readonly protocol: string | null;
  readonly sourcePorts: PortRange | null;
  readonly destinationPorts: PortRange | null;
  /** lookup, or blackhole, unreachable, prohibit, goto, nop. */
  readonly action: string;
  /** Of lookup: main, local, a number… null where the device of a VRF says it (l3mdev). */
  readonly table: string | null;
  /** Answers of its table with prefixes of at most this many bits do not count. */
  readonly suppressedPrefixBits: number | null;
}

interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function parseRules(text: string): RoutingRule[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const priority = integerOf(entry, "priority");
    if (priority === null) return [];
    const table = integerOf(entry, "table");
    return [
      {
        priority,
        isInverted: Object.hasOwn(entry, "not"),
        from: prefixOf(entry, "src"),
        to: prefixOf(entry, "dst"),
        mark: textOf(entry, "fwmark"),
        markMask: textOf(entry, "fwmask"),
        inDevice: textOf(entry, "iif"),
        outDevice: textOf(entry, "oif"),
        protocol: textOf(entry, "ipproto"),
        sourcePorts: portsOf(entry, "sport"),
        destinationPorts: portsOf(entry, "dport"),
        action: textOf(entry, "action") ?? (Object.hasOwn(entry, "goto") ? "goto" : "lookup"),
        table: textOf(entry, "table") ?? (table === null ? null : String(table)),
        suppressedPrefixBits: integerOf(entry, "suppress_prefixlen"),
      },
    ];
  });
}

/** iproute2 prints the length apart, or none where it is an address alone; `all` is any. */
function prefixOf(entry: JsonRecord, name: "src" | "dst"): string | null {
  const ip = canonicalIp(textOf(entry, name) ?? "");
  const bits = integerOf(entry, `${name}len`);
  if (ip === undefined) return null;
  return bits === null ? ip : `${ip}/${bits}`;
}

function portsOf(entry: JsonRecord, name: "sport" | "dport"): PortRange | null {
  const first = integerOf(entry, `${name}_start`) ?? integerOf(entry, name);
  if (first === null) return null;
  return { first, last: integerOf(entry, `${name}_end`) ?? first };
}
