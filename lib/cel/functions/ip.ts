import { canonicalIp, containsIp, formatBytes, parsePrefix, type Prefix } from "../../linux/address.js";
import { TextObject } from "../values.js";
import { define, type CelFunction } from "./function.js";

class Ip extends TextObject {
  readonly typeName = "net.IP";
  /** In its canonical form. */
  readonly address: string;

  constructor(address: string) {
    super();
    this.address = address;
  }

  override get shortName(): string {
    return "IP";
  }

  override toString(): string {
    return this.address;
  }
}

class Cidr extends TextObject {
  readonly typeName = "net.CIDR";
  readonly prefix: Prefix;

  constructor(prefix: Prefix) {
    super();
    this.prefix = prefix;
  }

  /** With its host bits. */
  get address(): string {
    // A prefix has 4 or 16 bytes.
    return formatBytes(this.prefix.bytes) as string;
  }

  override get shortName(): string {
    return "CIDR";
  }

  override toString(): string {
    return `${this.address}/${this.prefix.lengthBits}`;
  }
}

const MAPPED: Prefix = {
  family: 6,
  bytes: [...Array<number>(10).fill(0), 255, 255, 0, 0, 0, 0],
  lengthBits: 96,
};

/** As Kubernetes reads addresses: without a zone, and no IPv4 within IPv6. */
function parseIp(text: string): Ip | undefined {
  const address = canonicalIp(text);
  return address === undefined || containsIp(MAPPED, address) ? undefined : new Ip(address);
}

function parseCidr(text: string): Cidr | undefined {
  const [, host = ""] = /^([^/]*)\/(?:0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const prefix = parseIp(host) === undefined ? undefined : parsePrefix(text);
  return prefix && new Cidr(prefix);
}

function toIp(value: string | Ip): Ip {
  const ip = typeof value === "string" ? parseIp(value) : value;
  if (ip !== undefined) return ip;
  throw new Error(`${JSON.stringify(String(value).slice(0, 60))} is no IP address`);
}

function toCidr(value: string | Cidr): Cidr {
  const cidr = typeof value === "string" ? parseCidr(value) : value;
  if (cidr !== undefined) return cidr;
  throw new Error(`${JSON.stringify(String(value).slice(0, 60))} is no CIDR, as in 10.0.0.0/8`);
}

/** With the bits behind its length zero. */
function maskOf({ bytes, ...prefix }: Prefix): Prefix {
  const kept = (index: number): number => Math.min(8, Math.max(0, prefix.lengthBits - index * 8));
  return { ...prefix, bytes: bytes.map((byte, index) => byte & (0xff00 >> kept(index)) & 0xff) };
}

function isIn(address: string, ...ranges: readonly string[]): boolean {
  return ranges.some((range) => containsIp(toCidr(range).prefix, address));
}

const isMulticast = (address: string): boolean => isIn(address, "224.0.0.0/4", "ff00::/8");
const isLoopback = (address: string): boolean => isIn(address, "127.0.0.0/8", "::1/128");
const isLinkLocal = (address: string): boolean => isIn(address, "169.254.0.0/16", "fe80::/10");
const isUnspecified = (address: string): boolean => isIn(address, "0.0.0.0/32", "::/128");
/** ff02::/16 with any flags. */
const isLinkLocalMulticast = (address: string): boolean =>
  isIn(address, "224.0.0.0/24") || /^ff.2:/.test(address);
const isGlobal = (address: string): boolean =>
  !isUnspecified(address) &&
  !isLoopback(address) &&
  !isMulticast(address) &&
  !isLinkLocal(address) &&
  !isIn(address, "255.255.255.255/32");

function ask(
  name: string,
  means: string,
  { example, holds }: { readonly example: string; readonly holds: (address: string) => boolean },
): CelFunction {
  return define([`IP.${name}(): bool`], means, [`ip('${example}').${name}()`, true], ({ address }: Ip) =>
    holds(address),
  );
}

export const IPS: readonly CelFunction[] = [
  define(
    ["ip(string): IP", "CIDR.ip(): IP"],
    "An IP address, of a text or of a CIDR",
    ["ip('10.0.0.1') == cidr('10.0.0.1/8').ip()", true],
    (value: string | Cidr) => (value instanceof Cidr ? new Ip(value.address) : toIp(value)),
  ),
  define(
    ["isIP(string): bool"],
    "Whether a text is an IP address",
    ["isIP('10.0.0.256')", false],
    (text: string) => parseIp(text) !== undefined,
  ),
  define(
    ["ip.isCanonical(string): bool"],
    "Whether an address is written as it is best written; an error where it is none",
    ["ip.isCanonical('2001:DB8::1')", false],
    (text: string) => toIp(text).toString() === text,
  ),
  define(["IP.family(): int"], "4 or 6", ["ip('fd00::1').family()", 6], ({ address }: Ip) =>
    address.includes(":") ? 6n : 4n,
  ),
  ask("isUnspecified", "Whether it is 0.0.0.0 or ::", { example: "::", holds: isUnspecified }),
  ask("isLoopback", "Whether it is of the host itself", { example: "127.0.0.1", holds: isLoopback }),
  ask("isLinkLocalMulticast", "Whether it is multicast on the link", {
    example: "224.0.0.1",
    holds: isLinkLocalMulticast,
  }),
  ask("isLinkLocalUnicast", "Whether it is of the link", { example: "fe80::1", holds: isLinkLocal }),
  ask("isGlobalUnicast", "Whether it is none of these, and no other multicast or broadcast", {
    example: "10.0.0.1",
    holds: isGlobal,
  }),
  define(["cidr(string): CIDR"], "A range of addresses", ["cidr('10.0.0.0/8').prefixLength()", 8], toCidr),
  define(
    ["isCIDR(string): bool"],
    "Whether a text is a range of addresses",
    ["isCIDR('10.0.0.0')", false],
    (text: string) => parseCidr(text) !== undefined,
  ),
  define(
    ["CIDR.containsIP(string): bool", "CIDR.containsIP(IP): bool"],
    "Whether an address is in the range",
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3')", true],
    (cidr: Cidr, ip: string | Ip) => containsIp(cidr.prefix, toIp(ip).address),
  ),
  define(
    ["CIDR.containsCIDR(string): bool", "CIDR.containsCIDR(CIDR): bool"],
    "Whether another range is in the range",
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", true],
    (cidr: Cidr, value: string | Cidr) => {
      const other = toCidr(value);
      return cidr.prefix.lengthBits <= other.prefix.lengthBits && containsIp(cidr.prefix, other.address);
    },
  ),
  define(
    ["CIDR.masked(): CIDR"],
    "The range with its first address",
    ["cidr('10.1.2.3/8').masked()", "10.0.0.0/8"],
    ({ prefix }: Cidr) => new Cidr(maskOf(prefix)),
  ),
  define(
    ["CIDR.prefixLength(): int"],
    "Bits of its prefix",
    ["cidr('fd00::/64').prefixLength()", 64],
    ({ prefix }: Cidr) => BigInt(prefix.lengthBits),
  ),
];
