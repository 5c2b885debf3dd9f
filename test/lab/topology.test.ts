import t from "tap";
import { NODES, derivePodIds, nameHostInterface } from "../../lib/lab/calico-vxlan/cluster.js";
import { renderIptables } from "../../lib/lab/calico-vxlan/iptables.js";
import { renderNodeBatch } from "../../lib/lab/calico-vxlan/links.js";
import { listFaults } from "../../lib/lab/index.js";

t.test("host interfaces have the names that Calico gives", async (t) => {
  const published = [
    ["kotsadm", "kotsadm-58f859745b-x4nh8", "cali9d8b6a7d855"],
    ["openshift-ingress", "router-default-77949c967-4t8f7", "cali41f14107a8d"],
    ["openshift-ingress", "router-default-77949c967-tgth7", "calic25e805a467"],
    ["kube-system", "coredns-86b5dd7f68-9zdn8", "cali2b903875fe4"],
    ["kube-system", "coredns-86b5dd7f68-kp2bk", "cali895d469e349"],
  ] as const;
  for (const [namespace, name, expected] of published) {
    t.equal(nameHostInterface({ namespace, name }), expected);
  }
});

t.test("ids are distinct and shaped like the runtime's", async (t) => {
  const ids = NODES.flatMap((node) => node.pods).map(derivePodIds);
  for (const key of ["uid", "sandboxId", "containerId", "netns", "mac", "hostInterface"] as const) {
    t.equal(new Set(ids.map((each) => each[key])).size, ids.length, key);
  }
  for (const { sandboxId, uid, mac, netns } of ids) {
    t.match(sandboxId, /^[0-9a-f]{64}$/);
    t.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/);
    t.match(mac, /^0a(:[0-9a-f]{2}){5}$/);
    t.match(netns, /^cni-[0-9a-f-]{36}$/);
  }
});

t.test("every chain that is jumped to exists", async (t) => {
  for (const node of NODES) {
    for (const table of renderIptables(node).split("COMMIT\n").slice(0, -1)) {
      const chains = new Set(table.match(/^:\S+/gm)?.map((line) => line.slice(1)));
      const targets = [...table.matchAll(/ -[jg] (\S+)/g)].map(([, target = ""]) => target);
      for (const target of targets.filter((each) => /^(KUBE|cali)-/.test(each)))
        t.ok(chains.has(target), target);
      for (const [, chain = ""] of table.matchAll(/^-A (\S+)/gm)) t.ok(chains.has(chain), chain);
    }
  }
});

t.test("a node's wiring is Calico's", async (t) => {
  const batch = renderNodeBatch(NODES[0]);
  t.match(batch, "route add blackhole 192.168.174.128/26 proto 80");
  t.match(batch, "route add 192.168.218.64/26 via 192.168.218.64 dev vxlan.calico onlink mtu 1450");
  t.match(
    batch,
    /link add vxlan\.calico .* type vxlan id 4096 local 10\.77\.0\.11 dev eth0 dstport 4789 nolearning/,
  );
  t.match(batch, /^neigh replace 192\.168\.218\.64 lladdr 66:.* nud permanent$/m);
});

t.test("faults have unique names and say where packets end", async (t) => {
  const faults = listFaults();
  t.equal(new Set(faults.map((fault) => fault.name)).size, faults.length);
  t.equal(faults.length, 16);
  for (const { name, signature } of faults) {
    t.equal(signature.verdict === "lost", signature.lastSeen !== null, name);
    t.equal(signature.lastSeen === null, signature.firstMissing === null, name);
  }
});
