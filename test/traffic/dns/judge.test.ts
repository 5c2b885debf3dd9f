import t from "tap";
import type { BreakLocation } from "../../../lib/model/steps.js";
import {
  judgeDns,
  searchWalk,
  type DnsAsk,
  type DnsServer,
  type DnsVerdict,
} from "../../../lib/traffic/index.js";

const CONFIG = {
  nameservers: ["10.96.0.10"],
  search: ["shop.svc.cluster.local", "svc.cluster.local"],
  ...{ ndots: 5, timeoutSec: 5, attempts: 2 },
};
const NAMES = searchWalk("web", CONFIG);
const ONE = "10.244.1.5";
const TWO = "10.244.2.5";
const SERVER: DnsServer = {
  ...{ ip: "10.96.0.10", role: "nameserver", service: "kube-system/kube-dns", endpoints: [ONE] },
};

type Answer =
  "found" | "empty" | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "FORMERR" | "none" | "refused" | "cut";

/** What was asked of a server, all names alike but where the type decides. */
function ask(answer: Answer | ((type: string, name: string) => Answer), more: Partial<DnsAsk> = {}): DnsAsk {
  const lookups = NAMES.flatMap((name) =>
    (["A", "AAAA"] as const).map((type) => {
      const one = typeof answer === "function" ? answer(type, name) : answer;
      const isAnswer = one !== "none" && one !== "refused";
      const said = one === "found" || one === "empty" || one === "cut" ? "NOERROR" : one;
      return {
        ...{ name, type, said, hasRecord: one === "found" || one === "cut", truncated: one === "cut" },
        outcome: isAnswer ? ("answered" as const) : one,
        tookMs: isAnswer ? 2 : null,
      };
    }),
  );
  return {
    ...{
      flowId: "f0",
      from: "pod",
      node: "node-a",
      server: "10.96.0.10",
      role: "nameserver",
      transport: "udp",
    },
    ...{ lookups, error: null },
    ...more,
  };
}

const at = (node: string, name: string): BreakLocation["lastSeen"] => ({
  node,
  role: "nic",
  interface: name,
});
const lost = (direction: "request" | "reply", flowId = "f0"): BreakLocation => ({
  ...{
    flowId,
    status: "lost",
    direction,
    lastSeen: at("node-a", "eth0"),
    firstMissing: at("node-b", "eth0"),
  },
});
const unanswered: BreakLocation = {
  ...{ flowId: "f0", status: "unanswered", direction: null, lastSeen: null, firstMissing: null },
};
const tcp = (answer: Answer): DnsAsk => ask(answer, { transport: "tcp", flowId: "f1" });
const behind = (server: string, answer: Answer, flowId: string | null = null): DnsAsk =>
  ask(answer, { server, role: "endpoint", flowId });
const near = (answer: Answer): DnsAsk =>
  ask(answer, { server: ONE, role: "endpoint", from: "node", node: "node-b", flowId: null });

