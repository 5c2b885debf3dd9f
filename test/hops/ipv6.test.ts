import t from "tap";
import { discoverPath } from "../../lib/hops/index.js";
import type { ClusterProfile, End } from "../../lib/model/cluster.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { askedOf } from "../fixtures/nodes/replay.js";
import { makeMachine, other, outward, podName, recipes, type Wiring } from "./clusters.js";
import { asNode, podEnd, type Device, type Machine, type Way } from "./machine.js";
import { all, cali, calico, flannel, vxlanCalico } from "./wirings.js";

const nodeIp6 = (n: number): string => `fd00:10::1${n}`;
const podIp6 = (n: number): string => `fd00:244:${n}::5`;
const podNet6 = (n: number): string => `fd00:244:${n}::/64`;
const vtep6 = (n: number): string => `fd00:244:${n}::`;
/** eth0 with both families, of which the node's own name is the IPv4 one's. */
const dualNic = (n: number): NonNullable<Wiring["nic"]> => ({
  devices: [{ index: 2, name: "eth0", ips: [`10.0.0.1${n}/24`, `fe80::1${n}/64`, `${nodeIp6(n)}/64`] }],
  ways: [
    { dst: "default", dev: "eth0", gateway: "10.0.0.1" },
    { dst: "10.0.0.0/24", dev: "eth0", protocol: "kernel" },
    { dst: "default", dev: "eth0", gateway: "fe80::1" },
    { dst: "fd00:10::/64", dev: "eth0", protocol: "kernel" },
  ],
});
const LINK_LOCAL_GATEWAY: readonly Way[] = [
  { dst: "default", dev: "eth0", gateway: "fe80::ecee:eeff:feee:eeee" },
];
const pod6 = (n: number): Partial<Device> => ({ ips: [`10.244.${n}.5/32`, `${podIp6(n)}/128`] });
const routed6 = (n: number): readonly Way[] => [{ dst: `${podIp6(n)}/128`, dev: cali(n) }];

/** A VXLAN device of IPv6 packets, whose outer ones are of `outer`. */
function vxlan6(n: number, name: string, outer: (n: number) => string, index = 31): Partial<Wiring> {
  const far = other(n);
  const data = { id: 4096, port: 4789, learning: false };
  const local = outer(n).includes(":") ? { local6: outer(n) } : { local: outer(n) };
  return {
    devices: [
      {
        ...{
          index,
          name,
          kind: "vxlan",
          mac: `66:00:00:00:06:0${n}`,
          ips: [`${vtep6(n)}/128`, `fe80::66${n}/64`],
        },
        data: { ...data, ...local },
      },
    ],
    ways: [{ dst: podNet6(far), dev: name, gateway: vtep6(far), flags: ["onlink"] }],
    neighbours: [{ dst: vtep6(far), dev: name, lladdr: `66:00:00:00:06:0${far}` }],
    fdb: { [name]: [{ mac: `66:00:00:00:06:0${far}`, dst: outer(far) }] },
  };
}

const profile: ClusterProfile = {
  name: "two",
  nodes: [1, 2].map((n) => ({
    ...{ name: `node-${n}`, address: `10.0.0.1${n}`, access: { via: "local" } as const },
  })),
  ...{ cni: "auto", interfaces: {}, workDir: "/var/tmp" },
};

const machineOf = (n: number, wiring: Wiring): Machine =>
  makeMachine(n, {
    podWays: LINK_LOCAL_GATEWAY,
    nic: dualNic(n),
    ...wiring,
    pod: { ...pod6(n), ...wiring.pod },
  });

async function discover6(
  wire: (n: number) => Wiring,
  to: End = podEnd(podName(2), "node-2", podIp6(2)),
): Promise<FlowPath> {
  const accesses = new Map([1, 2].map((n) => [`node-${n}`, asNode(machineOf(n, wire(n)))]));
  const from = podEnd(podName(1), "node-1", podIp6(1));
  return discoverPath(from, to, { accesses, profile, recipes });
}

const dualCalico = (n: number): Wiring =>
  calico(n, vxlanCalico(n), vxlan6(n, "vxlan-v6.calico", nodeIp6), { ways: routed6(n) });

t.test(
  "Calico's pods of both families: IPv6 goes by its own tunnel, and the fe80 gateway is no doubt",
  async (t) => {
    const path = await discover6(dualCalico);
    t.equal(path.recipe, "calico-vxlan");
    t.strictSame(
      outward(path),
      [1, 2].map((n) => ["pod eth0", `host-veth ${cali(n)}`, "tunnel vxlan-v6.calico", "nic eth0"]),
    );
    t.strictSame(path.notes, []);
    t.strictSame(path.underlay["node-1"], { ip: nodeIp6(1), interface: "eth0" });
    t.strictSame(path.tunnels["node-1"], {
      ...{ interface: "vxlan-v6.calico", address: vtep6(1), gateway: vtep6(2) },
      ...{ remoteMac: "66:00:00:00:06:02", remoteVtep: nodeIp6(2) },
    });
    const nic = path.hops.find(({ role }) => role === "nic");
    t.match(nic?.encapsulation, { kind: "vxlan", vni: 4096, port: 4789, outer: 6 });
  },
);

