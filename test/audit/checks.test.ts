import t from "tap";
import { ask, askFully, links, only, PATH, type MadeLink } from "./kit.js";

const FORWARD = "net.ipv4.ip_forward";

t.test("forwarding: off is a fault, on is fine, unread is neither", async (t) => {
  const sysctls = (value: number, more = "") =>
    ["node-a", "node-b"].map((at) => ({
      at,
      kind: "sysctls" as const,
      text: `${FORWARD} = ${String(value)}\n${more}`,
    }));
  t.strictSame(only("fault", ask("forwarding", sysctls(0))), [
    "node-a does not forward packets: net/ipv4/ip_forward is 0",
    "node-b does not forward packets: net/ipv4/ip_forward is 0",
  ]);
  t.strictSame(only("fine", ask("forwarding", sysctls(1))), [
    "node-a forwards packets",
    "node-b forwards packets",
  ]);
  t.strictSame(only("fault", ask("forwarding", sysctls(1, "net.ipv4.conf.cni0.forwarding = 0\n"))), [
    "node-a does not forward packets: net/ipv4/conf/cni0/forwarding is 0",
    "node-b does not forward packets: net/ipv4/conf/cni0/forwarding is 0",
  ]);
  t.equal(only("doubt", ask("forwarding", [])).length, 2);
});

t.test("bridge: a port that is out of it, closed, or sends nothing back", async (t) => {
  const said = (port: MadeLink, path = PATH) =>
    ask("bridge", [{ at: "node-a", kind: "links", text: links(port) }], { path });
  t.strictSame(said({ name: "veth1", master: "cni0", state: "forwarding" }), [
    "fine: veth1 is an open port of cni0",
  ]);
  t.strictSame(said({ name: "veth1" }), ["fault: veth1 is no port of cni0"]);
  t.strictSame(said({ name: "veth1", master: "cni0", state: "disabled" }), [
    "fault: cni0 does not forward by veth1",
  ]);
  const to = {
    ...PATH.from,
    ip: "10.96.0.20",
    addresses: [
      { ip: "10.96.0.20", port: 80 },
      { ip: PATH.from.ip, port: 80 },
    ],
  };
  const own = { ...PATH, to, hops: PATH.hops.slice(0, 3) };
  const [hairpin] = said({ name: "veth1", master: "cni0", state: "forwarding" }, own);
  t.match(hairpin, /^fault: the pod cannot reach itself/);
  t.notMatch(said({ name: "veth1", master: "cni0", state: "forwarding", hairpin: true }, own)[0], /itself/);
  const nf = (text: string) =>
    only("fault", ask("bridge", [{ at: "node-a", kind: "sysctls", text }], { path: own }));
  t.match(nf("net.bridge.bridge-nf-call-iptables = 0\n"), [/come back untranslated/]);
  t.match(nf(`${FORWARD} = 1\n`), [/come back untranslated/]);
  t.strictSame(nf("net.bridge.bridge-nf-call-iptables = 1\n"), []);
  const six = {
    ...own,
    to: { ...to, ip: "fd00:10:96::20", addresses: [{ ip: "fd00:10:96::20", port: 80 }, to.addresses[1]!] },
  };
  const nf6 = (text: string, argv = "sysctl -e net/bridge/bridge-nf-call-ip6tables") =>
    only("fault", ask("bridge", [{ at: "node-a", kind: "sysctls", text, argv }], { path: six }));
  const both = (four: number, other: number) =>
    `net.bridge.bridge-nf-call-iptables = ${four}\nnet.bridge.bridge-nf-call-ip6tables = ${other}\n`;
  t.match(nf6(both(1, 0)), [/come back untranslated/]);
  t.strictSame(nf6(both(0, 1)), [], "each family has its own");
  t.match(nf6(""), [/come back untranslated/], "br_netfilter is not loaded");
  t.strictSame(nf6("", "sysctl -e net/bridge/bridge-nf-call-iptables"), [], "what was not asked is not said");
});

