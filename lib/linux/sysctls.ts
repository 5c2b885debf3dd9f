import { linesOf } from "./lines.js";

/** `sysctl …`: values by name, with slashes between the parts and dots as they are in device names. */
export function parseSysctl(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of linesOf(text)) {
    const at = line.indexOf("=");
    if (at < 0) continue;
    // sysctl(8) swaps the two signs: net.ipv4.conf.eth0/100.rp_filter is that of eth0.100.
    const name = line.slice(0, at).trim();
    const slashed = name.replaceAll(/[./]/g, (sign) => (sign === "." ? "/" : "."));
    values.set(slashed, line.slice(at + 1).trim());
  }
  return values;
}

/** Has packets that a bridge passes on by itself go through the node's rules, by family: br_netfilter, Documentation/networking/ip-sysctl.rst. */
export const BRIDGE_RULES = {
  4: "net/bridge/bridge-nf-call-iptables",
  6: "net/bridge/bridge-nf-call-ip6tables",
} as const;
