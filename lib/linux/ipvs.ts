import { formatBytes } from "./address.js";
import { linesOf, wordsOf } from "./lines.js";

/** A virtual service of the kernel's load balancer. */
export interface IpvsService {
  readonly protocol: "tcp" | "udp" | "sctp" | "mark";
  /** null for a firewall mark. */
  readonly ip: string | null;
  readonly port: number | null;
  readonly mark: number | null;
  /** rr, wrr, lc, sh… */
  readonly scheduler: string;
  readonly servers: readonly IpvsServer[];
}

export interface IpvsServer {
  readonly ip: string;
  readonly port: number | null;
  /** masquerade, tunnel or route (direct). */
  readonly forward: "masquerade" | "tunnel" | "route";
  /** 0: it gets nothing new. */
  readonly weight: number;
  readonly active: number | null;
  readonly inactive: number | null;
}

interface Open extends IpvsService {
  readonly servers: IpvsServer[];
}

const FORWARD: ReadonlyMap<string, IpvsServer["forward"]> = new Map([
  ["Masq", "masquerade"],
  ["Tunnel", "tunnel"],
  ["Route", "route"],
  ["Local", "route"],
]);

/** /proc/net/ip_vs: addresses and ports in hexadecimal, servers below their service. */
export function parseProcIpvs(text: string): IpvsService[] {
  const services: Open[] = [];
  for (const line of linesOf(text)) {
    const [first = "", second = "", third = "", ...rest] = wordsOf(line);
    const place = parseHexAddress(second);
    const kind = first.toLowerCase();
    if (first === "->") {
      const forward = FORWARD.get(third);
      const [weight, active, inactive] = rest.map(Number);
      if (place === null || forward === undefined || weight === undefined) continue;
      const counts = { weight, active: active ?? null, inactive: inactive ?? null };
      if ([weight, active, inactive].some((count) => count !== undefined && !Number.isSafeInteger(count)))
        continue;
      services.at(-1)?.servers.push({ ...place, forward, ...counts });
    } else if ((kind === "tcp" || kind === "udp" || kind === "sctp") && place !== null) {
      services.push({ protocol: kind, ...place, mark: null, scheduler: third, servers: [] });
    } else if (first === "FWM" && /^[0-9A-F]{8}$/.test(second)) {
      const mark = parseInt(second, 16);
      services.push({ protocol: "mark", ip: null, port: null, mark, scheduler: third, servers: [] });
    }
  }
  return services;
}

/** `0A600001:01BB`, `[FD00:…]:01BB`; a port of 0 is none. */
function parseHexAddress(text: string): { readonly ip: string; readonly port: number | null } | null {
  const match = /^(?:([0-9A-Fa-f]{8})|\[([0-9A-Fa-f:]{39})\]):([0-9A-Fa-f]{4})$/.exec(text);
  if (match === null) return null;
  const [, four = "", six = "", hexPort = ""] = match;
  const ip = formatBytes([...Buffer.from(four + six.replaceAll(":", ""), "hex")]);
  const port = parseInt(hexPort, 16);
  return ip === undefined ? null : { ip, port: port === 0 ? null : port };
}
