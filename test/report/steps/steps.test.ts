import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import t from "tap";
import type { Findings, MarkFinding, PrintedFinding } from "../../../lib/model/findings.js";
import { renderHtml, renderMarkdown, renderText } from "../../../lib/report/index.js";
import { buildFindings, healthy, HOSTILE_STRINGS } from "../samples.js";

const NONE = { first: [], leftOut: 0, last: [] };
const LINKS: PrintedFinding = {
  ...{ step: "links", on: "node/node-a", argv: ["ip", "-s", "link show"], exitCode: 0 },
  ...{ file: "evidence/node-a/steps/links.txt", stderr: { first: ["odd"], leftOut: 0, last: [] } },
  stdout: { first: ["1:\tlo"], leftOut: 470, last: ["9: eth0"] },
};
const MARK: MarkFinding = {
  ...{ kind: "freeze", at: "2026-11-20T21:44:54.123Z", step: "reset", tookMs: 120 },
  text: "the rings are kept: a packet at shop/client/eth0@node-a",
};

const withSteps = (printed: readonly PrintedFinding[], marks: readonly MarkFinding[] = []): Findings => ({
  ...buildFindings([healthy]),
  ...{ printed, marks },
});
const plain = (findings: Findings, unicode = true): string =>
  renderText(findings, { color: false, width: 80, unicode });

t.test("on a terminal: what happened meanwhile, and what commands printed", async (t) => {
  t.match(
    plain(withSteps([LINKS, { ...LINKS, exitCode: null, stdout: NONE, stderr: NONE }], [MARK])),
    `Meanwhile
  • 2026-11-20T21:44:54.123Z freeze, reset: the rings are kept: a packet at
    shop/client/eth0@node-a (after 120 ms)

What commands printed
  links: ip -s 'link show' on node/node-a: exit code 0
    1:      lo
    … 470 more lines: evidence/node-a/steps/links.txt
    9: eth0
    stderr: odd
  links: ip -s 'link show' on node/node-a: was ended
    (it printed nothing)
`,
  );
  t.equal(plain(withSteps([], [])), plain(buildFindings([healthy])));
});

t.test("many of them are counted, not listed", async (t) => {
  const many = withSteps(
    Array.from({ length: 64 }, () => LINKS),
    Array.from({ length: 200 }, () => MARK),
  );
  t.match(plain(many), "and 56 more in findings.json");
  t.match(plain(many), "and 180 more in findings.json");
  for (const whole of [renderMarkdown(many), renderHtml(many)]) {
    t.match(whole, "and 32 more in findings.json");
    t.match(whole, "and 168 more in findings.json");
  }
});

const HOSTILE: readonly string[] = [
  ...HOSTILE_STRINGS,
  "\x1b]0;title\x07\x1b[2J\x1b[31mred",
  "```\n# a heading\n```",
  "</pre><script>alert(1)</script>",
  "\u202egnp.exe",
  "\r\x08\x00over",
];

t.test("what nodes print does nothing to a terminal, a page or a ticket", async (t) => {
  const findings = withSteps(
    HOSTILE.map((text) => ({
      ...LINKS,
      ...{ step: text, on: text, argv: [text], file: text },
      ...{
        stdout: { first: [text], leftOut: 1, last: [text] },
        stderr: { first: [text], leftOut: 0, last: [] },
      },
    })).slice(0, 32),
    HOSTILE.map((text) => ({ ...MARK, text, at: text, step: text })),
  );
  for (const unicode of [true, false]) t.notMatch(plain(findings, unicode), /[^\P{C}\n]/u);
  const html = renderHtml(findings);
  t.notMatch(html, /[^\P{C}\n]/u);
  t.notMatch(html.replace(/<(script|style)>[^]*?<\/\1>/g, ""), /<script|<img|<a [^>]*href="[^#]/i);
  t.equal(html.match(/<pre /g)?.length, html.match(/<\/pre>/g)?.length);
  const kinds = new Set<string>();
  const walk = (node: Nodes): void => {
    kinds.add(node.type);
    if ("children" in node) node.children.forEach((child) => walk(child));
  };
  walk(fromMarkdown(renderMarkdown(findings)));
  for (const kind of ["html", "code", "image", "link"]) t.notOk(kinds.has(kind), kind);
});
