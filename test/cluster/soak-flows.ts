import type { End } from "../../lib/model/cluster.js";
import type { Flow, Hop } from "../../lib/model/hops.js";

const ANY: End = {
  ...{ kind: "ip", text: "192.0.2.1", pod: null, node: null, ip: "192.0.2.1", port: null },
  addresses: [{ ip: "192.0.2.1", port: null }],
  ...{ netns: null, hostNetwork: false, cniHostInterfaces: [] },
};

/** A capture on the NIC of each node, of packets that nobody sends. */
export function flowsOn(nodes: readonly string[]): readonly Flow[] {
  const hops = nodes.map((node, index): Hop => ({
    ...{ index, id: `${node}.nic.eth0`, node, role: "nic", interface: "eth0", mtuBytes: null, evidence: [] },
    ...{ netns: { kind: "host" }, encapsulation: { kind: "none" } },
  }));
  const path = {
    from: ANY,
    to: ANY,
    recipe: "soak",
    hops,
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [],
  };
  return [{ id: "f0", protocol: "icmp", probe: null, path }];
}
