import { bytesOf, ipVersion } from "./address.js";
import { isInterfaceName } from "./interface-name.js";
import { linesOf } from "./lines.js";

/** Flags of a route (linux/route.h): the interface is up; packets are refused. */
const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/**
 * The device of the longest prefix that fits an address, by /proc/net/route (IPv4) or /proc/net/ipv6_route; null where
 * none does. For pods without ip(8); rules and metrics are not looked at.
 */
export function findRouteDevice(
  texts: { readonly route: string; readonly route6: string },
  dst: string,
): string | null {
  const wanted = bitsOf(dst);
  const routes = ipVersion(dst) === 4 ? parseRoutes4(texts.route) : parseRoutes6(texts.route6);
  let best: ProcRoute | null = null;
  for (const route of routes) {
    const fits = wanted.startsWith(route.bits.slice(0, route.prefix));
    if (fits && (best === null || route.prefix > best.prefix)) best = route;
  }
  return best?.dev ?? null;
}

interface ProcRoute {
  readonly dev: string;
  /** 0s and 1s, as long as an address. */
  readonly bits: string;
  readonly prefix: number;
}

function parseRoutes4(text: string): ProcRoute[] {
  return linesOf(text).flatMap((line): ProcRoute[] => {
    const [dev = "", destination = "", , flags = "", , , , mask = ""] = line.trim().split(/\s+/);
    if (![destination, flags, mask].every((word) => /^[0-9A-Fa-f]{1,8}$/.test(word))) return [];
    if (destination.length !== 8 || mask.length !== 8) return [];
    const isUsable = (parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP;
    if (!isUsable || !isInterfaceName(dev)) return [];
    return [{ dev, bits: toBits(swap(destination)), prefix: toBits(swap(mask)).replace(/0+$/, "").length }];
  });
}

function parseRoutes6(text: string): ProcRoute[] {
  return linesOf(text).flatMap((line): ProcRoute[] => {
    const words = line.trim().split(/\s+/);
    const [destination = "", prefix = ""] = words;
    const flags = words[8] ?? "";
    const dev = words[9] ?? "";
    if (!/^[0-9a-f]{32}$/.test(destination) || !/^[0-9a-f]{2}$/.test(prefix) || !/^[0-9a-f]{8}$/.test(flags))
      return [];
    const length = parseInt(prefix, 16);
    const isUsable = (parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP;
    // The table ends with entries of lo that refuse what nothing else takes.
    if (!isUsable || dev === "lo" || length > 128 || !isInterfaceName(dev)) return [];
    return [{ dev, bits: toBits(destination), prefix: length }];
  });
}

/** The kernel prints IPv4 words in the machine's order; every machine that runs a kubelet is little-endian but s390x. */
function swap(hex: string): string {
  return Buffer.from(hex, "hex").reverse().toString("hex");
}

function toBits(hex: string): string {
  return [...hex].map((digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
}

function bitsOf(ip: string): string {
  return (bytesOf(ip) ?? []).map((byte) => byte.toString(2).padStart(8, "0")).join("");
}
