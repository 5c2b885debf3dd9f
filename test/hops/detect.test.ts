import t from "tap";
import {
  bridged,
  byNode,
  external,
  nodeIp,
  other,
  podIp,
  podName,
  podNet,
  routed,
  vxlan,
  HOST_SIDE,
  discover,
  outward,
  recipes,
  type Wiring,
} from "./clusters.js";
import {
  sha1,
  cali,
  vxlanCalico,
  flannel1,
  all,
  calico,
  tunl0,
  viaTunl0,
  wireguard,
  bpf,
  flannel,
  ciliumHost,
  cilium,
  viaCiliumHost,
  switched,
  viaGate,
  brEx,
} from "./wirings.js";

interface Case {
  readonly recipe: string;
  readonly wire: (n: number) => Wiring;
  /** From node n's pod outwards. */
  readonly hops: (n: number) => readonly string[];
  /** Interfaces whose silence proves nothing: which of them, and for which direction. */
  readonly passedBy?: Readonly<Record<string, readonly string[]>>;
}

const POD = "pod eth0";
const NIC = "nic eth0";
const BOTH = ["request", "reply"];
const towards = (name: (n: number) => string) => ({ [name(1)]: ["reply"], [name(2)]: ["request"] });
const lxc = (n: number): string => `lxc0123456789a${n}`;

