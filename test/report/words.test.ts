import t from "tap";
import { renderHtml, renderJunit, renderMarkdown, renderText } from "../../lib/report/index.js";
import { describeVerdict, formatTime, locateBreak, nameEnd, nameTraffic } from "../../lib/report/words.js";
import type { ExchangeFinding, FlowFinding, RewriteFinding, Verdict } from "../../lib/model/findings.js";
import {
  asymmetric,
  buildFindings,
  causeUnknown,
  EIGHT,
  fdbMissing,
  firewallDrop,
  healthy,
  inconclusive,
  refOf,
  rejected,
  replyLost,
  unanswered,
} from "./samples.js";
import { everyThird, oneWay } from "./many.js";
import { anyCharacter, fc } from "../fixtures/property.js";

const NONE = { packets: 0, bytes: 0 };

const withVerdict = (flow: FlowFinding, more: Partial<Verdict>): FlowFinding => ({
  ...flow,
  verdict: { ...flow.verdict, ...more },
});

/** From a pod to what is outside of the cluster. */
const egress: FlowFinding = {
  ...withVerdict(unanswered, { lastSeen: refOf(EIGHT, 3) }),
  ...{ probe: "tcp-connect", hops: unanswered.hops.slice(0, 4) },
  to: { pod: null, node: null, ip: "203.0.113.99", port: 80 },
};
const masquerade: RewriteFinding = {
  ...{ direction: "request", before: refOf(EIGHT, 1), after: refOf(EIGHT, 3), connections: 1 },
  source: { was: "10.244.1.7", is: "10.77.0.11" },
  destination: { was: "203.0.113.99:80", is: "203.0.113.99:80" },
};

const DARK = { node: "node-b", pod: null, address: "10.77.0.12", why: "no route to host" } as const;

const silence = (count: number, page: string): ExchangeFinding => ({
  ...{ protocol: "http", kind: "none", count, tookMs: null },
  outcome: `no answer to GET /${page}`,
});

t.test("a Service is named with its ClusterIP, its port and the backend", (t) => {
  const service = {
    name: "shop/web",
    clusterIp: { ip: "10.96.0.20", port: 80 },
    backend: { ip: "10.1.1.7", port: 8080 },
  };
  const end = { pod: "shop/web-1", node: "node-b", ip: "10.96.0.20", port: 80, service };
  t.equal(nameEnd(end), "Service shop/web 10.96.0.20:80 (shop/web-1:8080)");
  t.equal(
    nameEnd({ ...end, ip: "10.1.1.7", port: 8080 }),
    "shop/web-1:8080 (of Service shop/web 10.96.0.20:80)",
    "the backend itself was sent to",
  );
  t.equal(
    nameEnd({ ...end, pod: null, service: { ...service, name: null } }),
    "Service 10.96.0.20:80 (10.1.1.7:8080)",
  );
  const ipv6 = { name: null, clusterIp: { ip: "fd00::a", port: 53 }, backend: { ip: "fd01::b", port: 53 } };
  t.equal(
    nameEnd({ ...end, pod: null, ip: "fd00::a", port: 53, service: ipv6 }),
    "Service [fd00::a]:53 ([fd01::b]:53)",
  );
  t.end();
});

