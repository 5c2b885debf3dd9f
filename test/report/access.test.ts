import t from "tap";
import type { AccessFinding, Findings } from "../../lib/model/findings.js";
import { describeAccess, describeChosen, describeRejected } from "../../lib/report/access.js";
import { renderHtml, renderMarkdown, renderText } from "../../lib/report/index.js";

const made = "pod default/hopbook-1, made for this run; the node's own programs";
const ssh = { via: "ssh", reason: "no profile names a login" } as const;
const access: readonly AccessFinding[] = [
  { target: "node-a", via: "debugPod", made, reason: "it may be made", rejected: [ssh] },
  {
    ...{ target: "evil\u001b[2J<b>", via: null, made: null, reason: "nothing may be done" },
    rejected: [ssh, { via: "podExec", reason: "<script>" }],
  },
];
const findings: Findings = {
  ...{ apiVersion: "hopbook.dev/v1", kind: "Findings", flows: [], checks: [] },
  run: { id: "a", runbook: "x", startedAt: "2026-01-01T00:00:00Z", complete: true, incomplete: [] },
};

t.test("a way in is one sentence, each reason is said once", async (t) => {
  t.strictSame(access.map(describeAccess), [
    `node-a by debugPod (${made})`,
    "evil\u001b[2J<b>: no way in: nothing may be done",
  ]);
  t.equal(describeAccess({ target: "n", via: "ssh", made: null, reason: null, rejected: [] }), "n by ssh");
  t.equal(describeAccess({ target: "n", via: null, made: null, reason: null, rejected: [] }), "n: no way in");
  t.strictSame(describeChosen(access), ["debugPod: it may be made"]);
  t.strictSame(describeRejected(access), [
    "ssh: no profile names a login",
    "podExec: <script> (evil\u001b[2J<b>)",
  ]);
});

t.test("all reports say it, and nothing of it is markup or moves the terminal", async (t) => {
  const text = renderText({ ...findings, access }, { color: false, unicode: true, width: 80 });
  t.match(text, /Ways in\n.*node-a by debugPod \(pod default\/hopbook-1/);
  t.match(text, "not ssh: no profile names a login");
  t.notMatch(text, "\u001b");
  const md = renderMarkdown({ ...findings, access });
  t.match(md, /## Ways in[^]*Why this way:[^]*Why not the others:/);
  t.notMatch(md, "<script>");
  const html = renderHtml({ ...findings, access });
  t.match(html, "<h3>Ways in</h3>");
  // eslint-disable-next-line no-control-regex
  t.notMatch(html, /<script>|<b>evil|\u001b/);
  for (const [name, plain] of [
    ["text", renderText(findings, { color: false, unicode: true, width: 80 })],
    ["md", renderMarkdown({ ...findings, access: [] })],
    ["html", renderHtml(findings)],
  ] as const)
    t.notMatch(plain, "Ways in", name);
});
