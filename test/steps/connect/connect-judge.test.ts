import t from "tap";
import type { ExchangeFinding, FlowFinding, HopRef, LegFinding } from "../../../lib/model/findings.js";
import { attributeTime } from "../../../lib/steps/connect/attribute.js";
import { connectJudge } from "../../../lib/steps/connect/connect-judge.js";
import type { DnsAsk } from "../../../lib/traffic/index.js";
import { healthy, unanswered } from "../../report/samples.js";
import { fakeContext, makeEnd, makePath } from "../samples.js";

const at = (node: string, name: string): HopRef => ({ node, role: "nic", interface: name });
const HOPS = [
  at("node-a", "eth0"),
  at("node-a", "ens4"),
  at("node-b", "ens4"),
  at("node-b", "eth0"),
] as const;

/** A leg there and back, in ms each way. */
function legs(index: 0 | 1 | 2, there: number, back: number | null): LegFinding[] {
  const [from, to] = [HOPS[index], HOPS[index + 1] ?? HOPS[3]];
  const base = { sent: 4, missing: 0, share: 0, undecided: 0, pattern: [] };
  const us = (ms: number): LegFinding["delayUs"] => ({
    least: ms * 1000,
    median: ms * 1000,
    most: ms * 1000,
  });
  return [
    { ...base, direction: "request", from, to, delayUs: us(there) },
    { ...base, direction: "reply", from: to, to: from, delayUs: back === null ? null : us(back) },
  ];
}
const took = (protocol: ExchangeFinding["protocol"], ms: number | null): ExchangeFinding => ({
  ...{ protocol, outcome: "", kind: "ok", count: 4 },
  tookMs: ms === null ? null : { least: ms, median: ms, most: ms },
});
const flow = (exchanges: readonly ExchangeFinding[], on: readonly LegFinding[]): FlowFinding => ({
  ...healthy,
  ...{ probe: "http", exchanges, legs: on },
});
const quick = [...legs(0, 0.1, 0.1), ...legs(1, 0.2, 0.2), ...legs(2, 0.1, 0.1)];
const judge = (
  flows: readonly FlowFinding[],
  name: Parameters<typeof attributeTime>[0]["name"] = null,
): ReturnType<typeof attributeTime> => attributeTime({ flows, name, slowMs: 100 });

t.test("a delay at each hop in turn is named, the far end and the name too", (t) => {
  for (const [index, where] of [
    [0, /from node-a eth0 to node-a ens4 and back/],
    [1, /from node-a ens4 to node-b ens4 and back/],
    [2, /from node-b ens4 to node-b eth0 and back/],
  ] as const) {
    const on = [0, 1, 2].flatMap((leg) => legs(leg as 0 | 1 | 2, leg === index ? 200 : 0.1, 0.1));
    t.match(judge([flow([took("tcp", 201), took("http", 202)], on)]), { code: "slow-leg", summary: where });
  }
  const server = judge([flow([took("tcp", 1), took("http", 300)], quick)]);
  t.match(server, {
    code: "slow-far-end",
    summary:
      /^301 ms in all \(connection 1\.0 ms, HTTP 300 ms\), 299 ms of them at shop\/web\S* \(connection 0\.2 ms, HTTP 299 ms\)/,
    totalMs: 301,
  });
  t.match(judge([flow([took("http", 5)], quick)], { tookMs: 2000, rounds: 1, paths: [] }), {
    code: "slow-name",
    summary: /2000 ms of them for the name/,
  });
  t.end();
});

t.test("each phase is told, and a leg that the name's questions share is no fault of the name", (t) => {
  const on = [0, 1, 2].flatMap((leg) => legs(leg as 0 | 1 | 2, leg === 1 ? 200 : 0.1, 0.1));
  const both = [took("tcp", 201), took("tls", 202), took("http", 203)];
  const shared = makePath(makeEnd("kube-system/dns", { node: "node-b", ip: "10.1.1.9", port: 53 }));
  const hop = shared.hops[0];
  if (hop === undefined) throw new Error("the sample has hops");
  const paths = [
    {
      ...shared,
      hops: HOPS.slice(1, 3).map((place) => ({ ...hop, ...place })),
    },
  ];
  const timed = judge([flow([took("tcp", 999)], on), flow(both, on)], { tookMs: 650, rounds: 3, paths });
  t.match(timed, {
    code: "slow-leg",
    summary:
      /^1256 ms in all \(name 650 ms, connection 201 ms, TLS 202 ms, HTTP 203 ms\), 1201 ms of them on the way from node-a ens4/,
  });
  t.match(timed.parts.find(({ what }) => what === "dns")?.tookMs.toFixed(1), "49.7");
  const apart = judge([flow(both, on)], { tookMs: 650, rounds: 3, paths: [] });
  t.match(apart, { code: "slow-name", summary: /650 ms of them for the name/ });
  const quickName = judge([flow(both, on)], { tookMs: 20, rounds: 3, paths });
  t.match(
    quickName.parts.find(({ what }) => what === "dns"),
    { tookMs: 0 },
    "no more than all of it",
  );
  t.end();
});