t.test("one sentence a verdict", async (t) => {
  const sentences: [FlowFinding, string][] = [
    [fdbMissing, "LOST on node-a between vxlan.calico (tunnel) and eth0 (nic): 4 of 4 requests"],
    [causeUnknown, "LOST between eth0 (nic) on node-a and eth0 (nic) on node-b: 4 of 4 requests"],
    [
      replyLost,
      "LOST on node-b between cali41f14107a8d (host-veth) and vxlan.calico (tunnel): 4 of 4 replies",
    ],
    [rejected, "REJECTED by 192.168.218.66 on node-b: TCP RST"],
    [
      unanswered,
      "UNANSWERED: 4 requests reached shop/web-7c9d5b8f6-x2x4q:8080 (eth0 on node-b), no reply left it",
    ],
    [
      {
        ...unanswered,
        hops: unanswered.hops.slice(0, 4),
        unentered: [{ ...DARK, end: "to" }],
        verdict: { ...unanswered.verdict, lastSeen: refOf(EIGHT, 3) },
      },
      "UNANSWERED: 4 requests for shop/web-7c9d5b8f6-x2x4q:8080 left node-a by eth0 towards 10.77.0.12; node-b could not be entered: no route to host; no reply came back",
    ],
    [
      {
        ...unanswered,
        hops: unanswered.hops.slice(0, 6),
        to: { ...unanswered.to, pod: null, node: null },
        unentered: [{ ...DARK, end: "to", pod: "10.0.0.9", why: "no pod there has the address 10.0.0.9" }],
        verdict: { ...unanswered.verdict, lastSeen: refOf(EIGHT, 5) },
      },
      "UNANSWERED: 4 requests for 192.168.218.66:8080 came as far as vxlan.calico (tunnel) on node-b; 10.0.0.9 on node-b could not be looked into: no pod there has the address 10.0.0.9; no reply came back",
    ],
    [
      {
        ...healthy,
        hops: healthy.hops.slice(4),
        unentered: [{ ...DARK, end: "from", node: "node-a", address: "10.77.0.11" }],
      },
      "DELIVERED: 4 requests reached shop/web-7c9d5b8f6-x2x4q, 4 replies left node-b by eth0 towards 10.77.0.11; node-a could not be entered: no route to host",
    ],
    [healthy, "DELIVERED: 4 requests reached shop/web-7c9d5b8f6-x2x4q, 4 replies came back"],
    [
      inconclusive,
      "INCONCLUSIVE: the evidence does not say what became of shop/client → shop/web-7c9d5b8f6-x2x4q:8080: vxlan.calico on node-a: the capture ended early (size limit)",
    ],
    [
      withVerdict(
        { ...inconclusive, hops: inconclusive.hops.map((hop) => ({ ...hop, request: NONE, reply: NONE })) },
        { caveats: [] },
      ),
      "INCONCLUSIVE: the evidence does not say what became of shop/client → shop/web-7c9d5b8f6-x2x4q:8080: no packet of it was seen at any of 8 hops",
    ],
    [
      withVerdict(inconclusive, { lastSeen: null, firstMissing: refOf(EIGHT, 0) }),
      "INCONCLUSIVE: nothing of what was tried for shop/client → shop/web-7c9d5b8f6-x2x4q:8080 came as far as the sender's own device, eth0 (pod) on node-a",
    ],
    [
      everyThird,
      "LOST 24 of 72 request packets (33.3 %) on node-b between eth0 (nic) and vxlan.calico (tunnel)",
    ],
    [oneWay, "DELIVERED, one-way: 20 requests reached shop/web-7c9d5b8f6-x2x4q:8080; no answer was due"],
    [
      { ...oneWay, hops: oneWay.hops.slice(0, 4) },
      "DELIVERED, one-way: 20 requests for shop/web-7c9d5b8f6-x2x4q:8080 passed eth0 (nic) on node-a, the last place that was captured; no answer was due",
    ],
    [
      withVerdict(unanswered, { lastSeen: refOf(EIGHT, 3) }),
      "UNANSWERED: 4 requests for shop/web-7c9d5b8f6-x2x4q:8080 passed eth0 (nic) on node-a, the last place that was captured; no reply came back",
    ],
    [
      { ...egress, rewrites: [masquerade] },
      "UNANSWERED: 4 requests for 203.0.113.99:80 left the cluster by eth0 (nic) on node-a as 10.77.0.11; no reply came back",
    ],
    [
      egress,
      `UNANSWERED: 4 requests for 203.0.113.99:80 left the cluster by eth0 (nic) on node-a, with the pod's own address ${egress.from.ip}; no reply came back`,
    ],
    [
      { ...egress, from: { ...egress.from, pod: null } },
      "UNANSWERED: 4 requests for 203.0.113.99:80 left the cluster by eth0 (nic) on node-a; no reply came back",
    ],
    [
      { ...egress, probe: null },
      "UNANSWERED: 4 requests for 203.0.113.99:80 passed eth0 (nic) on node-a, the last place that was captured; no reply came back",
    ],
    [
      withVerdict(healthy, { status: "unanswered" }),
      "UNANSWERED: 4 requests reached shop/web-7c9d5b8f6-x2x4q, and not all got what was due: there are fewer answers than requests",
    ],
    [
      { ...withVerdict(healthy, { status: "unanswered" }), exchanges: [silence(1, "a"), silence(2, "b")] },
      "UNANSWERED: 4 requests reached shop/web-7c9d5b8f6-x2x4q, and not all got what was due: no answer to GET /a; 2 × no answer to GET /b",
    ],
    [
      withVerdict(fdbMissing, { firstMissing: null, lost: { packets: 1, of: 1 } }),
      "LOST after vxlan.calico (tunnel) on node-a: 1 of 1 request",
    ],
    [withVerdict(fdbMissing, { lastSeen: null }), "LOST before eth0 (nic) on node-a: 4 of 4 requests"],
    [withVerdict(fdbMissing, { lastSeen: null, firstMissing: null }), "LOST on the way: 4 of 4 requests"],
    [withVerdict(rejected, { rejectedBy: null }), "REJECTED on the way"],
  ];
  for (const [flow, sentence] of sentences) t.equal(describeVerdict(flow), sentence);
});

