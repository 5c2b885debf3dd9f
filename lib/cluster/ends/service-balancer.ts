import { canonicalIp } from "../../linux/address.js";
import { parseProcIpvs, type IpvsService } from "../../linux/ipvs.js";
import type { ServicePort } from "./service-ports.js";

/** The ports of one address in /proc/net/ip_vs; it has no Service's name. */
export function findBalanced(table: string, ip: string): ServicePort[] {
  return parseProcIpvs(table).flatMap((service) => (service.ip === canonicalIp(ip) ? toPort(service) : []));
}

function toPort({ protocol, port, servers }: IpvsService): ServicePort[] {
  if (port === null) return [];
  const taken = servers.filter(({ weight }) => weight > 0);
  return [
    {
      ...{ port, protocol, kind: "clusterIp", name: null, local: null, affinity: null },
      endpoints: taken.map(({ ip, port: to }) => ({ ip, port: to })),
    },
  ];
}
