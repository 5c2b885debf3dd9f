import { stripVTControlCharacters } from "node:util";
import t from "tap";
import { renderText } from "../../lib/report/index.js";
import { measureColumns } from "../../lib/text/columns.js";
import type { Findings } from "../../lib/model/findings.js";
import { buildFindings, fdbMissing, healthy, replyLost } from "./samples.js";
import { ALL_SAMPLES as SAMPLES, buildMany } from "./many.js";

const plain = (findings: Findings, more: { width?: number; unicode?: boolean } = {}): string =>
  renderText(findings, { color: false, width: 80, unicode: true, ...more });

t.test("a lost request, whole", async (t) => {
  t.equal(
    plain(buildFindings([fdbMissing])),
    `hopbook trace-path · 2026-11-20 21:44:54 UTC

── shop/client → shop/web-7c9d5b8f6-x2x4q  ICMP ping ───────────────────────────

LOST on node-a between vxlan.calico (tunnel) and eth0 (nic): 4 of 4 requests.
Cause: vxlan.calico on node-a has no FDB entry for 66:9f:1c:04:aa:17, the MAC of
node-b's tunnel.
Confidence: high

  node-a                          request      reply
  ● eth0              pod             4 ↓          ·
  ● cali9d8b6a7d855   host-veth       4 ↓          ·
  ● vxlan.calico      tunnel          4 ↓          ·
  ✖━━━ LOST HERE: 4 of 4 requests ━━━━━━━━━━━━━━━━━━
  ○ eth0              nic               ·          ·
  ┊
  node-b
  ○ eth0              nic               ·          ·
  ○ vxlan.calico      tunnel            ·          ·
  ○ cali41f14107a8d   host-veth         ·          ·
  ○ eth0              pod               ·          ·

Evidence
  • bridge fdb show dev vxlan.calico: no entry for 66:9f:1c:04:aa:17
  • kernel: 4 of 4 dropped in vxlan_xmit, reason NO_TX_TARGET, 4–50 µs after
    vxlan.calico saw them

Packets that show it
  captures/node-a/tunnel.vxlan.calico.pcap
    frame 1    ICMP echo request, id 4242, seq 1
    frame 3    ICMP echo request, id 4242, seq 2
    frame 5    ICMP echo request, id 4242, seq 3
    frame 7    ICMP echo request, id 4242, seq 4

Checks
  FAIL        reachable: shop/client does not reach shop/web-7c9d5b8f6-x2x4q
  PASS        no-kernel-drops: no capture lost packets
`,
  );
});

t.test("long names of points are whole where the line has room", async (t) => {
  const findings = buildFindings([healthy]);
  const [flow] = findings.flows;
  const name = "payments/checkout-6d8f9c7b5-x2x4q/eth0@node-a";
  const hops = flow!.hops.map((hop, index) => (index === 0 ? { ...hop, interface: name } : hop));
  const pointed: Findings = { ...findings, flows: [{ ...flow!, hops }] };
  t.match(plain(pointed), new RegExp(`● ${name} pod +\\d`));
  t.match(plain(pointed, { width: 64 }), /● payments\/\S+…\S+@node-a +pod +\d/);
  t.match(plain(findings, { width: 120 }), /● eth0 {14}pod/, "others stay as narrow as they were");
});

t.test("the break stands between the right two lines", async (t) => {
  const lines = plain(buildFindings([replyLost])).split("\n");
  const at = lines.findIndex((line) => line.includes("LOST HERE: 4 of 4 replies"));
  t.match(lines[at - 1], /vxlan\.calico +tunnel +4 ↓ +·$/);
  t.match(lines[at + 1], /cali41f14107a8d +host-veth +4 ↓ +4 ↑$/);
  t.notMatch(plain(buildFindings([healthy])), /LOST/);
});

