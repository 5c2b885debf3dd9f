import { planCaptures, type NodeCapturePlan } from "../../lib/capture/plan.js";
import type { End } from "../../lib/model/cluster.js";
import type { Flow, Hop } from "../../lib/model/hops.js";

const loop: End = {
  ...{ kind: "node", text: "lo", pod: null, node: "one", ip: "127.0.0.1", port: null },
  addresses: [{ ip: "127.0.0.1", port: null }],
  ...{ netns: { kind: "host" }, hostNetwork: true, cniHostInterfaces: [] },
};

/** Pings over loopback of a namespace, seen by one hop on each of the named nodes. */
export function planLoop(
  netns: string,
  hops: readonly (readonly [node: string, device: string])[],
  run: { runId: string; workDir: string; leaseSeconds: number },
): readonly NodeCapturePlan[] {
  const list = hops.map(([node, device], index): Hop => ({
    ...{
      index,
      id: `${node}.pod.${device}`,
      node,
      role: "pod",
      interface: device,
      mtuBytes: null,
      evidence: [],
    },
    ...{ netns: { kind: "path", path: `/run/netns/${netns}` }, encapsulation: { kind: "none" } },
  }));
  const path = {
    from: loop,
    to: loop,
    recipe: "r",
    hops: list,
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [],
  };
  const flow: Flow = { id: "f0", protocol: "icmp", probe: null, path };
  return planCaptures([flow], {
    ...run,
    maxSeconds: 60,
    maxBytes: 2 ** 20,
    minFreeBytes: 2 ** 20,
    sshConnections: {},
  });
}