t.test("TCP that was delivered does not read as if some of it was lost", async (t) => {
  const count = (packets: number): { packets: number; bytes: number } => ({ packets, bytes: packets * 60 });
  const tcp: FlowFinding = {
    ...healthy,
    protocol: "tcp",
    hops: healthy.hops.map((hop) => ({ ...hop, request: count(16), reply: count(8) })),
  };
  const to = "shop/web-7c9d5b8f6-x2x4q";
  t.equal(
    describeVerdict(tcp),
    `DELIVERED: all 16 request packets reached ${to}, all 8 reply packets came back`,
  );
  const [first, ...rest] = tcp.hops;
  if (first === undefined) throw new Error("no hops");
  const uneven: FlowFinding = { ...tcp, hops: [{ ...first, request: count(17), reply: count(7) }, ...rest] };
  t.equal(describeVerdict(uneven), `DELIVERED: 16 request packets reached ${to}, 7 reply packets came back`);
  const elsewhere = { ...uneven, replyHops: [...rest].reverse() };
  t.match(describeVerdict(elsewhere), /: 16 request packets .*, all 8 reply packets/, "the reply's own list");
});

t.test("the break's place", async (t) => {
  t.strictSame(locateBreak(fdbMissing, fdbMissing.hops), { after: 2, direction: "request" });
  t.strictSame(locateBreak(firewallDrop, firewallDrop.hops), { after: 5, direction: "request" });
  t.strictSame(locateBreak(replyLost, replyLost.hops), { after: 5, direction: "reply" });
  t.equal(locateBreak(healthy, healthy.hops), null);
  const noLast = withVerdict(fdbMissing, { lastSeen: null });
  t.strictSame(locateBreak(noLast, noLast.hops), { after: 2, direction: "request" });
  const stray = withVerdict(fdbMissing, {
    lastSeen: { node: "x", role: "nic", interface: "y" },
    firstMissing: null,
  });
  t.equal(locateBreak(stray, stray.hops), null, "a hop that is not in the list");
  /** The reply's list: pod b, veth b, nic b, nic a, veth a, pod a. */
  const own = withVerdict(asymmetric, {
    status: "lost",
    direction: "reply",
    lastSeen: refOf(EIGHT, 4),
    firstMissing: refOf(EIGHT, 3),
  });
  t.equal(locateBreak(own, own.hops), null);
  t.strictSame(locateBreak(own, own.replyHops ?? []), { after: 2, direction: "reply" });
});

