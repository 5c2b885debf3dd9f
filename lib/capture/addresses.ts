import { isIPv4, isIPv6 } from "node:net";
import { HopbookError } from "../errors.js";

/** 4 or 6; an error where the text is no IP address. A zone (`fe80::1%eth0`) is refused: it is not in packets. */
export function familyOf(ip: string): 4 | 6 {
  if (isIPv4(ip)) return 4;
  if (isIPv6(ip) && !ip.includes("%")) return 6;
  throw new HopbookError(
    "INPUT_INVALID",
    `Cannot build a capture filter: current address is ${JSON.stringify(ip.slice(0, 64))}`,
    { hint: "Give an IPv4 or IPv6 address" },
  );
}

/** The 4 or 16 bytes of an address, in network order. */
export function bytesOf(ip: string): readonly number[] {
  return familyOf(ip) === 4 ? ip.split(".").map(Number) : bytesOf6(ip);
}

function bytesOf6(ip: string): readonly number[] {
  const [head = "", tail] = ip.split("::");
  const front = groupsOf(head);
  if (tail === undefined) return front;
  const back = groupsOf(tail);
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

/** `2001:db8` → its bytes; a dotted last group (`::ffff:10.0.0.1`) counts as two groups. RFC 4291, 2.2. */
function groupsOf(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** A port of TCP or UDP, checked before it goes into a filter. */
export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new HopbookError("INPUT_INVALID", `Cannot build a capture filter: current port is ${port}`, {
    hint: "Give a port from 1 to 65535",
  });
}
