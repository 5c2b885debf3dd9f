import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t from "tap";
import { loadRecipes } from "../../lib/hops/index.js";
import type { End } from "../../lib/model/cluster.js";
import {
  bridged,
  byNode,
  discover,
  external,
  HOST_SIDE,
  nodeIp,
  other,
  outward,
  podIp,
  podNet,
  recipes,
  routed,
  vxlan,
  type Wiring,
} from "./clusters.js";
import {
  all,
  brEx,
  calico,
  cali,
  cilium,
  flannel,
  flannel1,
  switched,
  tunl0,
  viaCiliumHost,
  viaTunl0,
  vxlanCalico,
} from "./wirings.js";

const way = (n: number, ...rest: readonly string[]): string[] => [
  "pod eth0",
  `host-veth ${cali(n)}`,
  ...rest,
];
const ways = (...rest: readonly string[]): string[][] => [way(1, ...rest), way(2, ...rest)];

/** What a migration left: the device, and no route into it. */
const left = ({ devices }: ReturnType<typeof vxlan>): Partial<Wiring> => ({
  devices: devices.map((device) => ({ ...device, index: 77, ips: ["10.99.0.0/32"] })),
});

const MIXTURES: readonly [string, (n: number) => Wiring, recipe: string, hops: string[][]][] = [
  [
    "tunl0 is there and unused beside VXLAN",
    (n) => calico(n, vxlanCalico(n), tunl0()),
    "calico-vxlan",
    ways("tunnel vxlan.calico", "nic eth0"),
  ],
  [
    "tunl0 is there and unused without encapsulation",
    (n) => calico(n, tunl0(), { ways: [byNode(n, "bird")] }),
    "calico-direct",
    ways("nic eth0"),
  ],
  [
    "tunl0 is used and vxlan.calico left over",
    (n) => calico(n, left(vxlanCalico(n)), tunl0(), viaTunl0(n)),
    "calico-ipip",
    ways("tunnel tunl0", "nic eth0"),
  ],
  [
    "Canal, with tunl0 there",
    (n) => all(routed(n, cali(n)), flannel1(n), tunl0()),
    "canal",
    ways("tunnel flannel.1", "nic eth0"),
  ],
  [
    "Canal that once was Flannel: the bridge is left",
    (n) => all(routed(n, cali(n)), flannel1(n), { devices: [{ index: 78, name: "cni0", kind: "bridge" }] }),
    "canal",
    ways("tunnel flannel.1", "nic eth0"),
  ],
  [
    "Calico that once was Flannel: flannel.1 and cni0 are left",
    (n) =>
      calico(n, vxlanCalico(n), left(flannel1(n)), {
        devices: [{ index: 78, name: "cni0", kind: "bridge" }],
      }),
    "calico-vxlan",
    ways("tunnel vxlan.calico", "nic eth0"),
  ],
  [
    "Calico without encapsulation, flannel.1 left",
    (n) => calico(n, left(flannel1(n)), { ways: [byNode(n, "bird")] }),
    "calico-direct",
    ways("nic eth0"),
  ],
  [
    "Flannel that once was Calico",
    (n) => flannel(n, flannel1(n), left(vxlanCalico(n))),
    "flannel-vxlan",
    [1, 2].map((n) => [
      "pod eth0",
      `host-veth veth0a0b0c0${n}`,
      "bridge cni0",
      "tunnel flannel.1",
      "nic eth0",
    ]),
  ],
];

const OUTSIDE: End = {
  ...{ kind: "ip", text: "203.0.113.9", pod: null, node: null, ip: "203.0.113.9", port: null },
  ...{ addresses: [{ ip: "203.0.113.9", port: null }] },
  ...{ netns: null, hostNetwork: false, cniHostInterfaces: [] },
};

for (const [title, wire, recipe, hops] of MIXTURES) {
  t.test(title, async (t) => {
    const path = await discover(wire);
    t.equal(path.recipe, recipe);
    t.strictSame(outward(path), hops);
    t.strictSame(path.notes, []);
  });
}

