import t from "tap";
import { nameCalicoInterface } from "../../lib/lab/attachment/calico.js";
import { derivePodIds } from "../../lib/lab/cluster/ids.js";
import { renderNodeBatch } from "../../lib/lab/cluster/links.js";
import { listFaults } from "../../lib/lab/index.js";
import { renderIptables } from "../../lib/lab/rules/iptables.js";
import { LAB_TOPOLOGIES, type LabTopology } from "../../lib/lab/topologies.js";
import { makeBlueprint } from "../../lib/lab/topology/blueprint.js";

const NAMES = Object.keys(LAB_TOPOLOGIES) as LabTopology[];

t.test("host interfaces have the names that Calico gives", async (t) => {
  const published = [
    ["kotsadm", "kotsadm-58f859745b-x4nh8", "cali9d8b6a7d855"],
    ["openshift-ingress", "router-default-77949c967-4t8f7", "cali41f14107a8d"],
    ["openshift-ingress", "router-default-77949c967-tgth7", "calic25e805a467"],
    ["kube-system", "coredns-86b5dd7f68-9zdn8", "cali2b903875fe4"],
    ["kube-system", "coredns-86b5dd7f68-kp2bk", "cali895d469e349"],
  ] as const;
  for (const [namespace, name, expected] of published) {
    t.equal(nameCalicoInterface({ namespace, name }), expected);
  }
});

t.test("ids are distinct and shaped like the runtime's", async (t) => {
  for (const topology of NAMES) {
    const pods = makeBlueprint(topology, 3).cluster.nodes.flatMap((node) => node.pods);
    const ids = pods.map(derivePodIds);
    for (const key of ["uid", "sandboxId", "containerId", "netns", "mac"] as const) {
      t.equal(new Set(ids.map((each) => each[key])).size, pods.length, `${topology}: ${key}`);
    }
    for (const key of ["ip", "hostInterface"] as const) {
      t.equal(new Set(pods.map((each) => each[key])).size, pods.length, `${topology}: ${key}`);
    }
    for (const { hostInterface } of pods) t.ok(hostInterface.length <= 15, hostInterface);
    for (const { sandboxId, uid, mac, netns } of ids) {
      t.match(sandboxId, /^[0-9a-f]{64}$/);
      t.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/);
      t.match(mac, /^0a(:[0-9a-f]{2}){5}$/);
      t.match(netns, /^cni-[0-9a-f-]{36}$/);
    }
  }
});

t.test("every chain that is jumped to exists", async (t) => {
  for (const name of NAMES) {
    const { topology, cluster } = makeBlueprint(name, 3);
    for (const node of cluster.nodes) {
      const text = renderIptables(cluster, node, topology.rules(cluster, node));
      for (const table of text.split("COMMIT\n").slice(0, -1)) {
        const chains = new Set(table.match(/^:\S+/gm)?.map((line) => line.slice(1)));
        const targets = [...table.matchAll(/ -[jg] (\S+)/g)].map(([, target = ""]) => target);
        for (const target of targets.filter((each) => each.includes("-"))) t.ok(chains.has(target), target);
        for (const [, chain = ""] of table.matchAll(/^-A (\S+)/gm)) t.ok(chains.has(chain), chain);
      }
    }
  }
});

t.test("a node's wiring is its CNI's", async (t) => {
  const wiringOf = (name: LabTopology): string => {
    const { topology, cluster, ipv6 } = makeBlueprint(name, 3);
    return renderNodeBatch(topology, cluster, { node: cluster.near, ipv6 });
  };
  const calico = wiringOf("calico-vxlan");
  t.match(calico, "route add blackhole 192.168.174.128/26 proto 80");
  t.match(calico, "route add 192.168.218.64/26 via 192.168.218.64 dev vxlan.calico onlink mtu 1450");
  t.match(
    calico,
    /link add vxlan\.calico .* type vxlan id 4096 local 10\.77\.0\.11 dev eth0 dstport 4789 nolearning/,
  );
  t.match(calico, /^neigh replace 192\.168\.218\.64 lladdr 66:.* nud permanent$/m);
  t.match(calico, "route add 192.168.131.0/26 via 192.168.131.0 dev vxlan.calico", "of the third node too");
  t.match(wiringOf("calico-none"), "route add 192.168.218.64/26 via 10.77.0.12 dev eth0 proto bird");
  const flannel = wiringOf("flannel-vxlan");
  t.match(flannel, /type vxlan id 1 local 10\.77\.0\.11 dev eth0 dstport 8472 nolearning/);
  t.match(flannel, "address add 10.244.0.1/24 brd + dev cni0");
  t.match(flannel, "route add 10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink\n");
  t.match(wiringOf("flannel-host-gw"), "route add 10.244.1.0/24 via 10.77.0.12 dev eth0\n");
  t.match(
    wiringOf("cilium-vxlan"),
    "route add 10.0.1.0/24 encap ip id 2 dst 10.77.0.12 via 10.0.1.1 dev cilium_vxlan",
  );
  const geneve = wiringOf("cilium-geneve");
  t.match(geneve, "route add 10.0.1.0/24 encap ip id 2 dst 10.77.0.12 via 10.0.1.1 dev cilium_geneve onlink");
  t.notMatch(geneve, "link add cilium_geneve", "a program makes it");
  const ovn = wiringOf("ovn");
  t.match(ovn, "address add 10.77.0.11/24 brd + dev br-ex");
  t.match(ovn, "route add 10.244.0.0/16 via 10.244.0.1 dev ovn-k8s-mp0");
  t.match(wiringOf("kindnet"), 'alias "link-pod shop/client"');
});