t.test("without a route IPv6 is looked for in the tunnel of IPv6", async (t) => {
  const path = await discover6((n) => {
    const wiring = dualCalico(n);
    return { ...wiring, ways: (wiring.ways ?? []).filter(({ dst }) => dst !== podNet6(2)), nic: onlyIpv4(n) };
  });
  t.strictSame(outward(path)[0]?.slice(2), ["tunnel vxlan-v6.calico", "nic eth0"]);
  t.strictSame(path.notes, [
    `node-1 refuses packets from fd00:244:1::5 to fd00:244:2::5 that come in by ${cali(1)}: RTNETLINK answers: Network is unreachable`,
    "node-1 has no route to fd00:244:2::5: RTNETLINK answers: Network is unreachable",
  ]);
  t.equal(path.tunnels["node-1"]?.gateway, null, "without a route nobody knows the next hop");
});

function onlyIpv4(n: number): NonNullable<Wiring["nic"]> {
  const { devices, ways } = dualNic(n);
  return { devices, ways: ways.filter(({ gateway }) => gateway !== "fe80::1") };
}

t.test("a wrong neighbour and a wrong FDB entry of the IPv6 tunnel are told", async (t) => {
  const wrong = (change: Partial<Wiring>) => (n: number) =>
    n === 1 ? { ...dualCalico(n), ...change } : dualCalico(n);
  const stray = [{ dst: vtep6(2), dev: "vxlan-v6.calico", lladdr: "66:00:00:00:06:99" }];
  t.match(
    (await discover6(wrong({ neighbours: stray }))).notes.join("\n"),
    /neighbour entry on vxlan-v6.calico is 66:00:00:00:06:99/,
  );
  const fdb = { "vxlan-v6.calico": [{ mac: "66:00:00:00:06:02", dst: "fd00:10::77" }] };
  t.match(
    (await discover6(wrong({ fdb }))).notes.join("\n"),
    /sends to fd00:10::77, which is no address of node-2 \(fd00:10::12\)/,
  );
});

t.test("one family in the other: the outer one is that of the VTEPs", async (t) => {
  const outerOf = ({ hops }: FlowPath): unknown => {
    const worn = hops.find(({ role }) => role === "nic")?.encapsulation;
    return worn !== undefined && "outer" in worn ? worn.outer : null;
  };
  const inIpv4 = await discover6((n) =>
    calico(
      n,
      vxlan6(n, "vxlan-v6.calico", (each) => `10.0.0.1${each}`),
      { ways: routed6(n) },
    ),
  );
  t.equal(outerOf(inIpv4), 4);
  t.strictSame([inIpv4.notes, inIpv4.underlay["node-2"]?.ip], [[], "10.0.0.12"]);
  const accesses = new Map([1, 2].map((n) => [`node-${n}`, asNode(machineOf(n, ipv4InIpv6(n)))]));
  const ends = endsBy((n) => `10.244.${n}.5`);
  const inIpv6 = await discoverPath(...ends, { accesses, profile, recipes });
  t.equal(outerOf(inIpv6), 6);
  t.strictSame([inIpv6.notes, inIpv6.underlay["node-1"]?.ip], [[], nodeIp6(1)]);
});

function ipv4InIpv6(n: number): Wiring {
  const far = other(n);
  const gateway = `10.244.${far}.0`;
  const device: Partial<Wiring> = {
    devices: [
      {
        ...{
          index: 30,
          name: "vxlan.calico",
          kind: "vxlan",
          mac: `66:00:00:00:00:0${n}`,
          ips: [`10.244.${n}.0/32`],
        },
        data: { id: 4096, port: 4789, local6: nodeIp6(n) },
      },
    ],
    ways: [{ dst: `10.244.${far}.0/24`, dev: "vxlan.calico", gateway, flags: ["onlink"] }],
    neighbours: [{ dst: gateway, dev: "vxlan.calico", lladdr: `66:00:00:00:00:0${far}` }],
    fdb: { "vxlan.calico": [{ mac: `66:00:00:00:00:0${far}`, dst: nodeIp6(far) }] },
  };
  return { ...calico(n, device), podWays: [{ dst: "default", dev: "eth0", gateway: "169.254.1.1" }] };
}

