import t from "tap";
import type { Audit, AuditStatement } from "../../../lib/model/audit/audit.js";
import type { FlowFinding, Verdict } from "../../../lib/model/findings.js";
import { judgePolicies } from "../../../lib/steps/policy/judge-policies.js";
import { policyJudge } from "../../../lib/steps/policy/policy-judge.js";
import { buildFlow } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

const LOST: Partial<Verdict> = {
  ...{ status: "lost", direction: "request", lost: { packets: 3, of: 3, share: 1 } },
  lastSeen: { node: "node-b", role: "tunnel", interface: "vxlan.calico" },
  firstMissing: { node: "node-b", role: "host-veth", interface: "cali1" },
};

function way(ip: string, verdict: Partial<Verdict> = {}, more: Partial<FlowFinding> = {}): FlowFinding {
  const to = { pod: `shop/web-${ip.at(-1) ?? ""}`, node: "node-b", ip, port: 8080 };
  return buildFlow({ counts: [], protocol: "tcp", verdict, more: { to, ...more } });
}

function audit(ip: string, ...statements: readonly Partial<AuditStatement>[]): Audit {
  const end = { text: "", node: null };
  return {
    ...{ apiVersion: "hopbook.dev/v1", kind: "Audit", protocol: "tcp", port: 8080, status: "fault" },
    ...{ from: { ...end, ip: "192.168.174.129" }, to: { ...end, ip } },
    statements: statements.map((statement) => ({
      ...{ check: "rules", severity: "fault", direction: "request", what: "it is dropped by a rule of deny" },
      ...{ place: { node: "node-b", pod: null, device: null }, evidence: [], next: "look" },
      ...statement,
    })),
  };
}

t.test("what was tried is held against what was read", (t) => {
  const cases: readonly [string, FlowFinding, readonly Audit[], string, RegExp][] = [
    [
      "it gets through",
      way("10.1.1.7"),
      [audit("10.1.1.7", { severity: "fine" })],
      "ok",
      /^1 of 1 way gets through; .*8080 gets through$/,
    ],
    [
      "a rule drops it",
      way("10.1.1.7", LOST),
      [audit("10.1.1.8", {}), audit("10.1.1.7", { check: "links" }, {})],
      "denied",
      /^0 of 1 way gets through, 1 ends at a rule; shop\/client → shop\/web-7:8080 is lost between node-b vxlan\.calico and node-b cali1 \(read on node-b: it is dropped by a rule of deny\)$/,
    ],
    [
      "its answer is dropped in a pod",
      way("10.1.1.7", { ...LOST, direction: "reply" }),
      [audit("10.1.1.7", { place: { node: "node-b", pod: "shop/web-7", device: null } })],
      "denied",
      /on the way back \(read on shop\/web-7: /,
    ],
    [
      "it arrives and a rule within the pod takes it",
      way("10.1.1.7", { status: "unanswered" }),
      [audit("10.1.1.7", {})],
      "denied",
      /is unanswered \(read on/,
    ],
    [
      "a rule may drop it, and it is lost",
      way("10.1.1.7", LOST),
      [
        audit(
          "10.1.1.7",
          { severity: "doubt", next: null },
          { severity: "doubt", what: "would be dropped if x" },
        ),
      ],
      "denied",
      /would be dropped if x/,
    ],
    [
      "a rule may drop it, and it is refused",
      way("10.1.1.7", { status: "rejected", rejectedBy: { ip: "10.1.1.7", node: "node-b", how: "TCP RST" } }),
      [audit("10.1.1.7", { severity: "doubt" })],
      "other",
      /1 ends elsewhere; .* is rejected by 10\.1\.1\.7 \(TCP RST\)/,
    ],
    [
      "it is lost before it comes to the rule",
      way("10.1.1.7", {
        ...LOST,
        lastSeen: { node: "node-a", role: "nic", interface: "eth0" },
        firstMissing: { node: "node-c", role: "nic", interface: "eth0" },
      }),
      [audit("10.1.1.7", {})],
      "other",
      /lost between node-a eth0 and node-c eth0/,
    ],
    [
      "nothing was read",
      way("10.1.1.7", { status: "rejected", rejectedBy: { ip: "10.1.1.9", node: null, how: "ICMP" } }),
      [],
      "other",
      /by 10\.1\.1\.9 \(ICMP\)$/,
    ],
    [
      "it gets through a rule that says no",
      way("10.1.1.7"),
      [audit("10.1.1.7", {})],
      "read-otherwise",
      /1 gets through a rule that says no/,
    ],
    [
      "nothing was seen",
      way("10.1.1.7", { status: "inconclusive" }),
      [],
      "not-known",
      /is not known: nothing was seen of it/,
    ],
    [
      "too little was seen",
      way("10.1.1.7", { status: "inconclusive", caveats: ["cut"] }),
      [],
      "not-known",
      /is not known: cut/,
    ],
  ];
  for (const [name, flow, audits, code, says] of cases) {
    const verdict = judgePolicies([flow], audits);
    t.equal(verdict.code, code, name);
    t.match(verdict.summary, says, name);
  }
  t.end();
});

t.test("only what does not get through is told of, the gravest by the code", (t) => {
  const node = { pod: null, node: "node-b", ip: "192.0.2.2", port: null };
  const outside = { ...node, node: null, port: 443 };
  const bare = { ...node, pod: "shop/web" };
  const flows = [
    way("10.1.1.7"),
    way("10.1.1.8", LOST),
    ...[node, outside, bare].map((to) => way("", { status: "unanswered" }, { to })),
    way("10.1.1.9", LOST, { probe: null }),
  ];
  const { code, summary, pairs } = judgePolicies(flows, [audit("10.1.1.8", {})]);
  t.equal(code, "denied");
  t.equal(pairs.length, 5);
  t.match(summary, /^1 of 5 ways get through, 1 ends at a rule, 3 end elsewhere; /);
  t.notMatch(summary, /web-7/);
  t.match(summary, /→ node\/node-b is.*→ 192\.0\.2\.2:443 is.*→ shop\/web is/);
  t.match(judgePolicies([], []), { code: "not-known", summary: "nothing was sent" });
  t.end();
});

t.test("the step writes its verdict down and notes it", async (t) => {
  for (const [flow, level] of [
    [way("10.1.1.7"), "info"],
    [way("10.1.1.7", LOST), "warn"],
  ] as const) {
    const fake = fakeContext([], { followFlows: () => Promise.resolve([flow]) });
    await policyJudge.run?.({ audits: [] }, fake.context, { commands: [], outputs: {} as never, notes: [] });
    t.match(fake.files.get("evidence/policy-ways/step.json"), { pairs: [{}] });
    t.match(fake.notes.join("\n"), new RegExp(`^${level}: `));
  }
});
