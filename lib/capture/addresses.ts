import { HopbookError } from "../errors.js";
import * as address from "../linux/address.js";

/** 4 or 6; an error where the text is no IP address. A zone (`fe80::1%eth0`) is refused: it is not in packets. */
export function familyOf(ip: string): 4 | 6 {
  return bytesOf(ip).length === 4 ? 4 : 6;
}

/** The 4 or 16 bytes of an address, in network order; an error where the text is none. */
export function bytesOf(ip: string): readonly number[] {
  const bytes = address.bytesOf(ip);
  if (bytes !== undefined) return bytes;
  throw new HopbookError(
    "INPUT_INVALID",
    `Cannot build a capture filter: current address is ${JSON.stringify(ip.slice(0, 64))}`,
    { hint: "Give an IPv4 or IPv6 address" },
  );
}

/** A port of TCP or UDP, checked before it goes into a filter. */
export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new HopbookError("INPUT_INVALID", `Cannot build a capture filter: current port is ${port}`, {
    hint: "Give a port from 1 to 65535",
  });
}