t.test("Flannel has a tunnel of its own for IPv6", async (t) => {
  const path = await discover6((n) => ({
    ...all(flannel(n), vxlan6(n, "flannel-v6.1", nodeIp6), { ways: [{ dst: podNet6(n), dev: "cni0" }] }),
    podWays: [{ dst: "default", dev: "eth0", gateway: `fd00:244:${n}::1` }],
  }));
  t.equal(path.recipe, "flannel-vxlan");
  t.strictSame(outward(path)[0]?.slice(2), ["bridge cni0", "tunnel flannel-v6.1", "nic eth0"]);
  t.strictSame(path.notes, []);
});

/** Calico's routes by BGP: the next hop is the other node's link-local address. */
const direct = (n: number): Wiring =>
  calico(n, {
    ways: [
      ...routed6(n),
      { dst: podNet6(n), dev: "", type: "blackhole", protocol: "bird" },
      { dst: podNet6(other(n)), dev: "eth0", gateway: `fe80::1${other(n)}`, protocol: "bird" },
    ],
    neighbours: [
      { dst: `fe80::1${other(n)}`, dev: "eth0", lladdr: `02:00:00:00:00:1${other(n)}` },
      { dst: `10.0.0.1${other(n)}`, dev: "eth0", lladdr: `02:00:00:00:00:1${other(n)}` },
      { dst: "10.0.0.1", dev: "eth0", lladdr: "02:00:00:00:00:99" },
      { dst: `10.0.0.9${n}`, dev: "eth1", lladdr: `02:00:00:00:00:1${other(n)}` },
    ],
  });

t.test(
  "IPv6 by routes alone goes between the nodes' IPv6 addresses, whatever the profile names them by",
  async (t) => {
    const path = await discover6(direct);
    t.equal(path.recipe, "calico-direct");
    t.strictSame(outward(path)[1], ["pod eth0", `host-veth ${cali(2)}`, "nic eth0"]);
    t.strictSame([path.notes, path.underlay["node-1"]?.ip], [[], nodeIp6(1)]);
  },
);

t.test("an address behind a link-local next hop is on the node that has its MAC", async (t) => {
  const nobody: End = {
    ...podEnd("x", "node-2", "fd00:244:2::77"),
    kind: "ip",
    pod: null,
    node: null,
    netns: null,
  };
  const path = await discover6(direct, nobody);
  t.equal(path.to.node, "node-2");
  t.match(path.to.unseen, /no pod there has that address/);
});

t.test("what goes to a node is masqueraded by an address of its own family", async (t) => {
  const node: End = {
    ...{ kind: "node", text: "node/node-2", pod: null, node: "node-2", ip: nodeIp6(2), port: null },
    ...{ addresses: [], netns: { kind: "host" }, hostNetwork: true, cniHostInterfaces: [] },
  };
  const path = await discover6(dualCalico, node);
  t.strictSame(
    path.from.addresses.map(({ ip }) => ip),
    [podIp6(1), nodeIp6(1)],
  );
  const outside: End = {
    ...node,
    kind: "ip",
    node: null,
    netns: null,
    hostNetwork: false,
    ip: "2001:db8:9::1",
  };
  const out = await discover6(dualCalico, outside);
  t.strictSame(
    out.from.addresses.map(({ ip }) => ip),
    [podIp6(1), nodeIp6(1)],
  );
});

t.test("IPv6 routes are asked for where a path may have them", async (t) => {
  const asked = async (ip: (n: number) => string): Promise<boolean> => {
    const podWays: Way[] = [{ dst: "default", dev: "eth0", gateway: "169.254.1.1" }, ...LINK_LOCAL_GATEWAY];
    const nodes = [1, 2].map((n) => asNode(machineOf(n, { ...dualCalico(n), podWays })));
    await discoverPath(...endsBy(ip), {
      accesses: new Map(nodes.map((node) => [node.node, node])),
      ...{ profile, recipes },
    });
    return nodes.flatMap(askedOf).some(({ argv }) => argv.includes("-6"));
  };
  t.strictSame([await asked((n) => `10.244.${n}.5`), await asked(podIp6)], [false, true]);
});

t.test("a kernel without IPv6 has no route, and that is no failure to read it", async (t) => {
  const machines = [1, 2].map((n) => ({
    ...machineOf(n, { ...calico(n, vxlanCalico(n)), nic: onlyIpv4(n) }),
    isWithoutIpv6: n === 1,
  }));
  const accesses = new Map(machines.map((machine) => [machine.node, asNode(machine)]));
  const path = await discoverPath(...endsBy(podIp6), { accesses, profile, recipes });
  t.match(path.notes.join("\n"), /node-1 has no route to fd00:244:2::5/);
});

function endsBy(ip: (n: number) => string): [End, End] {
  return [podEnd(podName(1), "node-1", ip(1)), podEnd(podName(2), "node-2", ip(2))];
}