const CASES: readonly {
  readonly code: string;
  readonly fault: string | null;
  readonly asks: readonly DnsAsk[];
  readonly says: RegExp;
  readonly breaks?: readonly BreakLocation[];
  readonly servers?: readonly DnsServer[];
}[] = [
  {
    code: "none",
    fault: null,
    asks: [ask("found")],
    says: /finds web as web\.shop\.svc\.cluster\.local after 1 name and 2\.0 ms/,
  },
  {
    ...{ code: "none", fault: null, says: /finds web as web after 3 names and 6\.0 ms/ },
    asks: [ask((type, name) => (name === "web" && type === "A" ? "found" : "NXDOMAIN"))],
  },
  {
    ...{ code: "name-unknown", fault: "name", asks: [ask("NXDOMAIN"), near("NXDOMAIN")] },
    says: /NXDOMAIN for all of 3 names .*\(web\.shop\.svc\.cluster\.local 2\.0 ms, .*, web 2\.0 ms\), in 6\.0 ms/,
  },
  { code: "name-without-address", fault: "name", asks: [ask("empty")], says: /neither an A nor an AAAA/ },
  {
    code: "servfail",
    fault: "server",
    asks: [ask("SERVFAIL")],
    says: /answers SERVFAIL for web\.shop.* A: it failed/,
  },
  { code: "refused", fault: "server", asks: [ask("REFUSED")], says: /answers REFUSED/ },
  { code: "server-error", fault: "server", asks: [ask("FORMERR")], says: /answers FORMERR/ },
  {
    code: "server-silent",
    fault: "server",
    asks: [ask("none")],
    breaks: [unanswered],
    says: /arrive at 10\.96\.0\.10 .* 10 s to fail/,
  },
  {
    code: "server-silent",
    fault: "server",
    asks: [ask("none"), near("none")],
    says: /on its own node neither/,
  },
  {
    code: "no-answer",
    fault: "network",
    asks: [ask("none"), near("found")],
    says: /answers on its own node/,
  },
  { code: "no-answer", fault: null, asks: [ask("none")], says: /where the queries end is not known/ },
  {
    code: "query-dropped",
    fault: "network",
    asks: [ask("none")],
    breaks: [lost("request")],
    says: /queries to .* last seen at node-a eth0 \(nic\), missing at node-b eth0/,
  },
  {
    code: "reply-dropped",
    fault: "network",
    asks: [ask("none")],
    breaks: [lost("reply")],
    says: /^The answers of/,
  },
  { code: "nobody-listens", fault: "server", asks: [ask("refused")], says: /ICMP port unreachable/ },
  {
    code: "service-not-translated",
    fault: "network",
    asks: [ask("none"), behind(ONE, "found")],
    says: /does not translate/,
  },
  {
    code: "tcp-blocked",
    fault: "network",
    asks: [ask("cut"), tcp("none")],
    says: /over TCP, where the rest is, it does not answer/,
  },
  { code: "none", fault: null, asks: [ask("cut"), tcp("found")], says: /finds web/ },
  {
    ...{
      code: "aaaa-dropped",
      fault: "network",
      breaks: [lost("request")],
      says: /AAAA queries never: .* 10 s.*last seen at/,
    },
    asks: [ask((type) => (type === "A" ? "found" : "none"))],
  },
  {
    code: "aaaa-dropped",
    fault: "server",
    asks: [ask((type) => (type === "A" ? "found" : "none"))],
    says: /AAAA queries never/,
  },
  {
    ...{
      code: "answers-lost",
      fault: "network",
      breaks: [lost("reply")],
      says: /2 of 6 queries to .* got no answer: last seen/,
    },
    asks: [ask((_, name) => (name === "web" ? "none" : "NXDOMAIN"))],
  },
  {
    ...{
      code: "endpoint-dead",
      fault: "server",
      says: /1 of the 2 servers behind 10\.96\.0\.10 .* does not answer: 10\.244\.2\.5;/,
    },
    ...{ servers: [{ ...SERVER, endpoints: [ONE, TWO] }] },
    asks: [ask((type) => (type === "A" ? "found" : "none")), behind(ONE, "found"), behind(TWO, "none")],
  },
  {
    ...{
      code: "endpoint-dead",
      fault: "network",
      says: /cannot be reached: 10\.244\.2\.5: last seen at node-a/,
    },
    ...{ servers: [{ ...SERVER, endpoints: [ONE, TWO] }], breaks: [lost("request", "f2")] },
    asks: [ask("found"), behind(ONE, "found", "f1"), behind(TWO, "none", "f2")],
  },
  {
    ...{
      code: "wrong-nameserver",
      fault: "resolver",
      says: /names 10\.96\.0\.10, which does not answer; 10\.96\.0\.53 .* does/,
    },
    servers: [
      { ...SERVER, service: null, endpoints: [] },
      { ...SERVER, ip: "10.96.0.53", role: "reference" },
    ],
    asks: [ask("none"), ask("found", { server: "10.96.0.53", role: "reference", flowId: null })],
  },
  {
    ...{
      code: "wrong-nameserver",
      fault: "resolver",
      says: /which does not know web; 10\.96\.0\.53 \(kube-system\/kube-dns\) does, as web\.shop/,
    },
    servers: [
      { ...SERVER, service: null, endpoints: [] },
      { ...SERVER, ip: "10.96.0.53", role: "reference" },
    ],
    asks: [ask("NXDOMAIN"), ask("found", { server: "10.96.0.53", role: "reference", flowId: null })],
  },
  {
    ...{ code: "name-unknown", fault: "name", says: /does not know web/ },
    servers: [
      { ...SERVER, service: null, endpoints: [] },
      { ...SERVER, ip: "10.96.0.53", role: "reference" },
    ],
    asks: [ask("NXDOMAIN"), ask("NXDOMAIN", { server: "10.96.0.53", role: "reference", flowId: null })],
  },
  {
    ...{ code: "node-local-down", fault: "server" },
    servers: [{ ...SERVER, device: "nodelocaldns" }],
    asks: [ask("refused"), behind(ONE, "found")],
    says: /own node as NodeLocal DNS is \(device nodelocaldns\), refuses: .*; past it 10\.244\.1\.5 does$/,
  },
  {
    ...{ code: "no-endpoints", fault: "server", says: /^Nobody is ready behind 10\.96\.0\.10/ },
    servers: [{ ...SERVER, endpoints: [] }],
    asks: [ask("refused")],
  },
  {
    ...{ code: "nobody-listens", fault: "server", says: /nobody listens/ },
    servers: [{ ...SERVER, service: null, endpoints: [], unread: "iptables-save is missing" }],
    asks: [ask("refused")],
  },
  {
    ...{ code: "upstream-silent", fault: "server", says: /never for web: the upstream/ },
    breaks: [unanswered],
    asks: [
      ask((_, name) => (name === "web" ? "none" : "NXDOMAIN")),
      { ...near("none"), lookups: near("none").lookups.filter(({ name }) => name === "web") },
    ],
  },
  {
    ...{ code: "answers-lost", fault: null, says: /2 of 6 queries/ },
    asks: [ask((_, name) => (name === "web" ? "none" : "NXDOMAIN")), near("found")],
  },
  {
    ...{ code: "answers-lost", fault: null, says: /1 of 6 queries/ },
    asks: [ask((type, name) => (name === "web" && type === "A" ? "none" : "NXDOMAIN"))],
  },
  { code: "no-answer", fault: null, asks: [], says: /could not be asked: nothing was asked/ },
  {
    code: "no-answer",
    fault: null,
    asks: [ask("found", { lookups: [], error: "the node has no bash" })],
    says: /the node has no bash/,
  },
  {
    ...{ code: "slow", fault: "server", says: /after 1 name and 3000 ms, 3000 ms of them for web\.shop/ },
    asks: [{ ...ask("found"), lookups: ask("found").lookups.map((one) => ({ ...one, tookMs: 3000 })) }],
  },
];