t.test("what was not made or not seen is not known, and no connection that fails", (t) => {
  const verdict = { ...healthy.verdict, status: "inconclusive", caveats: ["No packet was seen"] } as const;
  const unseen = { ...healthy, probe: "https", verdict } as const;
  t.match(judge([flow([took("http", 3)], quick), unseen]), {
    code: "not-known",
    summary: "What became of https is not known: No packet was seen",
  });
  t.match(judge([{ ...unseen, probe: null, verdict: { ...verdict, caveats: [] } }]).summary, /do not tell$/);
  t.match(judge([unseen, unanswered]), { code: "not-connected" }, "one that fails counts more");
  t.end();
});

t.test("HTTP inside TLS is timed by whoever asked, of its own flow alone", (t) => {
  const http = { said: "HTTP 200", tookMs: 203 };
  const answer = { facts: null, said: "HTTP 200", serverName: "", atSec: 1, http };
  const flows = [flow([took("tcp", 1), took("tls", 2)], legs(1, 0.1, 0.1))];
  const time = (flowId: string): string[] =>
    attributeTime({ flows, name: null, slowMs: 100, tls: [{ ...answer, flowId }] }).phases.map(
      ({ name, tookMs }) => `${name} ${tookMs}`,
    );
  t.strictSame(time(flows[0]?.id ?? ""), ["connection 1", "TLS 2", "HTTP 203"]);
  t.strictSame(time("another"), ["connection 1", "TLS 2"]);
  t.end();
});

t.test("two clocks that are apart give no time to one way, and the two ways together theirs", (t) => {
  const on = legs(1, 500, -499);
  t.match(judge([flow([took("http", 2)], on)]), { code: "none", summary: /^2\.0 ms in all/ });
  t.match(judge([flow([took("http", 200)], legs(1, 199, null))]), {
    code: "slow-leg",
    summary: /to node-b ens4:/,
  });
  t.end();
});

t.test("what is fast, not timed, not connected, or spread over all", (t) => {
  t.match(judge([flow([took("http", 3)], quick)]), { code: "none" });
  t.match(judge([flow([took("http", null)], quick)]), { code: "not-known", summary: "No answer was timed" });
  t.match(judge([]), { code: "not-known" });
  t.match(judge([flow([took("http", 3)], quick), { ...unanswered, probe: null }]), { code: "not-connected" });
  const spread = [...legs(0, 40, 0), ...legs(1, 40, 0), ...legs(2, 40, 0)];
  t.match(judge([flow([took("http", 160)], spread)]), {
    code: "not-known",
    summary: /no part has half of it/,
  });
  t.end();
});

t.test(
  "its step looks at the connections that were made, and at the name where one was asked for",
  async (t) => {
    const dns = { ...unanswered, probe: "dns-udp" as const };
    const flows = [flow([took("http", 3)], quick), dns];
    const fake = fakeContext([], { followFlows: () => Promise.resolve(flows) });
    const plan = { commands: [], outputs: {} as never, notes: [] };
    t.match(await connectJudge.run?.({}, fake.context, plan), { code: "none" });
    t.ok(fake.files.has("evidence/timing/step.json"));
    const config = { nameservers: ["10.96.0.10"], search: [], ndots: 5, timeoutSec: 5, attempts: 2 };
    const lookup = {
      name: "web",
      type: "A",
      outcome: "none",
      said: "no answer",
      hasRecord: false,
      truncated: false,
    } as const;
    const ask: DnsAsk = {
      ...({ flowId: null, from: "pod", node: "node-a", server: "10.96.0.10" } as const),
      ...({ role: "nameserver", transport: "udp", error: null } as const),
      lookups: [{ ...lookup, tookMs: null }],
    };
    const slow = await connectJudge.run?.({ slow: "1s", config, asks: [ask] }, fake.context, plan);
    t.match(slow, { code: "slow-name", totalMs: 10_003 });
  },
);

t.test(
  "what is wrong with a certificate is told before what is slow, and after what is not connected",
  (t) => {
    const facts = { version: "TLS 1.2", names: ["web"], notBefore: null, notAfter: null, alert: null };
    const tls = [{ flowId: "f0", facts, said: "TLS 1.2", serverName: "cart", atSec: 1 }];
    const given = { name: null, slowMs: 100, tls };
    const slow = flow([took("tcp", 1), took("tls", 900)], quick);
    t.match(attributeTime({ ...given, flows: [slow] }), {
      ...{
        code: "tls-wrong-name",
        summary: /^The connection is made; TLS 1\.2, certificate for web, and not for cart$/,
      },
      tls: [/certificate for web/],
    });
    t.match(attributeTime({ ...given, flows: [unanswered] }), { code: "not-connected" });
    t.match(attributeTime({ ...given, tls: [], flows: [slow] }), {
      code: "slow-far-end",
      summary: /TLS 899 ms/,
    });
    t.end();
  },
);
