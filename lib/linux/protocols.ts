/** Names as iptables and nft print them: /etc/protocols, and their own. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["igmp", 2],
  ["ipencap", 4],
  ["ipip", 4],
  ["tcp", 6],
  ["udp", 17],
  ["dccp", 33],
  ["ipv6", 41],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["comp", 108],
  ["ipcomp", 108],
  ["sctp", 132],
  ["udplite", 136],
]);

/** The number of a protocol by its name or number; undefined where there is none of that name. */
export function protocolOf(text: string): number | undefined {
  if (/^[0-9]{1,3}$/.test(text)) return Number(text) < 256 ? Number(text) : undefined;
  return PROTOCOLS.get(text.toLowerCase());
}
