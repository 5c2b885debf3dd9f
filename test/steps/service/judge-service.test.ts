import t from "tap";
import type { FlowFinding, Verdict } from "../../../lib/model/findings.js";
import { judgeService, type ServiceFacts } from "../../../lib/steps/service/judge-service.js";
import { serviceJudge } from "../../../lib/steps/service/service-judge.js";
import { buildFlow } from "../../report/samples.js";
import { fakeContext } from "../samples.js";

const SERVICE: ServiceFacts = {
  ...{ name: "shop/web", clusterIp: "10.96.0.20:80", endpoints: ["10.1.1.7:8080", "10.1.1.8:8080"] },
  ...{ notReady: [], untried: false },
};
const LOST: Partial<Verdict> = {
  ...{ status: "lost", direction: "request", lost: { packets: 8, of: 8, share: 1 } },
  lastSeen: { node: "node-b", role: "tunnel", interface: "vxlan.calico" },
  firstMissing: { node: "node-b", role: "host-veth", interface: "cali1" },
};
const REFUSED: Partial<Verdict> = {
  status: "rejected",
  rejectedBy: { ip: "10.1.1.7", node: "node-b", how: "TCP RST" },
};

function flow(ip: string, verdict: Partial<Verdict> = {}, more: Partial<FlowFinding> = {}): FlowFinding {
  const port = ip.startsWith("10.96.") ? 80 : 8080;
  const to = { pod: port === 80 ? null : `shop/web-${ip.at(-1) ?? ""}`, node: "node-b", ip, port };
  return buildFlow({ counts: [], protocol: "tcp", verdict, more: { to, ...more } });
}
const EXCHANGE = { protocol: "tcp", outcome: "", kind: "error", count: 1, tookMs: null } as const;
const [A, B, OWN] = ["10.1.1.7", "10.1.1.8", "10.96.0.20"] as const;

t.test("which of Service, endpoint and network is at fault", (t) => {
  const cases: readonly [string, readonly FlowFinding[], string, RegExp][] = [
    [
      "well",
      [flow(OWN), flow(A), flow(B)],
      "ok",
      /^10\.96\.0\.20:80 answers, and 2 of 2 endpoints of shop\/web/,
    ],
    [
      "one is lost on the way",
      [flow(OWN, { status: "unanswered" }), flow(A), flow(B, LOST)],
      "lost",
      /^1 of 2 endpoints .*; shop\/web-8 10\.1\.1\.8:8080 loses 8 of 8 packets between node-b vxlan\.calico and node-b cali1; shop\/web-7 .* answers$/,
    ],
    [
      "a reply is lost",
      [flow(A), flow(B, { ...LOST, direction: "reply" })],
      "lost",
      /and node-b cali1 on the way back/,
    ],
    [
      "one refuses",
      [flow(OWN), flow(A, REFUSED), flow(B)],
      "refused",
      /^1 of 2 .*shop\/web-7 10\.1\.1\.7:8080 is refused by 10\.1\.1\.7 \(TCP RST\); [^;]*$/,
    ],
    [
      "all refuse: the port",
      [flow(OWN, REFUSED), flow(A, REFUSED), flow(B, { status: "rejected" })],
      "refused",
      /; each refuses port 8080: the Service's targetPort/,
    ],
    [
      "one is silent",
      [flow(A), flow(B, { status: "unanswered" })],
      "silent",
      /says nothing: the requests passed/,
    ],
    [
      "the worst of several is told first",
      [flow(A, { status: "unanswered" }), flow(B, LOST)],
      "lost",
      /^2 of 2 endpoints/,
    ],
    [
      "of two probes to one endpoint the worse one counts",
      [flow(A), flow(A, REFUSED), flow(A), flow(B)],
      "refused",
      /^1 of 2 endpoints/,
    ],
    [
      "datagrams that nobody has to answer",
      [flow(A, { status: "unanswered" }, { probe: "udp" }), flow(B)],
      "not-known",
      /of 1 of 2 endpoints of shop\/web it is not known whether they answer; .* took the datagrams/,
    ],
    [
      "nothing was seen",
      [flow(A, { status: "inconclusive", caveats: ["no capture"] }), flow(B)],
      "not-known",
      /is not known: no capture/,
    ],
    [
      "nothing was said",
      [flow(A, { status: "inconclusive" })],
      "not-known",
      /is not known: nothing was seen of it/,
    ],
    [
      "the endpoints answer and the Service does not",
      [
        flow(OWN, { status: "rejected" }, { exchanges: [{ ...EXCHANGE, outcome: "refused", count: 8 }] }),
        ...[flow(A), flow(B)],
      ],
      "service-broken",
      /^2 of 2 endpoints .* and its own address 10\.96\.0\.20:80 does not: refused × 8$/,
    ],
    [
      "it is lost before anybody chose an endpoint",
      [flow(OWN, { ...LOST, direction: "request" }), flow(A), flow(B)],
      "service-broken",
      /its own address 10\.96\.0\.20:80 between node-b vxlan\.calico and node-b cali1 does not: lost$/,
    ],
    [
      "of the Service's own address nothing is known",
      [flow(OWN, { status: "inconclusive" }), flow(A), flow(B)],
      "not-known",
      /^whether 10\.96\.0\.20:80 answers is not known: nothing was seen/,
    ],
  ];
  for (const [name, flows, code, summary] of cases) {
    const verdict = judgeService(SERVICE, flows);
    t.equal(verdict.code, code, name);
    t.match(verdict.summary, summary, name);
  }
  t.end();
});