t.test("what is at fault, and where", (t) => {
  for (const { code, fault, asks, says, breaks = [], servers = [SERVER] } of CASES) {
    const judged = judgeDns({ name: "web", config: CONFIG, servers, asks, breaks });
    t.match(judged, { code, fault, summary: says }, `${code} ${says.source}`);
    t.notMatch(JSON.stringify(judged), /undefined|null ms|NaN/);
  }
  t.end();
});

t.test("a link-local server is a cache of the node, where a cloud's resolver is none", (t) => {
  const judge = (ip: string, device?: null): DnsVerdict =>
    judgeDns({
      ...{ name: "web", config: { ...CONFIG, nameservers: [ip] }, breaks: [] },
      servers: [{ ...SERVER, ip, service: null, endpoints: [], ...(device === null ? { device } : {}) }],
      asks: [ask("none", { server: ip })],
    });
  t.match(judge("169.254.20.10", null), {
    code: "node-local-down",
    summary: /^169\.254\.20\.10, a link-local address .*, which no device of the node has, does not answer$/,
  });
  t.match(judge("169.254.20.10"), { code: "node-local-down", summary: /on each node, does not answer$/ });
  t.match(judge("169.254.169.253", null), { code: "no-answer" });
  t.end();
});

t.test("where the time of a slow walk goes", (t) => {
  const timed = (ms: (name: string) => number): DnsAsk => {
    const asked = ask((type, name) => (name === "web" && type === "A" ? "found" : "NXDOMAIN"));
    return { ...asked, lookups: asked.lookups.map((one) => ({ ...one, tookMs: ms(one.name) })) };
  };
  const judge = (ms: (name: string) => number): DnsVerdict =>
    judgeDns({ name: "web", config: CONFIG, servers: [SERVER], asks: [timed(ms)], breaks: [] });
  const search = judge((name) => (name === "web" ? 1200 : name.includes("shop") ? 2 : 900));
  t.match(search, { code: "slow", fault: "server", summary: /its upstream is slow$/ });
  const long = judge((name) => (name === "web" ? 400 : 900));
  t.match(long, {
    ...{ code: "slow-search", fault: "resolver" },
    summary:
      /only after 2200 ms: 1800 ms of them go to the 2 names of the search domains that ndots 5 .* with 900 ms$/,
  });
  t.end();
});