t.test(
  "dual stack: of two tunnels with one network each family has its own, with a route and without",
  async (t) => {
    const v6 = {
      devices: [
        {
          ...{ index: 29, name: "vxlan-v6.calico", kind: "vxlan", ips: ["fd00:10:244::1/128"] },
          data: { id: 4096, local: "fd00::1", link: "eth0", port: 4789 },
        },
      ],
    };
    const both = ways("tunnel vxlan.calico", "nic eth0");
    t.strictSame(outward(await discover((n) => calico(n, v6, vxlanCalico(n)))), both);
    const unrouted = (n: number): Wiring => {
      const wiring = calico(n, v6, { ...vxlanCalico(n), ways: [] });
      const nic = {
        devices: [{ index: 2, name: "eth0", ips: [`${nodeIp(n)}/24`] }],
        ways: [{ dst: "10.0.0.0/24", dev: "eth0" }],
      };
      return { ...wiring, nic };
    };
    const path = await discover(unrouted);
    t.strictSame(outward(path), both, "without a route the tunnel is where the packets should be");
    t.match(path.notes.join("\n"), /node-1 has no route to 10\.244\.2\.5/);
  },
);

t.test(
  "Cilium's WireGuard seals what leaves for other nodes, in its tunnel and without, and nothing else",
  async (t) => {
    const wg = { devices: [{ index: 45, name: "cilium_wg0", kind: "wireguard" }] };
    const tunnelled = (n: number): Wiring =>
      cilium(n, viaCiliumHost(n), wg, { devices: [external(44, "cilium_vxlan", "vxlan", 8472)] });
    const native = (n: number): Wiring => cilium(n, wg, { ways: [byNode(n)] });
    const both = ["request", "reply"];
    for (const [wire, recipe, worn] of [
      [tunnelled, "cilium-vxlan", { kind: "wireguard", outer: 4, withinBytes: 50 }],
      [native, "cilium-native", { kind: "wireguard", outer: 4 }],
    ] as const) {
      const path = await discover(wire);
      t.equal(path.recipe, recipe);
      const nics = path.hops.filter(({ role }) => role === "nic");
      t.strictSame(
        nics.map(({ encapsulation, passedBy }) => ({ encapsulation, passedBy })),
        [1, 2].map(() => ({ encapsulation: worn, passedBy: both })),
      );
      const out = await discover(wire, { to: OUTSIDE });
      t.match(out.hops.at(-1), { role: "nic", encapsulation: { kind: "none" }, passedBy: undefined });
    }
  },
);

/** eth0 has the default route, and the cluster is on another device. */
const onSecond = (n: number, device: string, devices: Wiring["devices"] = []): Partial<Wiring> => ({
  nic: {
    devices: [
      { index: 2, name: "eth0", ips: [`192.0.2.1${n}/24`] },
      { index: 4, name: device, ips: [`${nodeIp(n)}/24`] },
      ...devices,
    ],
    ways: [
      { dst: "default", dev: "eth0", gateway: "192.0.2.1" },
      { dst: "192.0.2.0/24", dev: "eth0" },
      { dst: "10.0.0.0/24", dev: device },
    ],
  },
});

t.test("two NICs, the cluster on the second, with a tunnel and without, by recipe and by none", async (t) => {
  const tunnelled = (n: number): Wiring => calico(n, vxlanCalico(n, "eth1"), onSecond(n, "eth1"));
  t.strictSame(outward(await discover(tunnelled)), ways("tunnel vxlan.calico", "nic eth1"));
  t.strictSame(outward(await discover(tunnelled, { recipes: [] })), ways("tunnel vxlan.calico", "nic eth1"));
  const direct = (n: number): Wiring =>
    calico(n, onSecond(n, "eth1"), { ways: [{ ...byNode(n, "bird"), dev: "eth1" }] });
  t.strictSame(outward(await discover(direct)), ways("nic eth1"));
  t.strictSame(outward(await discover(direct, { recipes: [] })), ways("nic eth1"));
});