t.test("a Service behind which nobody is known", (t) => {
  const bare = { ...SERVICE, endpoints: [] };
  const cases: readonly [ServiceFacts, readonly FlowFinding[], string, RegExp][] = [
    [
      { ...bare, untried: true, notReady: ["shop/web-7"] },
      [],
      "no-endpoints",
      /^shop\/web has no ready endpoint; not ready: shop\/web-7$/,
    ],
    [bare, [], "no-endpoints", /^iptables of the sending node has no rule for 10\.96\.0\.20:80$/],
    [{ ...bare, clusterIp: null }, [], "no-endpoints", /no rule for shop\/web$/],
    [
      bare,
      [flow(OWN, { status: "rejected", rejectedBy: { ip: "192.0.2.1", node: null, how: "ICMP" } })],
      "no-endpoints",
      /iptables of node-a has no rule for .*, and what was sent there is rejected by 192\.0\.2\.1 \(ICMP\)$/,
    ],
    [bare, [flow(OWN, { status: "unanswered" })], "no-endpoints", /is unanswered$/],
    [bare, [flow(OWN)], "not-known", /and yet it answers/],
  ];
  for (const [service, flows, code, summary] of cases) {
    const verdict = judgeService(service, flows);
    t.equal(verdict.code, code);
    t.match(verdict.summary, summary);
  }
  t.end();
});

t.test("what was not tried is said", (t) => {
  const told = (more: Partial<ServiceFacts>, flows = [flow(A), flow(B)]): string =>
    judgeService({ ...SERVICE, ...more }, flows).summary;
  t.match(told({ untried: true }), /10\.96\.0\.20:80 was not tried: what a node sends/);
  t.match(told({ clusterIp: null }), /it has no address of its own$/);
  t.match(
    told({ endpoints: ["192.168.174.129:8080"] }, [flow(OWN)]),
    /the client itself is the only endpoint/,
  );
  t.end();
});

t.test("the step writes its verdict down and notes it", async (t) => {
  const fake = fakeContext([], { followFlows: () => Promise.resolve([flow(OWN), flow(A), flow(B)]) });
  t.strictSame(await serviceJudge.plan({ service: SERVICE }, fake.context), {
    ...{ commands: [], outputs: {}, notes: [] },
  });
  const verdict = await serviceJudge.run?.({ service: SERVICE }, fake.context, {} as never);
  t.match(verdict, { code: "ok" });
  t.match(fake.files.get("evidence/service/step.json"), {
    code: "ok",
    endpoints: [{ address: "10.1.1.7:8080" }, {}],
  });
  t.match(fake.notes.join("\n"), /10\.96\.0\.20:80 answers/);
});