const CASES: readonly Case[] = [
  {
    recipe: "calico-vxlan",
    wire: (n) => calico(n, vxlanCalico(n)),
    hops: (n) => [POD, `host-veth ${cali(n)}`, "tunnel vxlan.calico", NIC],
  },
  {
    recipe: "calico-ipip",
    wire: (n) => calico(n, tunl0(), viaTunl0(n)),
    hops: (n) => [POD, `host-veth ${cali(n)}`, "tunnel tunl0", NIC],
  },
  {
    recipe: "calico-direct",
    wire: (n) => calico(n, { ways: [byNode(n, "bird")] }),
    hops: (n) => [POD, `host-veth ${cali(n)}`, NIC],
  },
  {
    recipe: "calico-wireguard",
    wire: (n) => calico(n, wireguard("wireguard.cali", 1)(n), { ways: [byNode(n, "bird")] }),
    hops: (n) => [POD, `host-veth ${cali(n)}`, "tunnel wireguard.cali", NIC],
    passedBy: { eth0: BOTH },
  },
  {
    recipe: "calico-ebpf-vxlan",
    wire: (n) => calico(n, bpf, vxlanCalico(n)),
    hops: (n) => [POD, `host-veth ${cali(n)}`, "tunnel vxlan.calico", NIC],
    passedBy: towards(cali),
  },
  {
    recipe: "calico-ebpf-direct",
    wire: (n) => calico(n, bpf, { ways: [byNode(n, "bird")] }),
    hops: (n) => [POD, `host-veth ${cali(n)}`, NIC],
    passedBy: towards(cali),
  },
  {
    recipe: "canal",
    wire: (n) => all(routed(n, cali(n)), flannel1(n)),
    hops: (n) => [POD, `host-veth ${cali(n)}`, "tunnel flannel.1", NIC],
  },
  {
    recipe: "flannel-vxlan",
    wire: (n) => flannel(n, vxlan(n, { name: "flannel.4096", vni: 4096, port: 4789 })),
    hops: (n) => [POD, `host-veth veth0a0b0c0${n}`, "bridge cni0", "tunnel flannel.4096", NIC],
  },
  {
    recipe: "flannel-host-gw",
    wire: (n) => flannel(n, { ways: [byNode(n)] }),
    hops: (n) => [POD, `host-veth veth0a0b0c0${n}`, "bridge cni0", NIC],
  },
  {
    recipe: "flannel-wireguard",
    wire: (n) => flannel(n, wireguard("flannel-wg")(n)),
    hops: (n) => [POD, `host-veth veth0a0b0c0${n}`, "bridge cni0", "tunnel flannel-wg", NIC],
    passedBy: { eth0: BOTH },
  },
  ...(["vxlan", "geneve"] as const).map((kind): Case => {
    return {
      recipe: `cilium-${kind}`,
      wire: (n) => cilium(n, viaCiliumHost(n), { devices: [external(44, `cilium_${kind}`, kind, 8472)] }),
      hops: (n) => [POD, `host-veth ${lxc(n)}`, `tunnel cilium_${kind}`, NIC],
      passedBy: towards(lxc),
    };
  }),
  {
    recipe: "cilium-native",
    wire: (n) => cilium(n, { ways: [byNode(n, "kernel")] }),
    hops: (n) => [POD, `host-veth ${lxc(n)}`, NIC],
    passedBy: towards(lxc),
  },
  {
    recipe: "ovn-kubernetes",
    wire: (n) =>
      all(switched(n, "ovn-k8s-mp0", `0f1e2d3c4b5a69${n}`), brEx(n), {
        devices: [external(52, "genev_sys_6081", "geneve", 6081)],
        ways: [{ dst: "10.244.0.0/16", dev: "ovn-k8s-mp0", gateway: `10.244.${n}.1` }],
      }),
    hops: (n) => [POD, `host-veth 0f1e2d3c4b5a69${n}`, "tunnel genev_sys_6081", "nic ens3"],
  },
  {
    recipe: "ovn-kubernetes-userspace",
    // A datapath in user space has TAP devices for the switch's own, and none for the tunnel.
    wire: (n) => ({
      host: [{ ...HOST_SIDE, name: `0f1e2d3c4b5a69${n}` }],
      devices: ["ovs-netdev", "ovn-k8s-mp0", "br-int"].map((name, index) => ({
        ...{ index: 50 + index, name, kind: "tun" },
        ips: name === "ovn-k8s-mp0" ? [`10.244.${n}.2/24`] : [],
      })),
      ways: [{ dst: "10.244.0.0/16", dev: "ovn-k8s-mp0", gateway: `10.244.${n}.1` }],
    }),
    hops: (n) => [POD, `host-veth 0f1e2d3c4b5a69${n}`, NIC],
  },
  {
    recipe: "openshift-sdn",
    wire: (n) =>
      all(switched(n, "tun0", `veth1f2e3d4${n}`), {
        devices: [
          external(52, "vxlan_sys_4789", "vxlan", 4789),
          { index: 53, name: "br0", kind: "openvswitch" },
        ],
        ways: [{ dst: "10.244.0.0/16", dev: "tun0" }],
      }),
    hops: (n) => [POD, `host-veth veth1f2e3d4${n}`, "tunnel vxlan_sys_4789", NIC],
  },
  ...(
    [
      ["geneve", "genev_sys_6081", 6081],
      ["vxlan", "vxlan_sys_4789", 4789],
    ] as const
  ).map(([kind, device, port]): Case => {
    return {
      recipe: `antrea-${kind}`,
      wire: (n) =>
        all(switched(n, "antrea-gw0"), viaGate(n, "antrea-gw0"), {
          devices: [external(52, device, kind, port)],
        }),
      hops: (n) => [POD, `host-veth pod${n}-1a2b3c`, `tunnel ${device}`, NIC],
    };
  }),
  {
    recipe: "antrea-wireguard",
    wire: (n) => all(switched(n, "antrea-gw0"), wireguard("antrea-wg0")(n)),
    hops: (n) => [POD, `host-veth pod${n}-1a2b3c`, "overlay antrea-gw0", "tunnel antrea-wg0", NIC],
    passedBy: { eth0: BOTH },
  },
  {
    recipe: "antrea-noencap",
    wire: (n) => all(switched(n, "antrea-gw0"), { ways: [byNode(n)] }),
    hops: (n) => [POD, `host-veth pod${n}-1a2b3c`, "overlay antrea-gw0", NIC],
  },
  {
    recipe: "aws-vpc",
    wire: (n) =>
      all(routed(n, `eni${sha1(n)}`), {
        // The pod has an address of the second interface: rule 1536 sends what comes from it there.
        devices: [{ index: 4, name: "eth1" }],
        ways: [{ dst: "default", dev: "eth1", gateway: "10.0.0.1", from: podIp(n) }],
      }),
    hops: (n) => [POD, `host-veth eni${sha1(n)}`, "nic eth1"],
  },
  {
    recipe: "aws-vpc",
    // A pod with a security group of its own: a VLAN device of the trunk.
    wire: (n) =>
      all(routed(n, `vlan${sha1(n)}`), {
        devices: [
          { index: 4, name: "vlan.eth.1", kind: "vlan", peer: 2, data: { id: 1, protocol: "802.1Q" } },
        ],
        ways: [{ dst: "default", dev: "vlan.eth.1", gateway: "10.0.0.1", iif: `vlan${sha1(n)}` }],
      }),
    hops: (n) => [POD, `host-veth vlan${sha1(n)}`, "nic vlan.eth.1"],
  },
  {
    recipe: "azure-cni",
    wire: (n) => routed(n, `azv${sha1(n)}`),
    hops: (n) => [POD, `host-veth azv${sha1(n)}`, NIC],
  },
  {
    recipe: "azure-cni-bridge",
    wire: (n) => ({
      host: [{ ...HOST_SIDE, name: `azv000000${n}`, master: "azure0" }],
      nic: {
        devices: [
          { index: 2, name: "eth0", master: "azure0" },
          { index: 10, name: "azure0", kind: "bridge", ips: [`${nodeIp(n)}/24`] },
        ],
        ways: [
          { dst: "default", dev: "azure0", gateway: "10.0.0.1" },
          { dst: "10.0.0.0/24", dev: "azure0", protocol: "kernel" },
          { dst: "10.244.0.0/16", dev: "azure0", protocol: "kernel" },
        ],
      },
    }),
    hops: (n) => [POD, `host-veth azv000000${n}`, "bridge azure0", NIC],
    passedBy: { azure0: BOTH },
  },
  {
    recipe: "gke",
    wire: (n) => routed(n, `gke12ab34cd56${n}`),
    hops: (n) => [POD, `host-veth gke12ab34cd56${n}`, NIC],
  },
  {
    recipe: "gke-dataplane-v2",
    wire: (n) => all(routed(n, `gke12ab34cd56${n}`), ciliumHost),
    hops: (n) => [POD, `host-veth gke12ab34cd56${n}`, NIC],
    passedBy: towards((n) => `gke12ab34cd56${n}`),
  },
  {
    recipe: "kindnet",
    wire: (n) =>
      all(routed(n, `veth77aa88b${n}`, { alias: `link-pod shop/${podName(n)}` }), { ways: [byNode(n)] }),
    hops: (n) => [POD, `host-veth veth77aa88b${n}`, NIC],
  },
  {
    recipe: "kube-router",
    wire: (n) =>
      all(bridged(n, "kube-bridge", `veth99aa00b${n}`), {
        devices: [
          {
            index: 33,
            name: `tun-1000010${other(n)}`,
            kind: "ipip",
            data: { local: nodeIp(n), remote: nodeIp(other(n)) },
          },
        ],
        ways: [{ dst: podNet(other(n)), dev: `tun-1000010${other(n)}`, protocol: "17" }],
      }),
    hops: (n) => [
      POD,
      `host-veth veth99aa00b${n}`,
      "bridge kube-bridge",
      `tunnel tun-1000010${other(n)}`,
      NIC,
    ],
  },
  {
    recipe: "weave",
    wire: (n) => ({
      host: [
        { index: 10, name: "weave", kind: "bridge", ips: [`10.244.${n}.1/16`] },
        { ...HOST_SIDE, name: `vethwepl12ab34${n}`, master: "weave" },
      ],
      devices: [
        { index: 45, name: "vethwe-bridge", kind: "veth", master: "weave", peer: 46 },
        external(52, "vxlan-6784", "vxlan", 6784),
      ],
      ways: [{ dst: "10.244.0.0/16", dev: "weave", protocol: "kernel" }],
    }),
    hops: (n) => [POD, `host-veth vethwepl12ab34${n}`, "bridge weave", "tunnel vxlan-6784", NIC],
    passedBy: { weave: BOTH },
  },
  {
    recipe: "kubenet",
    wire: (n) => bridged(n, "cbr0", `veth5566778${n}`),
    hops: (n) => [POD, `host-veth veth5566778${n}`, "bridge cbr0", NIC],
  },
];

