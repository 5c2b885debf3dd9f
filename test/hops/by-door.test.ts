import t from "tap";
import { discoverByDoor, isByOtherNode } from "../../lib/hops/by-door.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowPath, Hop } from "../../lib/model/hops.js";

const PLAIN = { kind: "none" } as const;
const VXLAN = { kind: "vxlan", port: 4789, vni: 1, outer: 4 } as const;

function hop(id: string, encapsulation: Hop["encapsulation"] = PLAIN): Hop {
  const [node = "", role = "nic", name = ""] = id.split(".");
  return {
    ...{ index: 0, id, node, role: role, interface: name, netns: { kind: "host" } },
    ...{ mtuBytes: 1500, encapsulation, evidence: [] },
  };
}

const end = (changes: Partial<End>): End => ({
  ...{ kind: "pod", text: "x", pod: "shop/client", node: "node-a", ip: "10.0.1.2", port: null },
  ...{ addresses: [{ ip: "10.0.1.2", port: null }], netns: { kind: "path", path: "/x" } },
  ...{ hostNetwork: false, cniHostInterfaces: [] },
  ...changes,
});
const CLIENT = end({});
const WEB = end({
  ...{
    kind: "service",
    service: "shop/web",
    pod: "shop/web",
    node: "node-c",
    ip: "172.16.0.2",
    port: 30_080,
  },
  addresses: [
    { ip: "172.16.0.2", port: 30_080 },
    { ip: "10.0.3.2", port: 8080 },
  ],
  door: { kind: "nodePort", node: "node-b" },
});

type Part = Partial<Pick<FlowPath, "replyHops" | "unseen" | "unentered" | "notes">> & {
  readonly hops: readonly Hop[];
};

/** Discovery that answers the two questions in their order. */
function answering(parts: readonly Part[]): {
  asked: [End, End][];
  discover: Parameters<typeof discoverByDoor>[2];
} {
  const asked: [End, End][] = [];
  const discover = (from: End, to: End): Promise<FlowPath> => {
    const part = parts[asked.push([from, to]) - 1]!;
    const via = { ip: `172.16.0.${String(asked.length)}`, port: null };
    return Promise.resolve({
      ...{ recipe: "x", replyHops: null, underlay: {}, tunnels: {}, notes: ["a note"], ...part },
      ...{ from: { ...from, addresses: [...from.addresses, via] }, to },
    });
  };
  return { asked, discover };
}

const IN = [hop("node-a.pod.eth0"), hop("node-a.nic.eth0"), hop("node-b.nic.eth0")];

t.test("to the door's node, and from there to the backend of a third", async (t) => {
  t.ok(isByOtherNode(CLIENT, WEB));
  t.notOk(isByOtherNode(end({ node: "node-b" }), WEB), "its own node translates");
  t.notOk(isByOtherNode(CLIENT, { ...WEB, door: { kind: "loadBalancer", node: null } }));
  if (!isByOtherNode(CLIENT, WEB)) return;
  const onward = [hop("node-b.tunnel.vxlan0"), hop("node-b.nic.eth0", VXLAN), hop("node-c.nic.eth0", VXLAN)];
  const { asked, discover } = answering([{ hops: IN }, { hops: onward, unseen: ["node-c"] }]);
  const path = await discoverByDoor(CLIENT, WEB, discover);
  t.match(asked, [
    [{ pod: "shop/client" }, { kind: "node", node: "node-b", ip: "172.16.0.2", port: 30_080 }],
    [
      { kind: "node", node: "node-b" },
      { pod: "shop/web", door: undefined },
    ],
  ]);
  t.strictSame(
    path.hops.map(({ index, id }) => `${String(index)} ${id}`),
    [
      ...["0 node-a.pod.eth0", "1 node-a.nic.eth0", "2 node-b.nic.eth0", "3 node-b.tunnel.vxlan0"],
      ...["4 node-b.nic.eth0.onward", "5 node-c.nic.eth0"],
    ],
    "one NIC is two places where the packets wear another header as they leave",
  );
  t.strictSame(
    path.from.addresses.map(({ ip }) => ip),
    ["10.0.1.2", "172.16.0.1", "172.16.0.2"],
  );
  t.match(path, { to: { door: { node: "node-b" } }, replyHops: null, unseen: ["node-c"], notes: ["a note"] });
});

t.test(
  "without a tunnel one capture of the NIC shows both; answers that come another way have hops of their own",
  async (t) => {
    if (!isByOtherNode(CLIENT, WEB)) return;
    const onward = [hop("node-b.nic.eth0"), hop("node-c.nic.eth0")];
    const unentered = [{ end: "to", node: "node-c", pod: null, address: null, why: "down" }] as const;
    const back = [hop("node-c.nic.eth1"), hop("node-b.nic.eth0")];
    const { discover } = answering([{ hops: IN }, { hops: onward, replyHops: back, unentered }]);
    const path = await discoverByDoor(CLIENT, WEB, discover);
    const ids = (hops: readonly Hop[] | null): readonly string[] => (hops ?? []).map(({ id }) => id);
    t.strictSame(ids(path.hops).slice(2), ["node-b.nic.eth0", "node-c.nic.eth0"]);
    t.strictSame(ids(path.replyHops), [
      ...["node-c.nic.eth1", "node-b.nic.eth0", "node-a.nic.eth0", "node-a.pod.eth0"],
    ]);
    t.match(path.unentered, unentered);
  },
);

t.test("a backend in the network of the door's node is there already", async (t) => {
  const host = { ...WEB, node: "node-b", hostNetwork: true };
  if (!isByOtherNode(CLIENT, host)) return;
  const { asked, discover } = answering([{ hops: IN }]);
  const path = await discoverByDoor(CLIENT, host, discover);
  t.equal(asked.length, 1);
  t.match(path, { to: { pod: "shop/web", hostNetwork: true }, hops: { length: 3 } });
});
