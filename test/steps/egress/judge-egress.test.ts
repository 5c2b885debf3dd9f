import t from "tap";
import type { FlowFinding, RewriteFinding, Verdict } from "../../../lib/model/findings.js";
import { egressJudge } from "../../../lib/steps/egress/egress-judge.js";
import { judgeEgress } from "../../../lib/steps/egress/judge-egress.js";
import { buildFlow, FOUR } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

const NIC = { node: "node-a", role: "nic", interface: "eth0" } as const;
const VETH = { node: "node-a", role: "host-veth", interface: "cali1" } as const;
const TO = { pod: null, node: null, ip: "203.0.113.10", port: 443 };
const MASQUERADE: RewriteFinding = {
  ...{ direction: "request", before: VETH, after: NIC, connections: 4 },
  source: { was: "192.168.174.129", is: "10.77.0.11" },
  destination: { was: "203.0.113.10:443", is: "203.0.113.10:443" },
};

/** The last count is that of the NIC. */
function flow(
  verdict: Partial<Verdict>,
  nic: readonly [number, number],
  more: Partial<FlowFinding> = {},
): FlowFinding {
  const path = [FOUR[0]!, FOUR[1]!, ["node-a", "nic", "eth0"] as const];
  const counts = [[4, 4], [4, 4], nic] as const;
  return buildFlow({
    path,
    counts,
    protocol: "tcp",
    verdict,
    more: { to: TO, rewrites: [MASQUERADE], ...more },
  });
}
const OK = { protocol: "tcp", outcome: "connected", kind: "ok", count: 4 } as const;

const STRAY = { code: "no-service", summary: "10.96.0.77 belongs to no Service", evidence: [] } as const;

t.test("by which device and as whom it left, and what came back", (t) => {
  const lost = { status: "lost", lastSeen: VETH, firstMissing: NIC } as const;
  const cases: readonly [string, FlowFinding, string, RegExp][] = [
    [
      "answered",
      flow({}, [4, 4], { exchanges: [{ ...OK, tookMs: { least: 1, median: 2.04, most: 3 } }] }),
      "ok",
      /^shop\/client → 203\.0\.113\.10:443 \(http\) left by node-a eth0 as 10\.77\.0\.11 and was answered within 2\.0 ms$/,
    ],
    [
      "answered, and not timed",
      flow({}, [4, 4], { exchanges: [{ ...OK, tookMs: null }] }),
      "ok",
      /was answered$/,
    ],
    [
      "not translated",
      flow({ status: "unanswered" }, [4, 0], { rewrites: [] }),
      "no-answer",
      /with its own address 192\.168\.174\.129, and nothing came back: nothing put a node's address/,
    ],
    [
      "a node's own",
      flow({ status: "unanswered" }, [4, 0], {
        rewrites: [{ ...MASQUERADE, direction: "reply" }],
        from: { pod: null, node: "node-a", ip: "10.77.0.11", port: null },
      }),
      "no-answer",
      /^node-a → .* with its own address 10\.77\.0\.11, and nothing came back$/,
    ],
    [
      "silent",
      flow({ status: "unanswered" }, [4, 0]),
      "no-answer",
      /as 10\.77\.0\.11, and nothing came back$/,
    ],
    [
      "its answers end at the node",
      flow({ status: "unanswered" }, [4, 3]),
      "reply-lost",
      /came back there got no further$/,
    ],
    [
      "its answers are lost",
      flow({ ...lost, direction: "reply" }, [4, 4]),
      "reply-lost",
      /came back was lost between/,
    ],
    [
      "lost in the node",
      flow({ ...lost, direction: "request" }, [0, 0]),
      "not-left",
      /did not leave: lost between node-a cali1 and node-a eth0$/,
    ],
    [
      "lost, nobody saw where",
      flow({ status: "lost", direction: "request" }, [0, 0]),
      "not-left",
      /did not leave: lost$/,
    ],
    [
      "refused outside",
      flow({ status: "rejected", rejectedBy: { ip: "203.0.113.10", node: null, how: "TCP RST" } }, [4, 4]),
      "refused",
      /left by node-a eth0 as 10\.77\.0\.11 and was refused by 203\.0\.113\.10 \(TCP RST\)$/,
    ],
    ["refused inside", flow({ status: "rejected" }, [0, 0]), "refused", /did not leave, and was refused$/],
    [
      "no Service's",
      flow({ status: "unanswered", cause: STRAY }, [4, 0]),
      "no-service",
      /is an address of Services that no Service has: its packets left by node-a eth0 as .*, where nobody answers to it$/,
    ],
    [
      "no Service's, dropped",
      flow({ status: "lost", cause: STRAY }, [0, 0]),
      "no-service",
      /that no Service has: its packets go nowhere$/,
    ],
    [
      "unknown",
      flow({ status: "inconclusive", caveats: ["cut"] }, [0, 0]),
      "not-known",
      /is not known: cut$/,
    ],
    [
      "unseen",
      flow({ status: "inconclusive" }, [0, 0]),
      "not-known",
      /is not known: nothing was seen of it$/,
    ],
    ["a pod", flow({}, [4, 4], { to: { ...TO, pod: "shop/web" } }), "not-known", /is in the cluster/],
    ["a node", flow({}, [4, 4], { to: { ...TO, node: "node-b" } }), "not-known", /is in the cluster/],
  ];
  for (const [name, one, code, says] of cases) {
    const verdict = judgeEgress([one]);
    t.equal(verdict.code, code, name);
    t.match(verdict.summary, says, name);
  }
  t.end();
});

t.test("the gravest of several is the verdict; what was only watched is none", (t) => {
  const bare = flow({}, [4, 4], { from: { pod: null, node: null, ip: "10.0.0.1", port: null } });
  t.match(judgeEgress([bare, flow({ status: "unanswered" }, [4, 0])]), {
    code: "no-answer",
    summary: /^10\.0\.0\.1 → /,
  });
  t.match(judgeEgress([flow({}, [4, 4], { probe: null })]), {
    code: "not-known",
    summary: "nothing was sent",
  });
  t.match(judgeEgress([flow({}, [4, 4], { hops: [] })]).ways, [{ leftBy: null, leftAs: null }]);
  t.end();
});

t.test("the step writes its verdict down and notes it", async (t) => {
  for (const [one, level] of [
    [flow({}, [4, 4]), "info"],
    [flow({ status: "unanswered" }, [4, 0]), "warn"],
  ] as const) {
    const fake = fakeContext([], { followFlows: () => Promise.resolve([one]) });
    await egressJudge.run?.({}, fake.context, { commands: [], outputs: {} as never, notes: [] });
    t.match(fake.files.get("evidence/egress/step.json"), {
      ways: [{ leftBy: "node-a eth0", leftAs: "10.77.0.11" }],
    });
    t.match(fake.notes.join("\n"), new RegExp(`^${level}: `));
  }
});