for (const { recipe, wire, hops, passedBy = {} } of CASES) {
  t.test(`${recipe}: ${hops(1).join(", ")}`, async (t) => {
    const path = await discover(wire);
    t.equal(path.recipe, recipe);
    t.strictSame(outward(path), [hops(1), hops(2)]);
    t.strictSame(path.notes, []);
    t.equal(path.replyHops, null);
    const passed = path.hops.flatMap((hop) =>
      hop.passedBy === undefined ? [] : [[hop.interface, hop.passedBy]],
    );
    t.strictSame(Object.fromEntries(passed), passedBy);
    const worn = path.hops.map(({ encapsulation }) => encapsulation.kind);
    t.equal(worn.includes("wireguard"), recipe.endsWith("-wireguard"), "the NIC shows what seals it");
  });
}

t.test("a switch that has the packets is told with what it calls the ends' ports", async (t) => {
  const switchedBy = async (name: string): Promise<unknown> => {
    const one = CASES.find(({ recipe }) => recipe === name);
    return one === undefined ? null : (await discover(one.wire)).switched;
  };
  const ports = { from: `shop_${podName(1)}`, to: `shop_${podName(2)}` };
  t.strictSame(await switchedBy("ovn-kubernetes"), ports);
  t.strictSame(await switchedBy("ovn-kubernetes-userspace"), ports);
  t.strictSame(await switchedBy("antrea-geneve"), { from: null, to: null }, "it is no switch of that kind");
  t.equal(await switchedBy("antrea-noencap"), undefined);
  t.equal(await switchedBy("kindnet"), undefined);
});

t.test("every recipe that comes with hopbook is detected by a test", (t) => {
  const tried = new Set(CASES.map(({ recipe }) => recipe));
  const left = recipes.map(({ metadata }) => metadata.name).filter((name) => !tried.has(name));
  t.strictSame(left, []);
  t.end();
});
