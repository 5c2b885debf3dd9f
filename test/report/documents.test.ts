import { createHash } from "node:crypto";
import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import t from "tap";
import { renderHtml, renderJson, renderJunit, renderMarkdown, renderText } from "../../lib/report/index.js";
import type { CheckFinding, FlowFinding } from "../../lib/model/findings.js";
import { buildFindings, fdbMissing, healthy, replyLost, unanswered } from "./samples.js";
import { ALL_SAMPLES as SAMPLES, buildMany, everyThird, RECORD } from "./many.js";

t.test("HTML: one file, nothing loaded, no program but the charts'", async (t) => {
  for (const [name, findings] of Object.entries(SAMPLES)) {
    const html = renderHtml(findings, { record: RECORD });
    const [, style] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    const [, script] = /<script>([^]*?)<\/script>/.exec(html) ?? [];
    const hash = (text = ""): string => createHash("sha256").update(text).digest("base64");
    const allowed = script === undefined ? "" : ` script-src 'sha256-${hash(script)}';`;
    t.match(
      html,
      `Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash(style)}';${allowed} base-uri`,
      name,
    );
    t.equal(html.includes("<figure "), script !== undefined, `${name}: charts and their program`);
    const page = html.replace(/<(script|style)>[^]*?<\/\1>/g, "");
    t.notMatch(page, /<(script|img|link|iframe|object|embed|base|form|a [^>]*href="[^#])/i, name);
    t.notMatch(page, /<[^>]*\s(on[a-z]+|style|src|xlink:href)\s*=/i, name);
    t.notMatch(page, / data-columns="[^"]*[^"0-9.,;-]/, name);
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    t.equal(new Set(ids).size, ids.length, `${name}: ids are unique`);
    for (const [, list] of html.matchAll(/aria-labelledby="([^"]*)"/g))
      for (const id of list?.split(" ") ?? []) t.ok(ids.includes(id), `${name}: ${id} is there`);
    t.equal(renderHtml(findings, { record: RECORD }), html, "the same findings give the same bytes");
  }
  t.match(
    renderHtml(buildFindings([healthy]), { generatedAt: new Date("2026-11-20T22:00:00Z") }),
    /2026-11-20 22:00:00 UTC/,
  );
});

t.test("HTML: how long, where, by which command", async (t) => {
  const html = renderHtml(buildFindings([healthy]), { record: RECORD });
  t.match(html, "took 14.3 s · cluster &lt;/script&gt;");
  t.match(html, "<code>hopbook run trace-path --to &#39;it&#39;\\&#39;&#39;s &lt;here&gt;&#39; ");
  t.notMatch(renderHtml(buildFindings([healthy])), 'class="facts"');
  const md = renderMarkdown(buildFindings([healthy]), {
    ...RECORD,
    command: ["hopbook", "run"],
    cluster: "lab",
  });
  t.match(
    md,
    /^Started 2026-11-20 21:44:54 UTC · took 14.3 s · cluster lab · profile [^\n]*\n\nBy `hopbook run`\n/m,
  );
});

t.test("HTML: loss by leg, changed addresses, what was said and found", async (t) => {
  const html = renderHtml(buildFindings([everyThird]));
  t.match(html, /LOST<\/span>.*24 of 72 request packets \(33\.3 %\)/);
  t.match(html, "⇄ request: destination 10.96.0.20:80 → 10.244.2.7:8080");
  t.match(html, "HTTP 503 Service Unavailable × 3, 9 ms to 11.5 ms, median 10 ms");
  t.match(html, "24 of 72 (33.3 %): all along: 1 in 3; over 1400 bytes only");
  t.match(
    html,
    /<tr class="bad lossy"><td>→ request<\/td><td data-label="From">eth0 \(nic\) on <span class="keep">node-b</,
  );
  const [fail, warn, note] = ["fail", "warn", "note"].map((severity) =>
    html.indexOf(`badge-status">${severity}<`),
  );
  t.ok(
    fail !== undefined && warn !== undefined && note !== undefined && 0 < fail && fail < warn && warn < note,
  );
  // The mark stands in a column that is as wide as the screen, and in the picture where that fits.
  t.match(
    html,
    /<table class="way">.*<tr class="cut"><td colspan="3">✕ 24 of 72 request packets \(33\.3 %\) lost here/,
  );
  t.match(html, /<svg [^>]*class="plot"/);
  t.match(html, "72 requests sent, 24 of them missing further on");
});

t.test("HTML: names stay whole where a line has room for them", async (t) => {
  const html = renderHtml(SAMPLES["names"] ?? buildFindings([]));
  const [, row] = /<tbody><tr class="bad">(.*?)<\/tr>/s.exec(html) ?? [];
  const from = "payments-production/checkout-frontend-api-6d4b75cb6d-hczpw";
  t.match(
    row,
    `<span class="keep">${from}</span> → <span class="keep">payments-production/postgres-primary-proxy-0:8080<`,
  );
  t.match(html, /class="rail-node">ip-10-0-113-27.eu-central-1.compute.internal</, "over its own hops");
  t.match(html, "Of 8 hops, the two around the loss.");
  t.match(html, "Of 8 hops, the two at the ends.");
  t.match(html, /data-kind="rate" data-slot="0.25" data-columns/, "the last slot has a width as the others");
});

t.test("HTML: a long way goes downwards; many flows stay a page", async (t) => {
  const long = renderHtml(SAMPLES["long"] ?? buildFindings([]));
  t.notMatch(long, 'class="path');
  t.match(long, "22 hops between are not drawn");
  t.equal(
    [...(/<table class="way">.*?<\/table>/.exec(long)?.[0] ?? "").matchAll(/<tr class="live"/g)].length,
    30,
  );
  const many = renderHtml(buildFindings(buildMany(5000)));
  t.ok(many.length < 3_000_000, `${many.length} bytes`);
  t.match(
    many,
    "4500 more flows are not listed here: 500 lost, 1000 inconclusive, 3000 delivered; 4500 of them in findings.json.",
  );
  t.match(many, "2000 of 5000 flows in trouble");
  const first = /<table class="stack flows">.*?<tbody>(.*?)<\/tr>/s.exec(many)?.[1];
  t.match(first, 'badge-status">lost<');
  const several = renderHtml(SAMPLES["several"] ?? buildFindings([]));
  t.match(several, "4990 more flows are not listed here: 10 lost, 4980 delivered.");
});

t.test("HTML: the break is drawn where it is", async (t) => {
  const rows = (html: string): string[] => [...html.matchAll(/<tr[ >].*?<\/tr>/g)].map((match) => match[0]);
  const lost = rows(renderHtml(buildFindings([fdbMissing])));
  const at = lost.findIndex((row) => row.includes("lost here: 4 of 4 requests"));
  t.match(lost[at - 1], "vxlan.calico");
  t.match(lost[at + 1], "captures/<wbr>node-a/<wbr>nic.eth0.pcap");
  const html = renderHtml(buildFindings([replyLost]));
  t.equal([...html.matchAll(/class="break-line"/g)].length, 1);
  t.equal(
    [...html.matchAll(/class="packet lost"/g)].length,
    8,
    "a red end for each lost reply, wide and narrow",
  );
  t.notMatch(renderHtml(buildFindings([healthy])), /class="(break|packet lost)/);
  t.match(renderHtml(SAMPLES["rejected"] ?? buildFindings([])), /class="break-text">TCP RST</);
  t.match(renderHtml(SAMPLES["unanswered"] ?? buildFindings([])), /class="doubt-text">no reply</);
});

t.test("the headline is the check's where no flow failed and the check did not pass", async (t) => {
  const message = "The name is at fault. dns does not know nope.shop: NXDOMAIN for all of 4 names; a; b";
  const check = { id: "resolves", status: "fail", message } as const;
  const head = (flows: FlowFinding[], ...checks: CheckFinding[]): string =>
    /<title>[^]*<\/h1>/.exec(renderHtml(buildFindings(flows, { checks })))?.[0] ?? "";
  const page = renderHtml(buildFindings([], { checks: [check] }));
  t.match(
    page,
    '<table class="stack checks">',
    "below each other on a narrow screen, where a check's name was broken",
  );
  const failed = head([healthy], check);
  t.match(failed, /<title>hopbook [^<]*: fail<\/title>/);
  t.match(failed, /<header class="bad">[^]*<span class="status">FAIL<\/span>: The name is at fault\. dns/);
  t.match(head([], { ...check, status: "pass", message: "found" }), /"good">[^]*>PASS<\/span>: found\./);
  t.match(head([unanswered], check), />UNANSWERED</, "what was lost comes first");
  t.match(head([healthy], { ...check, status: "pass" }), />DELIVERED</);
  t.match(head([unanswered], { ...check, status: "pass", message: "as it has to be" }), />PASS</);
  t.match(head([healthy, healthy], { ...check, status: "pass", message: "both pass" }), />PASS<.*both pass/);
  const isFirst = (flows: FlowFinding[]): boolean => {
    const html = renderHtml(buildFindings(flows, { checks: [check] }));
    return html.indexOf("<h3>Checks</h3>") < html.indexOf('id="flow-0"');
  };
  t.ok(isFirst([healthy]), "what the headline is about comes first");
  t.notOk(isFirst([unanswered]));
  const both = head([], { ...check, status: "warn", message: "w" }, { ...check, message: "f" });
  t.match(both, />FAIL<\/span>: f\./);
});

t.test("a headline without a verdict is of one colour", async (t) => {
  const html = renderHtml(SAMPLES["empty"] ?? buildFindings([]));
  t.match(html, '<span class="status"></span>No flow was followed.');
});

/** Links that are made of what text looks like afterwards are not of the report's making. */
const fromGfm = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

/** The kinds of all nodes of a document. */
function* walk(node: Nodes): Generator<string> {
  yield node.type;
  if ("children" in node) for (const child of node.children) yield* walk(child);
}

t.test("Markdown: what a whole analysis says", async (t) => {
  const text = renderMarkdown(SAMPLES["several"] ?? buildFindings([]));
  t.match(
    text,
    "| **lost** | shop/client → shop/web-7c9d5b8f6-x2x4q:8080 | TCP http | 24 of 72 (33.3 %) | an iptables rule",
  );
  t.match(text, "4990 more flows are not listed here: 10 lost, 4980 delivered.");
  t.match(
    text,
    "| request | on node-b between eth0 (nic) and vxlan.calico (tunnel) | 24 of 72 (33.3 %) | all along: 1 in 3; over",
  );
  t.match(
    text,
    "- **fail** Packets of 1400 bytes pass, packets of 1480 bytes do not. (`mtu-hole`)\n  - Next: Set the",
  );
  t.match(text, "- HTTP 503 Service Unavailable × 3, 9 ms to 11.5 ms, median 10 ms");
  t.match(text, "- request: destination 10.96.0.20:80 → 10.244.2.7:8080, on node-a");
  t.ok(renderMarkdown(buildFindings(buildMany(5000))).length < 200_000);
});

t.test("Markdown", async (t) => {
  const text = renderMarkdown(buildFindings([fdbMissing]));
  t.match(text, /^# hopbook trace-path\n/);
  t.match(text, "**LOST on node-a between vxlan.calico (tunnel) and eth0 (nic): 4 of 4 requests.**");
  t.match(
    text,
    /\| 3 \| `node-a` \| `vxlan\.calico` \| tunnel \| 4 \| 0 \| {2}\|\n\| ❌ \| \*\*lost here\*\*/,
  );
  for (const [name, findings] of Object.entries(SAMPLES)) {
    const all = renderMarkdown(findings);
    const kinds = new Set([...walk(fromMarkdown(all, { extensions: [gfm()], mdastExtensions: fromGfm }))]);
    for (const kind of ["html", "link", "image", "linkReference", "emphasis", "delete", "footnoteReference"])
      t.notOk(kinds.has(kind), `${name}: ${kind}`);
    const outsideCode = all.replace(/(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, "CODE");
    t.notMatch(outsideCode, /<|(?<!\\)\]\(|(?<!\\)!\[|http:\/\//, name);
    for (const [head, ...rows] of [...all.matchAll(/(?:^\|.*\|\n?)+/gm)].map((match) =>
      match[0].trim().split("\n"),
    )) {
      const cells = (row = ""): number => row.replaceAll("\\|", "").split("|").length;
      t.ok(
        rows.every((row) => cells(row) === cells(head)),
        `${name}: tables keep their columns`,
      );
    }
  }
});

t.test("the reply's own way counts replies only", async (t) => {
  const findings = SAMPLES["asymmetric"] ?? buildFindings([]);
  t.match(
    renderMarkdown(findings),
    /The reply's own way:\n\n\| hop \| node \| interface \| role \| replies \| {2}\|/,
  );
  const text = renderText(findings, { color: false, unicode: true, width: 80 });
  t.match(text, /The reply's own way:\n {2}node-b +reply\n {2}● eth0 +pod +4 ↑\n/);
  const [, table] = renderHtml(findings).split("The reply’s hops");
  t.match(table, '<th scope="col" class="number">Replies</th>');
  t.notMatch(table, "Requests");
  t.match(renderHtml(SAMPLES["inconclusive"] ?? findings), "Missed by tcpdump");
});

t.test("JUnit", async (t) => {
  const xml = renderJunit(SAMPLES["six"] ?? buildFindings([]));
  t.match(xml, '<testsuite name="flows" tests="6" failures="4" errors="1" skipped="0"');
  t.match(xml, '<failure type="lost" message="LOST on node-b between vxlan.calico');
  const found = renderJunit(buildFindings([everyThird]));
  t.match(found, '<testsuite name="findings" tests="3" failures="1" errors="0" skipped="0"');
  t.match(
    found,
    '<failure type="mtu-hole" message="Packets of 1400 bytes pass, packets of 1480 bytes do not">',
  );
  t.match(found, "Next: Set the pods&#39; MTU to 1400 or less");
  t.match(found, "request: 24 of 72 (33.3 %) missing on node-b between");
  const [audited] = SAMPLES["audited"]?.flows ?? [];
  const lost = renderJunit(SAMPLES["audited"] ?? buildFindings([]));
  t.match(lost, '<testsuite name="audit" tests="2" failures="1" errors="0" skipped="0"');
  t.match(
    lost,
    /<failure type="rules" message="fault: node-b \(request\): the request .* FORWARD">iptables-save/,
  );
  const through = renderJunit(
    buildFindings([{ ...healthy, ...(audited?.audit !== undefined && { audit: audited.audit }) }]),
  );
  t.match(
    through,
    '<testsuite name="audit" tests="2" failures="0"',
    "packets that get through fail no build",
  );
  t.match(through, "<system-out>fault: node-b (request)");
  const mixed = renderJunit(SAMPLES["incomplete"] ?? buildFindings([]));
  t.match(mixed, '<testsuite name="checks" tests="3" failures="0" errors="1" skipped="1"');
  for (const [name, findings] of Object.entries(SAMPLES)) {
    const text = renderJunit(findings);
    const balance = text.replace(/<\?xml[^>]*\?>/, "").match(/<[^>]*>/g) ?? [];
    const depth = balance.reduce(
      (sum, tag) => sum + (tag.startsWith("</") ? -1 : tag.endsWith("/>") ? 0 : 1),
      0,
    );
    t.equal(depth, 0, `${name}: every element is closed`);
    t.notMatch(text, /&(?!amp;|lt;|gt;|quot;|#39;|#96;)/, name);
  }
});

t.test("JSON", async (t) => {
  for (const findings of Object.values(SAMPLES))
    t.strictSame(JSON.parse(renderJson(findings)), JSON.parse(JSON.stringify(findings)));
});
