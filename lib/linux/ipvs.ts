import { formatBytes } from "./address.js";
import { parseAddress } from "./endpoint.js";
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
  /** Only /proc/net/ip_vs tells them. */
  readonly active: number | null;
  readonly inactive: number | null;
}

interface Open extends IpvsService {
  readonly servers: IpvsServer[];
}

const FORWARD: ReadonlyMap<string, IpvsServer["forward"]> = new Map([
  ["-m", "masquerade"],
  ["-i", "tunnel"],
  ["-g", "route"],
  ["Masq", "masquerade"],
  ["Tunnel", "tunnel"],
  ["Route", "route"],
  ["Local", "route"],
]);

/** `ipvsadm -Sn`: ipvsadm(8). A server whose service is not there is left out. */
export function parseIpvsSave(text: string): IpvsService[] {
  const services = new Map<string, Open>();
  for (const line of linesOf(text)) {
    const [verb, flag = "", place = "", ...rest] = wordsOf(line);
    const protocol = ({ "-t": "tcp", "-u": "udp", "--sctp-service": "sctp", "-f": "mark" } as const)[flag];
    if (protocol === undefined) continue;
    const after = (option: string): string => rest[rest.indexOf(option) + 1] ?? "";
    if (verb === "-A") {
      const service = openService(protocol, place, rest.includes("-s") ? after("-s") : "");
      if (service !== null) services.set(`${flag} ${place}`, service);
    } else if (verb === "-a") {
      const server = parseAddress(after("-r"));
      const forward = rest.map((word) => FORWARD.get(word)).find((way) => way !== undefined) ?? "route";
      const weight = Number(after("-w"));
      if (server === undefined || !Number.isSafeInteger(weight)) continue;
      services
        .get(`${flag} ${place}`)
        ?.servers.push({ ...server, forward, weight, active: null, inactive: null });
    }
  }
  return [...services.values()];
}

function openService(protocol: Open["protocol"], place: string, scheduler: string): Open | null {
  if (protocol === "mark") {
    const mark = /^[0-9]{1,10}$/.test(place) ? Number(place) : null;
    return mark === null ? null : { protocol, ip: null, port: null, mark, scheduler, servers: [] };
  }
  const address = parseAddress(place);
  return address === undefined ? null : { protocol, ...address, mark: null, scheduler, servers: [] };
}

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
