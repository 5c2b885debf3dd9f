import t, { type Test } from "tap";
import { execInPod, setFault } from "../../lib/lab/index.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { Bench } from "./bench.js";
import { audited, openHostPort, placesOf, trace } from "./doors.js";

/** Services and pods by a NodePort, a load balancer's address, an external IP and a host port, by the nodes' own tables. */

const bench = await Bench.open("doors");
t.teardown(() => bench.close());
const [NODE_A, NODE_B] = ["10.77.0.11", "10.77.0.12"];

async function expectHealthy(
  t: Test,
  { from, to, hops }: { from: string; to: string; hops: string },
): Promise<void> {
  const { flow } = await trace(bench, from, to);
  t.equal(flow.verdict.status, "delivered", to);
  t.equal(placesOf(flow), hops, to);
  for (const hop of flow.hops)
    t.ok(hop.request.packets >= 8, `${to}: seen at the ${hop.role} of ${hop.node}`);
  const { status, statements } = await audited(bench, from, to);
  t.equal(
    status,
    "clean",
    statements
      .filter(({ severity }) => severity !== "fine")
      .map(({ what }) => what)
      .join(),
  );
}

const TUNNELED = "a pod, a host-veth, a tunnel, a nic, b nic, b tunnel, b host-veth, b pod";

t.test("a NodePort of the own node, of the backend's, and of one that sends it back", async (t) => {
  const client = "shop/client";
  await expectHealthy(t, { from: client, to: `${NODE_A}:30080`, hops: TUNNELED });
  const direct = "a pod, a host-veth, a nic, b nic, b host-veth, b pod";
  await expectHealthy(t, { from: client, to: "node/node-b:30080", hops: direct });
  const back = "b pod, b host-veth, b nic, a nic, a tunnel, a nic, b nic, b tunnel, b host-veth, b pod";
  await expectHealthy(t, { from: "shop/dns", to: `${NODE_A}:30080`, hops: back });
});

t.test("a load balancer's address and an external IP", async (t) => {
  await expectHealthy(t, { from: "shop/client", to: "198.51.100.10:80", hops: TUNNELED });
  t.equal((await audited(bench, "shop/client", "198.51.100.20:80")).status, "clean");
});

t.test("a policy's drop behind the door's node is found", async (t) => {
  await setFault({ name: bench.name, fault: "forward-drop-b", on: true });
  t.teardown(() => setFault({ name: bench.name, fault: "forward-drop-b", on: false }));
  const { flow } = await trace(bench, "shop/client", `${NODE_B}:30080`);
  t.match(flow.verdict, { status: "lost", lastSeen: { node: "node-b", role: "nic" } });
  t.match(flow.verdict.cause, { code: "netfilter-drop", summary: /NetworkPolicy shop\/deny-web ingress/ });
  t.equal((await audited(bench, "shop/client", `${NODE_B}:30080`)).status, "fault");
});

t.test("a traffic policy of Local where the node has no backend: on purpose, and no loss", async (t) => {
  const { flow, stderr } = await trace(bench, "shop/dns", `${NODE_A}:30081`);
  t.match(
    stderr,
    /takes nothing from elsewhere on node-a.*dropped on purpose, and is no loss of the network/,
  );
  t.match(flow.verdict, { status: "unanswered", cause: { code: "no-local-endpoint" } });
  t.match(flow.verdict.next?.join("\n"), /Nothing is broken on the way/);
  const { statements } = await audited(bench, "shop/dns", `${NODE_A}:30081`);
  t.match(statements[0]?.what, /dropped by a rule of KUBE-EXTERNAL-SERVICES \("shop\/edge:http has no local/);
  t.equal(
    (await audited(bench, "shop/client", `${NODE_A}:30081`)).status,
    "clean",
    "its own pods are led to any backend",
  );
});

t.test("session affinity: who has a backend already is followed to it", async (t) => {
  const url = "http://10.96.0.22/";
  const first = await execInPod(bench.lab, "shop/client", ["curl", "-s", "-m", "3", url]);
  const toWeb = first.stdout.includes("web of shop");
  const { flow, stderr } = await trace(bench, "shop/client", "10.96.0.22:80");
  t.match(
    stderr,
    new RegExp(`this one is kept to 192\\.168\\.218\\.${toWeb ? "65" : "66"}, which is followed`),
  );
  t.match(flow, {
    verdict: { status: "delivered" },
    to: { ip: "10.96.0.22", pod: toWeb ? "shop/web" : "shop/dns" },
  });
});

t.test("a host port, and the way in from outside the cluster", async (t) => {
  await openHostPort(bench);
  const { flow, stderr } = await trace(bench, "shop/client", `${NODE_B}:8088`);
  t.match(stderr, /is a host port, translated on node-b to 192\.168\.218\.65:8080/);
  t.match(flow, { verdict: { status: "delivered" }, to: { pod: "shop/web" } });
  const asked = [
    "hops",
    "203.0.113.10",
    "--to",
    `${NODE_A}:30080`,
    "--cluster",
    bench.lab.files.profile,
    "--yes",
  ];
  const { stdout } = await bench.hopbook(...asked, "--output", "json");
  t.strictSame(
    (JSON.parse(stdout) as FlowPath).hops.map(({ node, role }) => `${node} ${role}`),
    [
      ...["node-a nic", "node-a tunnel", "node-a nic", "node-b nic", "node-b tunnel"],
      ...["node-b host-veth", "node-b pod"],
    ],
  );
});
