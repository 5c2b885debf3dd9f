import { join } from "node:path";
import t from "tap";
import { analyzePcaps, analyzeRun, type KnownBeside } from "../../lib/analysis/index.js";
import type { FlowAudit } from "../../lib/model/findings.js";

/** What is known beside captures: where they were made, what nodes printed, and what that says by itself. */

const RUN = join(import.meta.dirname, "../../docs/example-runs/policy-drop");
const FILES = ["tunnel.vxlan.calico", "host-veth.cali551b05c3e54"].map((hop) =>
  join(RUN, `captures/node-b/node-b.${hop}.pcap`),
);
const RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[9:9] -A FORWARD -o cali551b05c3e54 -j DROP
COMMIT
`;
const AUDIT: FlowAudit = { status: "clean", statements: [] };

const known: KnownBeside = {
  places: [
    { node: "node-b", role: "tunnel", interface: "vxlan.calico", mtuBytes: 1450 },
    { node: "node-b", role: "host-veth", interface: "cali551b05c3e54", mtuBytes: 1450 },
  ],
  state: [
    {
      ...{ node: "node-b", netns: "host", kind: "iptables", phase: "after", exitCode: 0, stderr: "" },
      ...{ argv: ["rules.txt"], file: "rules.txt" },
    },
  ],
  readText: () => RULES,
  namings: [],
  complete: (flow) => ({ ...flow, from: { ...flow.from, node: "node-a", pod: "shop/client" } }),
  audit: ({ protocol }) => (protocol === "tcp" ? AUDIT : null),
};

t.test("captures with what is known of their nodes: places, ends, the rule, the audit", async (t) => {
  const { flows } = await analyzePcaps(FILES, { known });
  t.ok(flows.length > 1);
  for (const { from, protocol, verdict, audit } of flows) {
    t.match(from, { node: "node-a", pod: "shop/client" });
    t.match(verdict, {
      status: "lost",
      lastSeen: { node: "node-b", role: "tunnel", interface: "vxlan.calico" },
      firstMissing: { node: "node-b", role: "host-veth" },
      cause: { code: "netfilter-drop" },
    });
    t.strictSame(audit, protocol === "tcp" ? AUDIT : undefined);
  }
  t.ok((await analyzePcaps(FILES)).flows.every(({ verdict }) => verdict.cause === null));
});

t.test("a run's probes with what the state says of them", async (t) => {
  const { flows } = await analyzeRun(RUN, { audit: ({ protocol }) => (protocol === "tcp" ? AUDIT : null) });
  t.strictSame(
    flows.map(({ protocol, audit }) => [protocol, audit?.status]),
    [
      ["tcp", "clean"],
      ["icmp", undefined],
    ],
  );
});
