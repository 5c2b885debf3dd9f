import { createHash } from "node:crypto";
import {
  blackhole,
  bridged,
  HOST_SIDE,
  nodeIp,
  other,
  podName,
  podNet,
  routed,
  vxlan,
  type Wiring,
} from "./clusters.js";

export const sha1 = (n: number): string =>
  createHash("sha1")
    .update(`shop.${podName(n)}`)
    .digest("hex")
    .slice(0, 11);
export const cali = (n: number): string => `cali${sha1(n)}`;
export const vxlanCalico = (n: number, below?: string): ReturnType<typeof vxlan> =>
  vxlan(n, { name: "vxlan.calico", vni: 4096, port: 4789, ...(below === undefined ? {} : { below }) });
export const flannel1 = (n: number): ReturnType<typeof vxlan> =>
  vxlan(n, { name: "flannel.1", vni: 1, port: 8472 });

/** Several wirings of one node in one. */
export function all(...parts: readonly Partial<Wiring>[]): Wiring {
  const nic = parts.find((part) => part.nic !== undefined)?.nic;
  return {
    host: parts.flatMap((part) => part.host ?? []),
    devices: parts.flatMap((part) => part.devices ?? []),
    ways: parts.flatMap((part) => part.ways ?? []),
    neighbours: parts.flatMap((part) => part.neighbours ?? []),
    fdb: Object.fromEntries(parts.flatMap((part) => Object.entries(part.fdb ?? {}))),
    pod: Object.fromEntries(parts.flatMap((part) => Object.entries(part.pod ?? {}))),
    ...(nic === undefined ? {} : { nic }),
  };
}

export const calico = (n: number, ...more: readonly Partial<Wiring>[]): Wiring =>
  all(routed(n, cali(n)), { ways: [blackhole(n)] }, ...more);
export const tunl0 = (index = 31): Partial<Wiring> => ({
  devices: [{ index, name: "tunl0", kind: "ipip", data: { local: "any", remote: "any", ttl: 0 } }],
});
export const viaTunl0 = (n: number): Partial<Wiring> => ({
  ways: [
    { dst: podNet(other(n)), dev: "tunl0", gateway: nodeIp(other(n)), protocol: "bird", flags: ["onlink"] },
  ],
});
export const wireguard = (name: string, table?: number): ((n: number) => Partial<Wiring>) => {
  return (n) => ({
    devices: [{ index: 32, name, kind: "wireguard" }],
    ways: [{ dst: podNet(other(n)), dev: name, ...(table === undefined ? {} : { table }) }],
  });
};
export const bpf = {
  devices: [
    { ...HOST_SIDE, index: 40, name: "bpfin.cali" },
    { ...HOST_SIDE, index: 41, name: "bpfout.cali" },
  ],
};
export const flannel = (n: number, ...more: readonly Partial<Wiring>[]): Wiring =>
  all(bridged(n, "cni0", `veth0a0b0c0${n}`), ...more);
export const ciliumHost = {
  devices: [
    { ...HOST_SIDE, index: 42, peer: 43, elsewhere: false, name: "cilium_net" },
    { ...HOST_SIDE, index: 43, peer: 42, elsewhere: false, name: "cilium_host" },
  ],
};
export const cilium = (n: number, ...more: readonly Partial<Wiring>[]): Wiring =>
  all(
    { host: [{ ...HOST_SIDE, name: `lxc0123456789a${n}` }] },
    { ways: [{ dst: podNet(n), dev: "cilium_host" }] },
    ciliumHost,
    ...more,
  );
export const viaCiliumHost = (n: number): Partial<Wiring> => ({
  ways: [{ dst: podNet(other(n)), dev: "cilium_host", gateway: `10.244.${n}.1`, protocol: "kernel" }],
});
/** A pod that is a port of Open vSwitch, and the switch's own device into the host's network. */
export const switched = (n: number, gate: string, host = `pod${n}-1a2b3c`): Partial<Wiring> => ({
  host: [{ ...HOST_SIDE, name: host, master: "ovs-system" }],
  devices: [
    { index: 50, name: "ovs-system", kind: "openvswitch" },
    { index: 51, name: gate, kind: "openvswitch", ips: [`10.244.${n}.1/24`] },
  ],
  ways: [{ dst: podNet(n), dev: gate, protocol: "kernel" }],
});
export const viaGate = (n: number, gate: string): Partial<Wiring> => ({
  ways: [{ dst: podNet(other(n)), dev: gate, gateway: `10.244.${other(n)}.1`, flags: ["onlink"] }],
});
/** The node's address is on a bridge of Open vSwitch, of which the NIC is a port: both have its MAC. */
export const brEx = (n: number): Partial<Wiring> => {
  const mac = `0c:00:00:00:00:0${n}`;
  return {
    nic: {
      devices: [
        { index: 2, name: "ens3", master: "ovs-system", mac },
        { index: 5, name: "br-ex", kind: "openvswitch", mac, ips: [`${nodeIp(n)}/24`] },
        { index: 6, name: "br-int", kind: "openvswitch" },
      ],
      ways: [
        { dst: "default", dev: "br-ex", gateway: "10.0.0.1" },
        { dst: "10.0.0.0/24", dev: "br-ex", protocol: "kernel" },
      ],
    },
  };
};