t.test("bridge: two pods of one node, between which it is no hop of its own", async (t) => {
  const web = { ...PATH.to, node: "node-a" };
  const port = (name: string) => ({ node: "node-a", role: "host-veth", interface: name, encapsulation: { kind: "none" } }) as const; // prettier-ignore
  const path = { ...PATH, to: web, hops: [PATH.hops[0]!, port("veth1"), port("veth2"), PATH.hops[0]!] };
  const said = (
    one: Partial<MadeLink>,
    other: Partial<MadeLink>,
    more: Parameters<typeof ask>[1] = [],
    to = web,
  ) => {
    const ports = [
      { name: "veth1", master: "cni0", state: "forwarding", ...one },
      { name: "veth2", master: "cni0", state: "forwarding", ...other },
    ];
    return ask("bridge", [{ at: "node-a", kind: "links", text: links(...ports) }, ...more], {
      path: { ...path, to },
    });
  };
  const fine = ["fine: veth1 is an open port of cni0", "fine: veth2 is an open port of cni0"];
  t.strictSame(said({}, {}), fine);
  t.strictSame(only("fault", said({}, { state: "blocking" })), ["cni0 does not forward by veth2"]);
  const isolated = { isolated: true };
  t.strictSame(only("fault", said(isolated, isolated)), [
    "cni0 passes nothing between veth1 and veth2: both are isolated ports",
  ]);
  t.strictSame(said(isolated, {}), fine, "one alone hinders nothing");
  t.strictSame(only("fault", said(isolated, { ...isolated, master: "cni1" })), []);
  t.strictSame(ask("bridge", [], { path }), [], "nothing was read");
  const none = links({ name: "veth1" }, { name: "veth2" });
  t.strictSame(
    ask("bridge", [{ at: "node-a", kind: "links", text: none }], { path }),
    [],
    "there is no bridge",
  );
  const service = {
    ...web,
    ip: "10.96.0.20",
    addresses: [
      { ip: "10.96.0.20", port: 80 },
      { ip: web.ip, port: 8080 },
    ],
  };
  const off = { at: "node-a", kind: "sysctls", text: "net.bridge.bridge-nf-call-iptables = 0\n" } as const;
  t.match(only("fault", said({}, {}, [off], service)), [/on cni0 come back untranslated/]);
});

t.test("routes: what may be taken past them is a doubt where they lead back, and never a fault", (t) => {
  const hops = PATH.hops.flatMap((hop) =>
    hop.role === "bridge"
      ? []
      : [hop.role === "host-veth" ? { ...hop, passedBy: ["request" as const] } : hop],
  );
  const said = (dev: string, path = PATH) => {
    const text = JSON.stringify([{ dst: "10.1.1.7", from: "10.1.0.5", dev }]);
    const argv = "ip -j route get 10.1.1.7 from 10.1.0.5 iif flannel.1";
    const found = ask("routes", [{ at: "node-b", kind: "route-get", text, argv }], { path });
    return found.filter((one) => one.includes(dev));
  };
  const eBPF = { ...PATH, hops };
  const back = (dev: string) => [
    `doubt: packets to 10.1.1.7 go back out by ${dev}, unless a program of the CNI takes them to veth1 past the routes`,
  ];
  t.strictSame(said("ens4", eBPF), back("ens4"), "where the tunnel's packets came from");
  t.strictSame(said("flannel.1", eBPF), back("flannel.1"));
  t.strictSame(said("cilium_host", eBPF), ["fine: packets to 10.1.1.7 leave by cilium_host"]);
  t.strictSame(said("ens4"), ["fault: packets to 10.1.1.7 leave by ens4, not by cni0"]);
  t.end();
});