t.test("rejected and unanswered show where", async (t) => {
  t.match(
    plain(SAMPLES["rejected"] as Findings),
    /pod +3 ↓ +3 ↑\n {2}✖━━━ REJECTED: TCP RST from 192\.168\.218\.66/,
  );
  t.match(plain(SAMPLES["unanswered"] as Findings), /pod +4 ↓ +·\n {2}✖━━━ NO REPLY FROM HERE/);
  t.match(plain(SAMPLES["inconclusive"] as Findings), /▲ 41 missed by tcpdump/);
  t.match(plain(SAMPLES["incomplete"] as Findings), /INCOMPLETE RUN[^]*node-b: the connection was lost/);
  t.match(plain(SAMPLES["asymmetric"] as Findings), /The reply's own way/);
  t.match(plain(SAMPLES["empty"] as Findings), /No flow was followed/);
  t.match(
    plain(SAMPLES["six"] as Findings),
    /^LOST +shop\/client → shop\/web-7c9d5b8f6-x2x4q +ICMP ping +4, 0\n +4 of 4 \(100 %\) missing\nLOST .*\n .*\nREJECTED .*\nUNANSWERED .*\nINCONCLUSIVE .*\n .* ended early \(size limit\)\nDELIVERED /m,
  );
  t.match(plain(SAMPLES["six"] as Findings), /4 requests and 4 replies at each of 8 hops/);
});

t.test("several flows: a table, the worst first, then those that are worth a word", async (t) => {
  const text = plain(SAMPLES["several"] as Findings, { width: 100 });
  t.match(
    plain(SAMPLES["several"] as Findings, { width: 120 }),
    /^LOST +shop.* TCP http ×12 {2}72, 48 {2}24 of 72 \(33\.3 %\) missing\nDELIVERED .*4, 4\n +Packets of 14/m,
    "what is short stands beside the flow where there is room",
  );
  t.match(
    text,
    /^LOST +shop.* TCP http ×12 {2}72, 48\n +24 of 72 \(33\.3 %\) missing\nDELIVERED .*\n +Packets of 14.*\nDELIVERED .*\n +one-way: no answer due\nDELIVERED .*\n4990 more flows are not listed here: 10 lost, 4980 delivered\.\n/m,
  );
  t.match(text, "✖━━━ LOST HERE: 24 of 72 request packets (33.3 %) ━");
  t.match(
    text,
    /• request: 24 of 72 \(33\.3 %\) on node-b between eth0 \(nic\) and [^]*: all along: 1\s+in 3/,
  );
  t.match(text, "• request: destination 10.96.0.20:80 → 10.244.2.7:8080, on node-a between");
  t.match(text, "• HTTP 503 Service Unavailable × 3, 9 ms to 11.5 ms, median 10 ms\n");
  t.match(
    text,
    /FAIL {2}Packets of 1400 bytes pass[^]*→ Set the pods' MTU[^]*WARN {2}24 of 72[^]*NOTE {2}Port 40122/,
  );
  t.match(text, "DELIVERED, one-way: 20 requests reached");
  const many = plain(buildFindings(buildMany(5000)), { width: 100 });
  t.ok(many.length < 40_000, `${many.length} characters`);
  t.match(many, "4960 more flows are not listed here: 960 lost, 1000 inconclusive, 3000 delivered; 4960 of");
  t.equal(many.match(/^── /gm)?.length, 8, "eight in full");
});

t.test("every sample: width kept, no control characters, colour only adds", async (t) => {
  for (const [name, findings] of Object.entries(SAMPLES)) {
    for (const width of [40, 80, 120]) {
      const text = plain(findings, { width });
      const limit = Math.max(width, 76);
      const long = text.split("\n").filter((line) => measureColumns(line) > limit);
      t.strictSame(long, [], `${name} at ${width}`);
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      t.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, name);
      const colored = renderText(findings, { color: true, width, unicode: true });
      t.equal(stripVTControlCharacters(colored), text, `${name}: the same words in colour`);
      t.not(colored, text);
      // eslint-disable-next-line no-control-regex -- our own colours, and nothing else
      t.strictSame(colored.match(/\u001b(?!\[[0-9;]+m)/g), null);
    }
    t.match(plain(findings, { unicode: false }), /^[\n -~]+$/, `${name}: plain ASCII`);
  }
});
