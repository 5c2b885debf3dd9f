import { canonicalIp, formatBytes } from "./address.js";
import { linesOf } from "./lines.js";

/**
 * Addresses of a network namespace by /proc alone: those of /proc/net/fib_trie that are `host LOCAL`, and those of
 * /proc/net/if_inet6 of global scope; none of loopback.
 */
export function parseOwnAddresses(text: string): string[] {
  const found = new Set<string | undefined>();
  let leaf = "";
  for (const line of linesOf(text)) {
    leaf = /^ *\|-- (\S+)$/.exec(line)?.[1] ?? leaf;
    const six = /^([0-9a-f]{32}) [0-9a-f]{2} [0-9a-f]{2} 00 /.exec(line)?.[1];
    if (/^ *\/32 host LOCAL$/.test(line)) found.add(canonicalIp(leaf));
    if (six !== undefined) found.add(formatBytes([...Buffer.from(six, "hex")]));
  }
  return [...found].flatMap((ip) => (ip === undefined || ip.startsWith("127.") ? [] : [ip]));
}