t.test("mtu: what does not fit into the tunnel, a pod's other end, nodes that differ", async (t) => {
  const tunnels = {
    "node-a": { interface: "flannel.1", address: null, gateway: null, remoteMac: null, remoteVtep: null },
  };
  const path = { ...PATH, tunnels };
  const nodeA = (mtu: number) =>
    ask("mtu", [{ at: "node-a", kind: "links", text: links({ name: "flannel.1", mtu }, { name: "ens4" }) }], {
      path,
    });
  t.strictSame(nodeA(1450), ["fine: packets of up to 1450 bytes fit into the tunnel"]);
  t.match(nodeA(1500), [/^warning: packets of more than 1450 bytes do not fit/]);
  const routes = JSON.stringify([{ dst: "default", dev: "eth0", metrics: [{ mtu: 1400 }] }]);
  const looks = [
    { at: "node-a", kind: "links", text: links({ name: "flannel.1" }, { name: "ens4" }) },
    { at: "node-a shop/client", kind: "links", text: links({ name: "eth0" }) },
    { at: "node-a shop/client", kind: "routes", text: routes },
  ] as const;
  t.strictSame(ask("mtu", looks, { path }), ["fine: packets of up to 1400 bytes fit into the tunnel"]);
  const veth = { ...PATH, hops: PATH.hops.filter(({ role }) => role !== "bridge") };
  const ends = [
    { at: "node-a", kind: "links", text: links({ name: "veth1", mtu: 1400 }, { name: "ens4" }) },
    { at: "node-b", kind: "links", text: links({ name: "ens4", mtu: 9000 }) },
    { at: "node-a shop/client", kind: "links", text: links({ name: "eth0" }) },
  ] as const;
  t.match(ask("mtu", ends, { path: veth }), [
    /eth0 takes 1500 bytes and its other end veth1 1400/,
    /ens4 takes 1500 bytes, node-b/,
  ]);
});

t.test("limits: a table that is full, or nearly", async (t) => {
  const said = (count: number) =>
    ask("limits", [
      {
        at: "node-a",
        kind: "sysctls",
        text: `net.netfilter.nf_conntrack_count = ${String(count)}\nnet.netfilter.nf_conntrack_max = 100\n`,
      },
    ]);
  t.strictSame(said(50), []);
  t.match(said(95), [/^warning: connection tracking of node-a is nearly full: 95 of 100/]);
  t.match(said(100), [/^fault: connection tracking of node-a is full/]);
});

t.test("duplicates: one address or MAC of two nodes", async (t) => {
  const said = (mac: string, ip: string) =>
    ask("duplicates", [
      { at: "node-a", kind: "links", text: links({ name: "ens4" }) },
      { at: "node-a", kind: "addresses", text: links({ name: "ens4", ip: "192.0.2.1" }) },
      { at: "node-b", kind: "links", text: links({ name: "ens4", mac }) },
      { at: "node-b", kind: "addresses", text: links({ name: "ens4", ip }) },
    ]);
  t.strictSame(said("02:00:00:00:00:02", "192.0.2.2"), []);
  t.match(said("02:00:00:00:00:01", "192.0.2.2"), [/both have 02:00:00:00:00:01/]);
  t.match(said("02:00:00:00:00:02", "192.0.2.1"), [/both have 192.0.2.1/]);
  const underlay = { ...PATH.underlay, "node-c": { ip: "192.0.2.3", interface: "ens4" } };
  const macs = {
    "node-a": "02:00:00:00:00:01",
    "node-b": "02:00:00:00:00:02",
    "node-c": "02:00:00:00:00:02",
  };
  const three = Object.entries(macs).map(
    ([at, mac]) => ({ at, kind: "links", text: links({ name: "ens4", mac }) }) as const,
  );
  t.match(ask("duplicates", three, { path: { ...PATH, underlay } }), [
    /node-b's ens4 and node-c's ens4 both have 02:00:00:00:00:02/,
  ]);
});

