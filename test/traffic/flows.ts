import type { ProbeKind, Protocol } from "../../lib/model/traffic.js";
import type { End, NetnsRef } from "../../lib/model/cluster.js";
import type { Flow } from "../../lib/model/hops.js";
import type { ProbeOptions } from "../../lib/traffic/index.js";

export const OPTIONS: ProbeOptions = {
  count: 4,
  intervalMs: 200,
  timeoutMs: 1500,
  runTag: "0a1b2c3d4e5f",
  dnsName: "web.shop.svc.cluster.local",
  httpPath: "/",
};

export function makeEnd(ip: string, port: number | null, netns: NetnsRef | null = null): End {
  return {
    kind: netns === null ? "ip" : "pod",
    text: ip,
    pod: netns === null ? null : "shop/client",
    node: netns === null ? null : "node-a",
    ip,
    port,
    addresses: [{ ip, port }],
    netns,
    hostNetwork: false,
    cniHostInterfaces: [],
  };
}

const PROTOCOLS: Readonly<Record<ProbeKind, Protocol>> = {
  ping: "icmp",
  "ping-large": "icmp",
  udp: "udp",
  "dns-udp": "udp",
  "dns-tcp": "tcp",
  "tcp-connect": "tcp",
  http: "tcp",
  https: "tcp",
  tls: "tcp",
};

/** A flow from a network namespace to an address; its first hop has this MTU. */
export function makeFlow(
  kind: ProbeKind | null,
  to: { readonly ip: string; readonly port: number | null },
  from: { readonly ip?: string; readonly netns?: NetnsRef | null; readonly mtuBytes?: number | null } = {},
): Flow {
  const netns =
    from.netns === undefined ? ({ kind: "path", path: "/var/run/netns/pod" } as const) : from.netns;
  return {
    id: `f0-${kind ?? "watch"}`,
    protocol: kind === null ? "icmp" : PROTOCOLS[kind],
    probe: kind,
    path: {
      from: makeEnd(from.ip ?? (to.ip.includes(":") ? "fd00::1" : "192.168.174.129"), null, netns),
      to: makeEnd(to.ip, to.port),
      recipe: "calico-vxlan",
      hops: [
        {
          index: 0,
          id: "node-a.pod.eth0",
          node: "node-a",
          role: "pod",
          interface: "eth0",
          netns: netns ?? { kind: "host" },
          mtuBytes: from.mtuBytes === undefined ? 1450 : from.mtuBytes,
          encapsulation: { kind: "none" },
          evidence: [],
        },
      ],
      replyHops: null,
      underlay: {},
      tunnels: {},
      notes: [],
    },
  };
}
