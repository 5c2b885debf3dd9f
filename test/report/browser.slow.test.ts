import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { renderHtml } from "../../lib/report/index.js";
import { showInBrowser, withoutBrowser } from "../fixtures/browser.js";
import { buildFindings, HOSTILE_STRINGS } from "./samples.js";
import { ALL_SAMPLES as SAMPLES, RECORD } from "./many.js";

/** What a real browser makes of a report. */

const options = { skip: withoutBrowser, timeout: 90_000 };

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "hopbook-report-test-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

t.test("hostile strings run nothing", options, async (t) => {
  const folder = makeFolder(t);
  const html = renderHtml(SAMPLES["hostile"] ?? buildFindings([]));
  const bare = "<!DOCTYPE html><title>x</title><p></p><script>document.title='PWNED'</script>";
  t.match(showInBrowser(folder, "control.html", bare), /<title>PWNED<\/title>/, "the browser would run it");
  const open = html.replace(/<meta http-equiv[^>]*>/, "");
  for (const [name, page] of [
    ["report.html", html],
    ["no-policy.html", open],
  ] as const) {
    const dom = showInBrowser(folder, name, page);
    t.match(dom, /<title>hopbook [^<]*: lost<\/title>/, `${name}: the title is ours`);
    t.notMatch(dom, /<title>PWNED/, name);
    const { length } = [...dom.matchAll(/<script\b/gi)];
    t.equal(length, 1, `${name}: the charts' program, and no other`);
    const strings = dom.replace(/<script>[^]*?<\/script>/, "");
    t.notMatch(strings, /<img\b/i, `${name}: no element came from the strings`);
    t.match(dom, /class="chart drawn"/, `${name}: the policy lets the charts be drawn`);
    t.match(dom, /&lt;\/script&gt;&lt;script&gt;/, `${name}: they are there as text`);
  }
  const injected = html.replace("<main>", `<main>${HOSTILE_STRINGS[0].slice("</script>".length)}`);
  const shown = showInBrowser(folder, "injected.html", injected);
  t.notMatch(shown, /<title>PWNED/, "the policy stops a script even without escaping");
});

const PAGES = ["everyThird", "long", "several", "hostile", "inconclusive", "asymmetric", "names"];

/** Measures what is drawn: the marks' right ends, and what stands out of the page. */
const MEASURE = `addEventListener("load", () => {
  const told = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument;
    const marks = [...page.querySelectorAll(".way tr.cut, .break-line, .packet.lost")].map((mark) => mark.getBoundingClientRect());
    const seen = marks.filter(({ width, height }) => width + height > 0);
    const right = Math.max(...seen.map((box) => box.right));
    const scrolling = [...page.querySelectorAll(".scroll")].filter((one) => one.scrollWidth > one.clientWidth + 1);
    return [frame.id, seen.length, Math.ceil(right), page.documentElement.scrollWidth, scrolling.length].join(" ");
  });
  document.title = told.join("; ");
});`;

t.test("the loss is on the screen, at 400 px and at 1280, of 8 hops and of 30", options, async (t) => {
  const folder = makeFolder(t);
  for (const name of PAGES)
    writeFileSync(
      join(folder, `${name}.html`),
      renderHtml(SAMPLES[name] ?? buildFindings([]), { record: RECORD }),
    );
  const frames = PAGES.flatMap((name) =>
    [400, 1280].map(
      (width) => `<iframe id="${name}-${width}" width="${width}" height="900" src="${name}.html"></iframe>`,
    ),
  );
  const all = `<!DOCTYPE html><title>x</title>${frames.join("")}<script>${MEASURE}</script>`;
  const [, title = ""] = /<title>([^<]*)<\/title>/.exec(showInBrowser(folder, "all.html", all)) ?? [];
  const rows = title.split("; ").map((row) => row.split(" "));
  t.equal(rows.length, 2 * PAGES.length, title);
  for (const [id = "", marks, right, whole, scrolling] of rows) {
    const width = Number(id.split("-")[1]);
    t.ok(Number(whole) <= width, `${id}: nothing stands out of the page, which is ${whole} px wide`);
    if (id.startsWith("hostile")) continue;
    t.equal(Number(scrolling), 0, `${id}: nothing in it has to be moved sideways`);
    if (/^(inconclusive|asymmetric)-/.test(id)) continue;
    t.ok(Number(marks) > 0, `${id}: the loss is marked`);
    t.ok(Number(right) <= width, `${id}: every mark is on the screen, up to ${right} px`);
  }
});