t.test("small words", async (t) => {
  t.equal(nameEnd({ pod: null, node: null, ip: "fd00::1", port: 53 }), "[fd00::1]:53");
  t.equal(nameEnd({ pod: null, node: null, ip: "fd00::1", port: null }), "fd00::1");
  t.equal(nameEnd({ pod: null, node: null, ip: "10.0.0.1", port: 80 }), "10.0.0.1:80");
  t.equal(nameTraffic({ ...healthy, probe: null }), "ICMP, watched only");
  const large = { ...healthy, probe: "ping-large" as const };
  const [first] = large.hops;
  const sized = (bytes: number): FlowFinding => ({
    ...large,
    hops: first === undefined ? [] : [{ ...first, request: { packets: 2, bytes } }],
  });
  t.equal(nameTraffic(sized(2900)), "ICMP ping-large, 1450 B");
  t.equal(nameTraffic(sized(2901)), "ICMP ping-large", "of several sizes");
  t.equal(nameTraffic({ ...large, hops: [] }), "ICMP ping-large");
  const dual = { ...healthy, to: { ...healthy.to, ip: "fd00::2", otherIp: "10.0.0.2" } };
  t.equal(nameTraffic(dual), "ICMP ping, IPv6");
  t.equal(
    nameTraffic({ ...dual, probe: null, to: { ...dual.to, ip: "10.0.0.2" } }),
    "ICMP, IPv4, watched only",
  );
  t.equal(formatTime("2026-11-20T21:44:54.123Z"), "2026-11-20 21:44:54 UTC");
  t.equal(formatTime("soon"), "soon");
});

t.test("no findings of the right shape break a report", async (t) => {
  let pictures = 0;
  const ref = fc.option(fc.integer({ min: 0, max: 9 }).map((index) => refOf(EIGHT, index)));
  const count = fc.record({ packets: fc.nat(200_000), bytes: fc.nat() });
  const flow = fc.record({
    hops: fc.array(fc.record({ place: fc.nat(7), request: count, reply: count, drops: fc.nat(3) }), {
      maxLength: 12,
    }),
    ownReply: fc.boolean(),
    status: fc.constantFrom("delivered", "lost", "rejected", "unanswered", "inconclusive"),
    direction: fc.constantFrom("request", "reply", null),
    lastSeen: ref,
    firstMissing: ref,
    times: fc.array(fc.array(fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e9 })), { maxLength: 12 }), {
      maxLength: 70,
    }),
    text: fc.string({ unit: anyCharacter, maxLength: 60 }),
  });
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 3 }), (drafts) => {
      const flows = drafts.map((draft): FlowFinding => {
        const hops = draft.hops.map(({ place, request, reply, drops }, index) => {
          const pcap = draft.text;
          return { ...refOf(EIGHT, place), index, pcap, request, reply, droppedByKernel: drops };
        });
        const { status, direction, lastSeen, firstMissing, text } = draft;
        return {
          ...withVerdict(healthy, {
            status,
            direction,
            lastSeen,
            firstMissing,
            caveats: [text],
          }),
          id: text,
          hops,
          ...(draft.ownReply ? { replyHops: [...hops].reverse() } : {}),
          timeline: draft.times.map((seenAtUs, index) => {
            return { direction: index % 2 === 0 ? "request" : "reply", summary: text, seenAtUs };
          }),
        };
      });
      const findings = buildFindings(flows);
      const html = renderHtml(findings);
      pictures += [...html.matchAll(/<svg /g)].length;
      renderMarkdown(findings);
      renderJunit(findings);
      renderText(findings, { color: true, width: 80, unicode: true });
      return !/NaN|undefined|Infinity/.test(
        html.replace(/<style>[^]*<\/style>/, "").replaceAll(/>[^<]*</g, "><"),
      );
    }),
    { numRuns: 150 },
  );
  t.ok(pictures > 100, "pictures were drawn");
});
