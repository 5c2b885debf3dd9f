import t, { type Test } from "tap";
import { execInPod, setFault } from "../../lib/lab/index.js";
import { Bench } from "./bench.js";
import { audited, openHostPort, trace } from "./doors.js";
import { must } from "./slow.js";

/** What is sent to another address than the pod's own is dropped at a known place: that place and its cause are told. */

const bench = await Bench.open("doors-faults");
t.teardown(() => bench.close());
const [NODE_A, NODE_B] = ["10.77.0.11", "10.77.0.12"];

interface Wanted {
  readonly direction?: "request" | "reply";
  /** `node role` of where it was seen last, and of where it was missed first. */
  readonly last: string;
  readonly missing: string;
  readonly code: string;
  readonly cause?: RegExp;
}

async function expectLost(t: Test, from: string, to: string, wanted: Wanted): Promise<void> {
  const { flow, stderr } = await trace(bench, from, to);
  const { verdict } = flow;
  t.equal(verdict.status, "lost", stderr);
  t.equal(verdict.direction, wanted.direction ?? "request");
  const [lastSeen, firstMissing] = [verdict.lastSeen, verdict.firstMissing].map((hop) =>
    hop === null ? null : `${hop.node.slice(-1)} ${hop.role}`,
  );
  t.strictSame({ lastSeen, firstMissing }, { lastSeen: wanted.last, firstMissing: wanted.missing });
  t.equal(verdict.cause?.code, wanted.code, verdict.caveats.join("\n"));
  const advice = (flow.findings ?? []).flatMap(({ next }) => next).join("\n");
  t.notMatch(advice, /seldom meant/, "a door's node puts its own address in the client's place on purpose");
  if (wanted.cause !== undefined)
    t.match([verdict.cause?.summary, ...(verdict.cause?.evidence ?? [])].join("\n"), wanted.cause);
}

async function withFault(t: Test, fault: string): Promise<void> {
  await setFault({ name: bench.name, fault, on: true });
  t.teardown(() => setFault({ name: bench.name, fault, on: false }));
}

/** A rule at the top of FORWARD that is there as long as the test. */
async function withDrop(t: Test, node: string, match: readonly string[]): Promise<void> {
  const rule = ["FORWARD", ...match, "-m", "comment", "--comment", "site: not this way", "-j", "DROP"];
  await must(bench.lab, node, ["iptables", "-w", "5", "-I", ...rule]);
  t.teardown(() => must(bench.lab, node, ["iptables", "-w", "5", "-D", ...rule]));
}

t.test(
  "a load balancer's address: dropped where the backend's node takes the tunnel's packets",
  async (t) => {
    await withFault(t, "tunnel-input-drop-b");
    await expectLost(t, "shop/client", "198.51.100.10:80", {
      ...{ last: "b nic", missing: "b tunnel", code: "netfilter-drop", cause: /host-firewall: default deny/ },
    });
  },
);

t.test("an external IP: the sender's tunnel does not know the backend's node", async (t) => {
  await withFault(t, "fdb-missing");
  await expectLost(t, "shop/client", "198.51.100.20:80", {
    ...{ last: "a tunnel", missing: "a nic", code: "fdb-entry-missing" },
  });
});

t.test("a NodePort whose node sends it back: dropped on that node in the middle", async (t) => {
  await withDrop(t, "node-a", ["-i", "eth0", "-o", "vxlan.calico"]);
  await expectLost(t, "shop/dns", `${NODE_A}:30080`, {
    ...{ last: "a nic", missing: "a tunnel", code: "netfilter-drop", cause: /site: not this way/ },
  });
});

t.test("a NodePort: what comes back ends on the node that translated", async (t) => {
  await withDrop(t, "node-a", ["-i", "vxlan.calico", "-p", "tcp", "--sport", "8080"]);
  await expectLost(t, "shop/client", `${NODE_A}:30080`, {
    ...{ direction: "reply", last: "a tunnel", missing: "a host-veth" },
    ...{ code: "netfilter-drop", cause: /site: not this way/ },
  });
});

t.test("a host port: asked and answered, the answer is dropped on the pod's own node", async (t) => {
  await openHostPort(bench);
  await withDrop(t, "node-b", ["-s", "192.168.218.65", "-p", "tcp", "--sport", "8080"]);
  await expectLost(t, "shop/client", `${NODE_B}:8088`, {
    ...{ direction: "reply", last: "b host-veth", missing: "b nic" },
    ...{ code: "netfilter-drop", cause: /site: not this way/ },
  });
});

t.test("session affinity: the one backend that the sender is kept to is out of reach", async (t) => {
  const url = "http://10.96.0.22/";
  await execInPod(bench.lab, "shop/client", ["curl", "-s", "-m", "3", url]);
  await withFault(t, "route-blackhole-a");
  await expectLost(t, "shop/client", "10.96.0.22:80", {
    ...{ last: "a host-veth", missing: "a tunnel", code: "route-blackhole" },
  });
  const { statements } = await audited(bench, "shop/client", "10.96.0.22:80");
  t.match(
    statements.filter(({ severity }) => severity === "fault").map(({ what }) => what),
    [/blackhole/],
  );
});
