import t from "tap";
import type { Findings } from "../../lib/model/findings.js";
import { renderHtml } from "../../lib/report/index.js";
import { showInBrowser, withoutBrowser } from "../fixtures/browser.js";
import { buildFindings } from "../report/samples.js";
import { PAYLOADS } from "./payloads.js";
import { poisoned } from "./poisoned.js";

t.test("a browser runs nothing of a report", { skip: withoutBrowser, timeout: 110_000 }, async (t) => {
  const folder = t.testdir();
  const flows = Object.values(PAYLOADS).flatMap((payload) => poisoned(payload).flows);
  const checks = Object.values(PAYLOADS).map((payload) => ({
    id: payload,
    status: "fail",
    message: payload,
  }));
  const html = renderHtml(buildFindings(flows, { checks: checks as Findings["checks"] }));
  // Without the policy too: the escaping alone has to hold.
  for (const [name, page] of [
    ["report.html", html],
    ["no-policy.html", html.replace(/<meta http-equiv[^>]*>/, "")],
  ] as const) {
    const dom = showInBrowser(folder, name, page);
    t.notMatch(dom, /<title>PWNED/, `${name}: no script ran`);
    t.notMatch(dom, /<(script|img|object|iframe)\b/i, `${name}: no element came of it`);
    t.notMatch(dom, /<[^>]+\s(onerror|onload|onmouseover|href="javascript)/i, `${name}: no handler, no link`);
    t.match(dom, /document\.title=/, `${name}: it is there as text`);
  }
});