t.test("duplicates: two nodes whose pods have one range", async (t) => {
  const said = (ip: string) =>
    ask("duplicates", [
      { at: "node-a", kind: "addresses", text: links({ name: "cni0", ip: "10.1.0.1" }) },
      { at: "node-b", kind: "addresses", text: links({ name: "cni0", ip }) },
    ]);
  t.strictSame(said("10.1.1.1"), []);
  t.match(said("10.1.0.1"), [/^fault: node-a's cni0 and node-b's cni0 both have 10\.1\.0\.1$/]);
});

t.test("mtu: a tunnel in IPv6 needs more than one in IPv4", async (t) => {
  const name = "flannel-v6.1";
  const tunnels = {
    "node-a": { interface: name, address: null, gateway: null, remoteMac: null, remoteVtep: null },
  };
  const six = { kind: "vxlan", port: 8472, vni: 1, outer: 6 } as const;
  const hops = PATH.hops.map((hop) => (hop.role === "nic" ? { ...hop, encapsulation: six } : hop));
  const said = (mtu: number) =>
    ask("mtu", [{ at: "node-a", kind: "links", text: links({ name, mtu }, { name: "ens4" }) }], {
      path: { ...PATH, hops, tunnels },
    });
  t.match(said(1450), [
    /^warning: packets of more than 1430 bytes do not fit: .* with 70 of its header .* 1520/,
  ]);
  t.strictSame(said(1430), ["fine: packets of up to 1430 bytes fit into the tunnel"]);
});

t.test("identities: machines copied from one image; containers of one machine share its own", async (t) => {
  const machine = (at: string, ids: Readonly<Record<string, string>>) =>
    ({
      at,
      kind: "machine",
      argv: "sh -c TEXT hopbook-machine",
      text: Object.entries(ids)
        .map(([name, hash]) => `${name} ${hash.repeat(16)}\n`)
        .join(""),
    }) as const;
  const said = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) =>
    ask("identities", [machine("node-a", a), machine("node-b", b)]);
  t.match(said({ boot: "1", "machine-id": "a" }, { boot: "2", "machine-id": "a" }), [
    /^warning: node-a and node-b have the same machine-id: MAC addresses/,
  ]);
  t.match(said({ boot: "1", product_uuid: "a" }, { boot: "2", product_uuid: "a" }), [
    /the same product_uuid: /,
  ]);
  t.strictSame(said({ boot: "1", "machine-id": "a" }, { boot: "2", "machine-id": "b" }), []);
  t.strictSame(said({ boot: "1", "machine-id": "a" }, { boot: "1", "machine-id": "a" }), [], "one kernel");
  t.strictSame(said({ "machine-id": "a" }, { "machine-id": "a" }), [], "nobody knows whether it is one");
  t.strictSame(ask("identities", [machine("node-a", { boot: "1" })]), []);
});