t.test("what was not read is told beside the verdict", (t) => {
  const servers = [{ ...SERVER, service: null, endpoints: [], unread: "iptables-save is missing on node-a" }];
  const { evidence } = judgeDns({ name: "web", config: CONFIG, servers, asks: [ask("none")], breaks: [] });
  t.match(
    evidence.join("\n"),
    /Whether 10\.96\.0\.10 is a Service, .* is not known: iptables-save is missing/,
  );
  t.end();
});

t.test("without a server nobody is asked; a second one is told of beside the first", (t) => {
  const given = { name: "web", servers: [SERVER], breaks: [] };
  const none = judgeDns({ ...given, config: { ...CONFIG, nameservers: [] }, asks: [] });
  t.match(none, { code: "no-nameserver", fault: "resolver" });
  const config = { ...CONFIG, nameservers: ["10.96.0.10", "10.9.9.9"] };
  const judged = judgeDns({ ...given, config, asks: [ask("found"), ask("none", { server: "10.9.9.9" })] });
  t.match(judged, { code: "none" });
  t.match(judged.evidence.join("\n"), /Beside it: 10\.9\.9\.9 does not answer/);
  t.end();
});

t.test("who was asked directly stands in the evidence", (t) => {
  const asks = [ask("NXDOMAIN"), near("NXDOMAIN"), behind(ONE, "NXDOMAIN")];
  const { evidence } = judgeDns({ name: "web", config: CONFIG, servers: [SERVER], asks, breaks: [] });
  t.match(evidence.join("\n"), /10\.244\.1\.5 asked directly from node-b over UDP: 6 × NXDOMAIN/);
  t.match(evidence.join("\n"), /10\.244\.1\.5 asked directly from the pod/);
  t.end();
});

t.test("asked for one family alone, a name lacks that one's record, and the server left out is told", (t) => {
  const asked = ask("empty");
  const lookups = asked.lookups.filter(({ type }) => type === "AAAA");
  const { code, summary, evidence } = judgeDns({
    ...{ name: "web", servers: [SERVER], asks: [{ ...asked, lookups }], breaks: [] },
    config: { ...CONFIG, leftOut: ["fd00::a"] },
  });
  t.equal(code, "name-without-address");
  t.match(summary, /which has no AAAA record$/);
  t.match(evidence[0], /^resolv\.conf: nameserver 10\.96\.0\.10 \(and fd00::a, left out\), search/);
  t.end();
});