t.test("a VXLAN device on a VLAN on a bond", async (t) => {
  const bond = [
    { index: 5, name: "bond0", kind: "bond", data: { mode: "802.3ad" } },
    { index: 6, name: "ens1", master: "bond0" },
    { index: 7, name: "ens2", master: "bond0" },
  ];
  const wire = (n: number): Wiring => {
    const vlan = onSecond(n, "bond0.100", bond);
    return calico(n, vxlanCalico(n, "bond0.100"), vlan);
  };
  const path = await discover(wire);
  t.strictSame(outward(path), ways("tunnel vxlan.calico", "nic bond0.100"));
  t.match(path.hops[3]?.encapsulation, { kind: "vxlan", port: 4789, vni: 4096 });
});

t.test("an unknown CNI beside what others left goes by its own route", async (t) => {
  const wire = (n: number): Wiring => {
    const own = vxlan(n, { name: "net7", vni: 7, port: 4444 });
    return all(
      { host: [{ ...HOST_SIDE, name: `p${n}` }], ways: [{ dst: `${podIp(n)}/32`, dev: `p${n}` }] },
      own,
      left(flannel1(n)),
      tunl0(),
    );
  };
  const path = await discover(wire);
  t.equal(path.recipe, "generic");
  t.strictSame(
    outward(path),
    [1, 2].map((n) => ["pod eth0", `host-veth p${n}`, "tunnel net7", "nic eth0"]),
  );
  t.match(path.hops[3]?.encapsulation, { kind: "vxlan", port: 4444, vni: 7 });
  t.match(path.notes, [/no recipe fits/]);
  t.equal(path.notes.length, 1);
});

t.test("Docker's bridge and a plain pair need no recipe", async (t) => {
  const docker = (n: number): Wiring => all(bridged(n, "docker0", `veth31415a${n}`), { ways: [byNode(n)] });
  t.strictSame(
    outward(await discover(docker)),
    [1, 2].map((n) => ["pod eth0", `host-veth veth31415a${n}`, "bridge docker0", "nic eth0"]),
  );
  const pair = (n: number): Wiring => all(routed(n, `veth27182b${n}`), { ways: [byNode(n)] });
  t.strictSame(
    outward(await discover(pair)),
    [1, 2].map((n) => ["pod eth0", `host-veth veth27182b${n}`, "nic eth0"]),
  );
});

t.test("OVN-Kubernetes, out of the cluster: the local gateway's device may show it, or not", async (t) => {
  const wire = (n: number): Wiring =>
    all(switched(n, "ovn-k8s-mp0"), brEx(n), {
      devices: [external(52, "genev_sys_6081", "geneve", 6081)],
      ways: [{ dst: "10.244.0.0/16", dev: "ovn-k8s-mp0", gateway: `10.244.${n}.1` }],
    });
  const path = await discover(wire, { to: OUTSIDE });
  t.strictSame(outward(path)[0], ["pod eth0", "host-veth pod1-1a2b3c", "overlay ovn-k8s-mp0", "nic ens3"]);
  t.match(path.hops[2], { passedBy: ["request", "reply"] });
});

const PIGEON = join(import.meta.dirname, "../../docs/examples/cni/pigeon.yaml");

t.test("a CNI that nobody knows, by a short file alone", async (t) => {
  t.ok(readFileSync(PIGEON, "utf8").split("\n").length < 40);
  const wire = (n: number): Wiring =>
    all(routed(n, `nest${n}`, { alias: "nest of shop" }), {
      devices: [
        { index: 60, name: "cote0", kind: "dummy" },
        {
          index: 61,
          name: "loft7",
          kind: "gretap",
          data: { local: nodeIp(n), remote: nodeIp(other(n)), ikey: "0.0.0.7", okey: "0.0.0.7" },
        },
      ],
      ways: [{ dst: podNet(other(n)), dev: "cote0" }],
    });
  const path = await discover(wire, { recipes: [...recipes, ...(await loadRecipes(dirname(PIGEON)))] });
  t.equal(path.recipe, "pigeon");
  t.strictSame(
    outward(path),
    [1, 2].map((n) => ["pod eth0", `host-veth nest${n}`, "dovecote cote0", "tunnel loft7", "nic eth0"]),
  );
  t.match(path.hops[4]?.encapsulation, { kind: "gretap", vni: 7, outer: 4 });
  t.match(path.hops[2], { rank: 450, passedBy: ["request", "reply"] });
  t.strictSame(path.notes, []);
});
