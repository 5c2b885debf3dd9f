import t from "tap";
import { planCaptures, type CapturePlanOptions } from "../../lib/capture/plan.js";
import type { End } from "../../lib/model/cluster.js";
import type { Flow, Hop } from "../../lib/model/hops.js";

const end = (ip: string, port: number | null): End => ({
  ...{ kind: "pod", text: ip, pod: null, node: "node-a", ip, port, addresses: [{ ip, port }] },
  ...{ netns: { kind: "host" }, hostNetwork: false, cniHostInterfaces: [] },
});
const hop = (node: string, name: string, more: Partial<Hop> = {}): Hop => ({
  ...{ index: 0, id: `${node}.x.${name}`, node, role: "host-veth", interface: name, netns: { kind: "host" } },
  ...{ mtuBytes: 1500, encapsulation: { kind: "none" }, evidence: [], ...more },
});
const flow = (id: string, hops: readonly Hop[], replyHops: readonly Hop[] | null = null): Flow => ({
  ...{ id, protocol: id === "f0" ? "icmp" : "tcp", probe: null },
  path: {
    ...{ from: end("10.1.0.5", null), to: end("10.1.1.7", 80), recipe: "r", hops, replyHops },
    ...{ underlay: {}, tunnels: {}, notes: [] },
  },
});
const options: CapturePlanOptions = {
  ...{
    runId: "0123456789ab",
    workDir: "/var/tmp",
    maxSeconds: 60,
    maxBytes: 1024 * 1024,
    minFreeBytes: 2048,
  },
  sshConnections: { "node-a": "10.1.0.5 5 10.1.1.7 22" },
};
const POD = hop("node-a", "eth0", { role: "pod", netns: { kind: "path", path: "/proc/77/ns/net" } });
const NIC = hop("node-b", "ens4", {
  role: "nic",
  encapsulation: { kind: "vxlan", port: 4789, vni: 4096, outer: 4 },
});

t.test("one plan a node; shared hops once, with the filter of all their flows", async (t) => {
  const plans = planCaptures([flow("f0", [POD, NIC]), flow("f1", [POD, NIC], [NIC])], options);
  t.same(
    plans.map(({ node, dir, hops }) => [node, dir, hops.map(({ hop: { id } }) => id)]),
    [
      ["node-a", "/var/tmp/hopbook-0123456789ab-node-a", ["node-a.x.eth0"]],
      ["node-b", "/var/tmp/hopbook-0123456789ab-node-b", ["node-b.x.ens4"]],
    ],
  );
  const [podPlan] = plans[0]?.hops ?? [];
  t.match(podPlan?.filter, /\) or \(/);
  const command = [
    "nsenter",
    "--net=/proc/77/ns/net",
    "tcpdump",
    "-Z",
    "root",
    "-n",
    "-U",
    "-p",
    "--immediate-mode",
    "-i",
    "eth0",
    "-s",
    "128",
  ];
  const file = "node-a.x.eth0.pcap";
  t.same(podPlan?.argv, [...command, "-B", "4096", "-w", file, "--", podPlan?.filter]);
  t.equal(plans[1]?.hops[0]?.snaplenBytes, 178, "room for the tunnel's headers");
  const values = [
    "hopbook-capture",
    "/var/tmp/hopbook-0123456789ab-node-a",
    "60",
    "1024",
    "2",
    "20",
    "4096",
    "0",
    "0",
  ];
  const words = ["node-a.x.eth0", "/proc/77/ns/net", "eth0", "128", "n", podPlan?.filter];
  t.same(plans[0]?.argv.slice(3), [...values, ...words]);
  t.same(plans[0]?.argv.slice(0, 2), ["sh", "-c"]);
  t.same(
    planCaptures([flow("f0", [POD, NIC]), flow("f1", [POD, NIC], [NIC])], options),
    plans,
    "deterministic",
  );
});

t.test("options change what they say", async (t) => {
  const one = (more: Partial<CapturePlanOptions>, at = POD) =>
    planCaptures([flow("f0", [at])], { ...options, ...more })[0]?.hops[0];
  t.equal(one({ payload: true })?.snaplenBytes, 262_144);
  const immediate = "--immediate-mode";
  t.notOk(
    one({ payload: true })?.argv.includes(immediate),
    "a ring of whole packets has too few slots for it",
  );
  t.notOk(one({ snaplenBytes: 1025 })?.argv.includes(immediate));
  t.ok(one({ snaplenBytes: 1024 })?.argv.includes(immediate));
  t.equal(one({ snaplenBytes: 300 })?.snaplenBytes, 300);
  t.same(one({ bufferKiB: 64 })?.argv.slice(13, 15), ["-B", "64"]);
  const outer6: Hop = { ...NIC, encapsulation: { kind: "vxlan", port: 4789, vni: 1, outer: 6 } };
  t.equal(one({}, outer6)?.snaplenBytes, 198);
  t.notOk(
    one({}, hop("node-a", "cni0", { role: "bridge" }))?.argv.includes("-p"),
    "a bridge needs promiscuous mode",
  );
  t.match(one({}, hop("node-a", "eth1", { role: "nic" }))?.filter, /^\(not \(/, "the login is left out");
});

t.test("names that cannot be used are refused", async (t) => {
  const invalid = { code: "INPUT_INVALID" };
  const at =
    (more: Partial<Hop>, changed: Partial<CapturePlanOptions> = {}) =>
    () =>
      planCaptures([flow("f0", [{ ...POD, ...more }])], { ...options, ...changed });
  for (const id of ["../x", "a/b", "", "-x", "a b", "a..b"]) t.throws(at({ id }), invalid, id);
  for (const path of ["relative", "/a/../b", "/a\nb", "-x"]) {
    t.throws(at({ netns: { kind: "path", path } }), invalid, path);
    t.throws(at({}, { workDir: path }), invalid, path);
  }
  t.throws(at({}, { runId: "$(id)" }), invalid);
  const strange = planCaptures([flow("f0", [{ ...POD, target: "a/../b c" }])], options)[0];
  t.equal(strange?.dir, "/var/tmp/hopbook-0123456789ab-a-..-b-c", "on the node");
});

t.test(
  "a node's name becomes a folder's: one that leads elsewhere is refused before anything starts",
  async (t) => {
    for (const node of ["../../x", "a/../../../x", "..", "", "a/b", "a\nb", "a..b"]) {
      const foreign = { ...NIC, node, id: "node-b.x.ens4" };
      t.throws(() => planCaptures([flow("f0", [foreign])], options), { code: "INPUT_INVALID" }, node);
    }
    const longest = { ...NIC, node: `a${"b".repeat(252)}`, id: "node-b.x.ens4" };
    t.equal(planCaptures([flow("f0", [longest])], options).length, 1, "as long as Kubernetes lets one be");
  },
);