t.test("offloads: an old kernel's checksums in tunnels, and VMware's segmentation", async (t) => {
  const tunnels = {
    "node-a": { interface: "flannel.1", address: null, gateway: null, remoteMac: null, remoteVtep: null },
  };
  const path = { ...PATH, tunnels };
  const features = (device: string, text: string) =>
    ({ at: "node-a", kind: "offloads", argv: `ethtool -k ${device}`, text }) as const;
  const kernel = (text: string) => ({ at: "node-a", kind: "kernel", argv: "uname -r", text }) as const;
  const driver = (name: string) =>
    ({ at: "node-a", kind: "driver", argv: "ethtool -i ens4", text: `driver: ${name}\n` }) as const;
  const on = features("flannel.1", "tx-checksum-ip-generic: on\n");
  t.match(ask("offloads", [on, kernel("5.4.0-42-generic\n")], { path }), [
    /^warning: flannel\.1 leaves checksums to the kernel 5\.4\.0-42-generic: before 5\.7/,
  ]);
  t.match(ask("offloads", [on, kernel("4.15.0-1")], { path }), [/^warning: /]);
  for (const mended of ["5.7.0", "6.1.0-9-amd64", "4.18.0-240.el8.x86_64", "odd"])
    t.strictSame(ask("offloads", [on, kernel(mended)], { path }), []);
  const off = features("flannel.1", "tx-checksum-ip-generic: off\n");
  t.strictSame(ask("offloads", [off, kernel("5.4.0")], { path }), []);
  t.strictSame(ask("offloads", [on], { path }), [], "the kernel is not known");
  const cuts = features("ens4", "tx-udp_tnl-segmentation: on\ntx-udp_tnl-csum-segmentation: on\n");
  const [said] = askFully("offloads", [cuts, driver("vmxnet3")], { path });
  t.match(said, { severity: "warning", what: /^ens4 \(vmxnet3\) cuts the tunnel's packets/ });
  t.match(said?.next, /ethtool -K ens4 tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off/);
  t.strictSame(ask("offloads", [cuts, driver("virtio_net")], { path }), []);
  t.strictSame(ask("offloads", [features("ens4", ""), driver("vmxnet3")], { path }), []);
  t.strictSame(ask("offloads", [cuts], { path }), []);
  t.strictSame(ask("offloads", [cuts, driver("vmxnet3")], { path: { ...path, underlay: {} } }), []);
  const plain = path.hops.map((hop) => ({ ...hop, encapsulation: { kind: "none" as const } }));
  t.strictSame(
    ask("offloads", [cuts, driver("vmxnet3")], { path: { ...path, hops: plain } }),
    [],
    "no tunnel",
  );
});

t.test("listener: none, on another address only, and where the node does not show it", async (t) => {
  const said = (text: string, path = PATH) =>
    ask("listener", [{ at: "node-b shop/web", kind: "sockets", text }], { path });
  t.strictSame(said("tcp LISTEN 0 1 0.0.0.0:8080 0.0.0.0:*\n"), ["fine: it listens on tcp port 8080"]);
  t.strictSame(said("tcp LISTEN 0 1 *:8080 *:*\n"), ["fine: it listens on tcp port 8080"]);
  t.strictSame(said("udp UNCONN 0 0 0.0.0.0:8080 0.0.0.0:*\n"), ["fault: nothing listens on tcp port 8080"]);
  t.match(said("tcp LISTEN 0 1 127.0.0.1:8080 0.0.0.0:*\n"), [/^fault: .* takes 127.0.0.1 only/]);
  t.match(said("", { ...PATH, to: { ...PATH.to, isolation: "vm" } }), [/^doubt: /]);
  t.match(ask("listener", []), [/^doubt: /]);
  t.match(
    ask("listener", [{ at: "node-b shop/web", kind: "sockets", exitCode: 127, stderr: "ss: not found" }]),
    [/ss: not found/],
  );
  t.strictSame(ask("listener", [], { protocol: "icmp" }), []);
});

t.test("service: its address has to become an endpoint's", async (t) => {
  const to = {
    ...PATH.to,
    ip: "10.96.0.20",
    port: 80,
    addresses: [
      { ip: "10.96.0.20", port: 80 },
      { ip: "10.1.1.7", port: 8080 },
    ],
  };
  const said = (rule: string) =>
    ask(
      "service",
      [
        {
          at: "node-a",
          kind: "iptables",
          text: `*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\n${rule}COMMIT\n`,
        },
      ],
      { path: { ...PATH, to } },
    );
  const lead = (where: string) =>
    `-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination ${where}\n`;
  t.strictSame(said(lead("10.1.1.7:8080")), ["fine: 10.96.0.20 becomes 10.1.1.7"]);
  t.match(said(""), [/^doubt: no rule leads/]);
  t.match(said(lead("10.1.9.9:8080")), [/^warning: .*10.1.9.9, which is none/]);
  t.match(ask("service", [], { path: { ...PATH, to } }), [/^doubt: /]);
});

t.test("nodes that could not be entered leave a doubt", async (t) => {
  const unentered = [
    { end: "to", node: "node-b", pod: null, address: null, why: "no route to host" },
  ] as const;
  t.strictSame(ask("entered", [], { path: { ...PATH, unentered } }), [
    "doubt: node-b could not be entered: no route to host",
  ]);
});

t.test(
  "rules: the policy of nft's chain is told by nft's own listing, one of iptables by iptables-save",
  async (t) => {
    const chain = { family: "inet", table: "fw", name: "fwd", type: "filter", hook: "forward", prio: 0 };
    const listed = (policy: string): string =>
      JSON.stringify({ nftables: [{ chain: { ...chain, policy } }] });
    const accused = (nft: string, saved: string) =>
      askFully("rules", [
        { at: "node-b", kind: "nftables", argv: "nft -j list ruleset", text: listed(nft) },
        {
          ...{ at: "node-b", kind: "iptables", argv: "iptables-save -c" },
          text: `*filter\n:FORWARD ${saved} [0:0]\nCOMMIT\n`,
        },
      ])
        .filter(({ severity, direction }) => severity === "fault" && direction !== "reply")
        .map(({ what, evidence: [first] }) => [what.replace(/^.* by /, ""), first?.command]);
    t.strictSame(accused("drop", "ACCEPT"), [["the policy of inet fw fwd", "nft -j list ruleset"]]);
    t.strictSame(accused("accept", "DROP"), [["the policy of filter FORWARD", "iptables-save -c"]]);
  },
);

t.test("policies: the rule that is missing, one that admits, and none that selects", async (t) => {
  const pod = (name: string) => ({
    namespace: "shop",
    name,
    labels: { app: name },
    hostNetwork: false,
    ports: [],
  });
  const said = (spec: object, path = PATH) => {
    const policies = [{ metadata: { namespace: "shop", name: "deny" }, spec: { podSelector: {}, ...spec } }];
    const facts = { policies, namespaces: { shop: {} }, pods: [pod("client"), pod("web")], unread: [] };
    return ask("policies", [], { path, policies: facts, port: 8080 });
  };
  t.match(said({}), [
    /^doubt: no ingress rule of shop\/deny admits TCP port 8080 from shop\/client: where the CNI/,
  ]);
  t.match(said({ egress: [{ ports: [{ port: 53 }] }], policyTypes: ["Egress"] }), [
    /no egress rule .* to shop\/web/,
  ]);
  t.strictSame(said({ ingress: [{}] }), ["fine: NetworkPolicies admit it: rule 1 of shop/deny"]);
  t.strictSame(said({ podSelector: { matchLabels: { app: "db" } } }), []);
  t.strictSame(said({}, { ...PATH, to: { ...PATH.to, pod: null } }), [], "no pod, no policy");
  t.strictSame(ask("policies", []), [], "the API was not asked");
});

t.test(
  "a way in parts: what the node between passes on needs no listener there, and its rules lead it on",
  async (t) => {
    const to = {
      pod: null,
      node: "node-b",
      ip: "192.0.2.2",
      port: 30_080,
      addresses: [{ ip: "192.0.2.2", port: 30_080 }],
    };
    const hops = PATH.hops.filter(({ role, node }) => node === "node-a" || role === "nic");
    const path = {
      ...PATH,
      to,
      hops: hops.map((hop) => ({ ...hop, encapsulation: { kind: "none" as const } })),
    };
    const arriving = { path, part: "arriving" as const };
    t.strictSame(ask("listener", [], arriving), []);
    const nat = (rule: string) =>
      `*nat\n:PREROUTING ACCEPT [0:0]\n${rule}COMMIT\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n`;
    const looks = (rule: string) =>
      [
        { at: "node-b", kind: "iptables", text: nat(rule) },
        { at: "node-b", kind: "nftables", text: "{}" },
      ] as const;
    const dnat = "-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.1.1.7:8080\n";
    t.strictSame(ask("service", looks(dnat), arriving), ["fine: 192.0.2.2 becomes 10.1.1.7"]);
    t.match(ask("service", looks(""), arriving), [/^doubt: no rule leads/]);
    t.strictSame(
      only("fault", ask("rules", looks(dnat), arriving)),
      [],
      "what is passed on comes by no INPUT",
    );
    const onward = { ...PATH, from: { ...to, port: null }, hops: PATH.hops.slice(3) };
    const forward = [
      { at: "node-a", kind: "iptables", text: "*filter\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n" },
      { at: "node-a", kind: "nftables", text: "{}" },
    ] as const;
    const behind = only(
      "fault",
      ask("rules", forward, {
        path: { ...onward, from: { ...onward.from, node: "node-a" } },
        part: "onward",
      }),
    );
    t.ok(
      behind.some((one) => one.includes("filter FORWARD")),
      behind.join(),
    );
    t.notOk(
      behind.some((one) => one.includes("the request") && one.includes("filter OUTPUT")),
      behind.join(),
    );
    t.strictSame(ask("service", [], { path: onward, part: "onward" }), []);
  },
);

t.test("connections: one that is known goes where no rule leads any more, or past the rules", async (t) => {
  const at = { ip: "10.96.0.10", port: 53 };
  const to = { ...PATH.to, ...at, addresses: [at, { ip: "10.1.1.7", port: 53 }] };
  const rules = (dnat: string) => `*nat\n:PREROUTING ACCEPT [0:0]\n${dnat}COMMIT\n`;
  const dnat =
    "-A PREROUTING -d 10.96.0.10/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.1.1.7:53\n";
  const entry = (backend: string, port = 53) =>
    `udp 17 25 src=10.1.0.5 dst=10.96.0.10 sport=4000 dport=${String(port)} src=${backend} dst=10.1.0.5 sport=53 dport=4000 mark=0 use=1\n`;
  const said = (table: string, text = dnat, asked = {}) =>
    ask(
      "connections",
      [
        { at: "node-a", kind: "iptables", text: rules(text) },
        { at: "node-a", kind: "nftables", text: "{}" },
        { at: "node-a", kind: "conntrack", text: table },
      ],
      { path: { ...PATH, to }, protocol: "udp", ...asked },
    );
  t.strictSame(said(entry("10.1.1.7")), []);
  t.match(said(entry("10.1.1.9")), [
    /^fault: connection tracking still sends UDP of 10\.1\.0\.5 to 10\.1\.1\.9:53, and the rules lead to 10\.1\.1\.7$/,
  ]);
  t.match(said(entry("10.96.0.10")), [/to 10\.96\.0\.10:53 itself, untranslated/]);
  t.strictSame(said(entry("10.1.1.9", 54)), [], "another port");
  t.strictSame(
    said(entry("10.1.1.9"), ""),
    [],
    "where nothing translates it nobody knows where it should go",
  );
  t.strictSame(said(entry("10.1.1.9"), dnat, { protocol: "tcp" }), []);
  t.strictSame(said(entry("10.1.1.9"), dnat, { path: PATH }), [], "no Service");
});

t.test("rules: a set's members decide, where they were read", async (t) => {
  const text = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m set --match-set banned src -j DROP\nCOMMIT\n";
  const list = (member: string) => `Name: banned\nType: hash:net\nMembers:\n${member}\n`;
  const said = (sets: string | null) =>
    ask("rules", [
      { at: "node-a", kind: "iptables", text },
      { at: "node-a", kind: "nftables", text: "{}" },
      ...(sets === null ? [] : [{ at: "node-a", kind: "ipsets" as const, text: sets }]),
    ]).filter((one) => one.includes("10.1.0.5 to 10.1.1.7") && one.includes("rule of FORWARD"));
  t.match(said(list("10.1.0.0/24")), [/^fault: .* is dropped by a rule of FORWARD/]);
  t.strictSame(said(list("10.9.0.0/24")), []);
  t.match(said(null), [/^doubt: .* if the set banned holds 10\.1\.0\.5/]);
});