t.test("a second family is the same cluster by its other addresses", async (t) => {
  const { topology, cluster, ipv6 } = makeBlueprint("calico-dual-stack", 3);
  if (ipv6 === null) throw new Error("it has no second family");
  const wiring = renderNodeBatch(topology, cluster, { node: cluster.near, ipv6 });
  t.match(wiring, /type vxlan id 4096 local 10\.77\.0\.11 dev eth0 dstport 4789/);
  t.match(wiring, /link add vxlan-v6\.calico mtu 1430 .* local fd00:77::11 dev eth0 dstport 4789/);
  t.match(
    wiring,
    "route add fd00:192:0:da40::/122 via fd00:192:0:da40:: dev vxlan-v6.calico onlink mtu 1430",
  );
  t.match(wiring, /route add fd00:192:0:ae80::1\/128 dev cali\w+ metric 1024/);
  t.equal(wiring.match(/^link add cali/gm)?.length, 2, "each pod's pair once");
  const macs = wiring.match(/ address (66:\S+)/g);
  t.equal(new Set(macs).size, 2, "each tunnel has a MAC of its own");
  for (const node of ipv6.cluster.nodes) {
    const text = renderIptables(ipv6.cluster, node, ipv6.topology.rules(ipv6.cluster, node));
    t.notMatch(text, /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/, "ip6tables takes no IPv4 address");
  }
  const names = listFaults("calico-dual-stack").map(({ name }) => name);
  t.notOk(names.includes("rp-filter-b"), "the kernel has no rp_filter of IPv6");
  t.ok(
    ["fdb-missing", "forward-drop-b", "pod-route-missing-b", "mtu-hole"].every((name) =>
      names.includes(name),
    ),
  );
});

t.test("a switch's words: its databases are on the near node alone", async (t) => {
  const { topology, cluster } = makeBlueprint("ovn", 3);
  const [near, far] = [cluster.near, cluster.far].map((node) => topology.vswitch?.files(cluster, node) ?? {});
  t.match(near?.["northbound"], '"lsp-add" "node-b" "shop_web" -- "lsp-set-addresses" "shop_web" "0a:');
  t.match(near?.["northbound"], '"lb-add" "web/http" "10.96.0.20:80" "10.244.1.3:8080" "tcp"');
  t.equal(far?.["northbound"], undefined);
  t.match(far?.["bridges"], '"external_ids:ovn-remote=tcp:10.77.0.11:6642"');
  t.match(far?.["ports"], '"external_ids:iface-id=shop_web"');
  t.match(far?.["neighbours"], /^br-ex 10\.77\.0\.11 52:.*\nbr-ex 10\.77\.0\.13 52:.*\n$/);
  for (const pod of cluster.far.pods)
    t.equal(pod.hostInterface.length, 15, "as much as a device's name holds");
  const names = listFaults("ovn").map(({ name }) => name);
  t.ok(
    ["acl-ingress-drop-b", "acl-egress-drop-a", "flow-drop-a", "mtu-hole"].every((name) =>
      names.includes(name),
    ),
  );
  t.notOk(names.includes("forward-drop-b"), "the nodes' own tables have no say");
});

t.test("the servers may be on the client's node", async (t) => {
  const { cluster } = makeBlueprint("calico-same-node", 3);
  t.strictSame(
    cluster.nodes.map(({ pods }) => pods.map(({ name }) => name)),
    [["client", "cart", "web", "dns"], [], ["stock", "till"]],
  );
  t.equal(cluster.far, cluster.near);
  for (const { endpoint } of cluster.services) t.match(endpoint.ip, /^192\.168\.174\./);
});

t.test("a lab has two nodes or three, and a topology that there is", async (t) => {
  t.strictSame(
    makeBlueprint("kindnet", 3).cluster.nodes.map(({ name, address }) => `${name} ${address}`),
    ["node-a 10.77.0.11", "node-b 10.77.0.12", "node-c 10.77.0.13"],
  );
  for (const count of [0, 1, 4, 2.5, Number.NaN])
    t.throws(() => makeBlueprint("kindnet", count), { code: "USAGE", message: /of .* nodes/ });
  t.throws(() => makeBlueprint("toString", 2), { code: "USAGE", hint: /calico-vxlan, .*kindnet/ });
});

t.test("faults have unique names, say where packets end, and fit what the topology has", async (t) => {
  for (const topology of NAMES) {
    const faults = listFaults(topology);
    t.equal(new Set(faults.map((fault) => fault.name)).size, faults.length);
    for (const { name, signature } of faults) {
      t.equal(signature.verdict === "lost", signature.lastSeen !== null, name);
      t.equal(signature.lastSeen === null, signature.firstMissing === null, name);
    }
  }
  const namesOf = (topology: LabTopology): string[] => listFaults(topology).map(({ name }) => name);
  t.equal(namesOf("calico-vxlan").length, 17);
  for (const name of ["fdb-missing", "tunnel-input-drop-b", "rp-filter-b"]) {
    t.ok(namesOf("flannel-vxlan").includes(name), name);
    t.notOk(namesOf("kindnet").includes(name), name);
  }
  t.notOk(namesOf("flannel-vxlan").includes("pod-route-missing-b"), "a bridge's pods share one route");
  t.ok(namesOf("kindnet").includes("wrong-next-hop-mac"));
  const within = ["forward-drop-a", "forward-drop-b", "reply-drop-b", "pod-input-drop", "closed-port"];
  t.strictSame(namesOf("flannel-same-node"), [...within, "bad-checksum"], "nothing of what is between nodes");
  t.ok(namesOf("calico-same-node").includes("pod-route-missing-b"));
});
