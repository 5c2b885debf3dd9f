import t from "tap";
import { podOfPath, readStateName } from "../../lib/bundles/state-names.js";

/** Names as sos, bugtool and people write them. */
const NAMES: readonly (readonly [
  path: string,
  kind: string,
  more?: { readonly node?: string; readonly pod?: string },
])[] = [
  ["sos_commands/networking/ip_-s_-d_link", "links"],
  ["sos_commands/networking/ip_-d_address", "addresses"],
  ["sos_commands/networking/ip_-o_addr", "addresses"],
  ["sos_commands/networking/ip_-6_route_show_table_all", "routes"],
  ["sos_commands/networking/ip_-4_rule_list", "rules"],
  ["sos_commands/networking/ip_-s_-s_neigh_show", "neighbours"],
  ["sos_commands/networking/bridge_-s_-s_-d_-t_fdb_show", "fdb"],
  ["sos_commands/networking/ss_-peaonmi", "sockets"],
  ["sos_commands/kernel/sysctl_-a", "sysctls"],
  ["sos_commands/firewall_tables/nft_-a_list_ruleset", "nftables"],
  [
    "sos_commands/networking/namespaces/cni-7/ip_netns_exec_cni-7_ip_-d_address_show",
    "addresses",
    { pod: "cni-7" },
  ],
  [
    "sos_commands/networking/namespaces/cni-7/ip_netns_exec_cni-7_iptables-save",
    "iptables",
    { pod: "cni-7" },
  ],
  ["sos_commands/networking/ip_netns_exec_cni-7_ip_address_show", "addresses", { pod: "cni-7" }],
  ["sos_commands/networking/ip_netns_exec_qrouter-1_ip_route_show_table_all", "routes", { pod: "qrouter-1" }],
  ["sos_commands/networking/ip_netns_exec_cni-7_iptables-save", "iptables", { pod: "cni-7" }],
  ["must-gather/host_network_logs/ip-address-master-0.log", "addresses", { node: "master-0" }],
  [
    "host_network_logs/ip-route4-ip-10-0-1-2.ec2.internal.log",
    "routes",
    { node: "ip-10-0-1-2.ec2.internal" },
  ],
  ["host_network_logs/ip-route6-master-0.log", "routes", { node: "master-0" }],
  ["sos_info/networking/10.0.0.5-ip -s -d link.log", "links", { node: "10.0.0.5" }],
  ["sos_info/networking/10.0.0.5-ip -6 route show table all.log", "routes", { node: "10.0.0.5" }],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/ip-a.md", "addresses"],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/ip--4-r.md", "routes"],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/ip--d--s-l.md", "links"],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/ip--6-n.md", "neighbours"],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/iptables-save--c.md", "iptables"],
  ["cilium-bugtool-cilium-x7k2p-20261129-101500/cmd/ip6tables-save--c.md", "ip6tables"],
  ["node-a.ip-route.txt", "routes", { node: "node-a" }],
  ["ip-10-0-0-1.eu.internal.ip_-j_link.json", "links", { node: "ip-10-0-0-1.eu.internal" }],
  ["node-a/ip_-j_link.json", "links"],
  ["node-a/after-host-fdb.json", "fdb"],
  ["node-a/after-pod-shop_web-sockets.txt", "sockets", { pod: "shop/web" }],
  ["node-a/pods/shop_web/ip-addr.txt", "addresses", { pod: "shop/web" }],
  ["node-a/netns/cni-1/routes.txt", "routes", { pod: "cni-1" }],
  ["node-a.pod.shop_web.links.json", "links", { node: "node-a", pod: "shop/web" }],
];

t.test("which command's output a file is, and whose", async (t) => {
  for (const [path, kind, { node = null, pod = null } = {}] of NAMES)
    t.strictSame(readStateName(path), { kind, node, pod }, path);
});

t.test("what is no look at a node", async (t) => {
  const others = [
    "sos_info/networking/10.0.0.5-ip netns.log",
    "ip_-d_route_show_cache",
    "ip_route_get_10.0.0.1",
    "ip_vrf_show",
    "bridge_vlan",
    "hostname",
  ];
  for (const name of [...others, "ip", "link.pcap", "capture-of-eth0.pcap", "pods.yaml", ""])
    t.equal(readStateName(name), null, name);
});

t.test("a pod by the name of a capture", async (t) => {
  t.equal(podOfPath("node-a/node-a.pod.shop_client.eth0.pcap"), "shop/client");
  t.equal(podOfPath("node-a/node-a.nic.eth0.pcap"), null);
});

t.test("what a tool names by another command, and copies of the machine's own files, are none", async (t) => {
  const dump = "cilium-bugtool-cilium-x7k2p-20261129-101500/cmd";
  for (const path of [
    `${dump}/bpftool-map-dump-pinned--sys-fs-bpf-tc-globals-x_capture4_rules.md`,
    "sos_commands/systemd/systemctl_list-units_rules",
    "proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown",
    "host-1/etc/sysctl.conf",
    "logs-agent-x7k2p-apply-sysctl-overwrites-20261129-101500.log",
  ])
    t.equal(readStateName(path), null, path);
});
