import t, { type Test } from "tap";
import { setFault } from "../../lib/lab/index.js";
import { Bench } from "./bench.js";
import { trace } from "./doors.js";
import { must } from "./slow.js";

/** Between the nodes packets are encrypted: where they are lost is told by sizes and times, and said to be told so. */

const bench = await Bench.open("sealed", "flannel-wireguard");
t.teardown(() => bench.close());

interface Wanted {
  readonly where: string;
  readonly cause: string | null;
}

async function expectLost(t: Test, { where, cause }: Wanted): Promise<void> {
  const { flow, stderr } = await trace(bench, "shop/client", "shop/web:8080");
  const { verdict } = flow;
  const [last, missing] = [verdict.lastSeen, verdict.firstMissing].map((hop) =>
    hop === null ? "-" : `${hop.node} ${hop.role}`,
  );
  t.equal(`${verdict.status} ${String(last)} > ${String(missing)}`, `lost ${where}`, stderr);
  t.equal(verdict.cause?.code ?? null, cause);
  t.equal(verdict.confidence, "medium");
  t.match(verdict.grounds?.against, [/^Between the nodes packets are encrypted: by sizes and times only/]);
}

t.test("healthy", async (t) => {
  const { flow } = await trace(bench, "shop/client", "shop/web:8080");
  t.match(flow.verdict, { status: "delivered", confidence: "high" });
});

t.test("lost before they leave the sender's node", async (t) => {
  const rule = [
    "OUTPUT",
    "-p",
    "udp",
    "--dport",
    "51820",
    "-m",
    "comment",
    "--comment",
    "no VPNs",
    "-j",
    "DROP",
  ];
  await must(bench.lab, "node-a", ["iptables", "-w", "5", "-I", ...rule]);
  t.teardown(() => must(bench.lab, "node-a", ["iptables", "-w", "5", "-D", ...rule]));
  await expectLost(t, { where: "node-a tunnel > node-a nic", cause: "netfilter-drop" });
});

t.test("lost between the nodes, and on the receiver's node in front of the tunnel", async (t) => {
  for (const [fault, where, cause] of [
    ["underlay-cut", "node-a nic > node-b nic", null],
    ["tunnel-input-drop-b", "node-b nic > node-b tunnel", "netfilter-drop"],
  ] as const) {
    await setFault({ name: bench.name, fault, on: true });
    await expectLost(t, { where, cause });
    await setFault({ name: bench.name, fault, on: false });
  }
});
