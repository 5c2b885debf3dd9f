import t from "tap";
import type { End } from "../../lib/model/cluster.js";
import { discover, podIp, podName } from "./clusters.js";
import { podEnd } from "./machine.js";
import { cali, calico, vxlanCalico } from "./wirings.js";

/** Ends that are not two pods of two nodes. */

const wire = (n: number): ReturnType<typeof calico> => calico(n, vxlanCalico(n));
const CLUSTER_IP = { ip: "10.96.0.20", port: 80 };

/** The pod of node 1 as the one that is behind a Service. */
function serviceOf(pod: End): End {
  const addresses = [CLUSTER_IP, { ip: pod.ip, port: 8080 }];
  return { ...pod, ...CLUSTER_IP, kind: "service", text: "10.96.0.20:80", addresses };
}

t.test("a pod reaches itself by its Service by way of its host side, where both ways pass", async (t) => {
  const self = podEnd(podName(1), "node-1", podIp(1));
  const path = await discover(wire, { to: serviceOf(self) });
  t.strictSame(
    path.hops.map(({ role, interface: name, index }) => `${index} ${role} ${name}`),
    ["0 pod eth0", `1 host-veth ${cali(1)}`],
  );
  t.equal(path.replyHops, null);
  t.strictSame(path.notes, []);
});

t.test("by its own name there is no way to oneself", async (t) => {
  const self = podEnd(podName(1), "node-1", podIp(1));
  await t.rejects(discover(wire, { to: self }), { code: "INPUT_INVALID", message: /both are the same/ });
});

t.test("a backend that is the pod itself, past the Service's address, is no way either", async (t) => {
  const self = podEnd(podName(1), "node-1", podIp(1));
  const to = { ...serviceOf(self), ip: self.ip, port: 8080, otherBackends: 1 };
  await t.rejects(discover(wire, { to }), { code: "INPUT_INVALID", hint: /another backend with --backend/ });
});

t.test("a pod in the network of the other node, and of its own, is that node", async (t) => {
  const host = (node: string, ip: string): End => ({
    ...podEnd("agent", node, ip),
    ...{ hostNetwork: true, netns: { kind: "host" } },
  });
  const far = await discover(wire, { to: host("node-2", "10.0.0.2") });
  t.strictSame(
    far.hops.map(({ node, role }) => `${node} ${role}`),
    ["node-1 pod", "node-1 host-veth", "node-1 nic", "node-2 nic"],
  );
  const near = await discover(wire, { to: host("node-1", "10.0.0.1") });
  t.strictSame(
    near.hops.map(({ node, role }) => `${node} ${role}`),
    ["node-1 pod", "node-1 host-veth"],
  );
});
