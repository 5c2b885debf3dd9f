import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import t from "tap";
import type { Findings } from "../../lib/model/findings.js";
import { renderHtml, renderJson, renderJunit, renderMarkdown, renderText } from "../../lib/report/index.js";
import { buildFindings, fdbMissing } from "../report/samples.js";
import { EACH_PAYLOAD, OBEYED, PAYLOADS } from "./payloads.js";

/** Words that programs choose, never a cluster. */
const CHOSEN = new Set([
  "status",
  "direction",
  "role",
  "confidence",
  "protocol",
  "probe",
  "apiVersion",
  "kind",
]);

/** The same findings with every name, address, message and path replaced: all that a cluster could have said. */
function poison(value: unknown, payload: string, key = ""): unknown {
  if (typeof value === "string") return CHOSEN.has(key) ? value : payload;
  if (Array.isArray(value)) return value.map((item) => poison(item, payload, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, poison(inner, payload, name)]),
  );
}

const sample = buildFindings([fdbMissing], {
  checks: [{ id: "delivered", status: "fail", message: "Packets were lost" }],
});
const poisoned = (payload: string): Findings => poison(sample, payload) as Findings;

const PARSE_XML = `import sys, xml.dom.minidom as m
for text in sys.stdin.buffer.read().split(b"\\0"): m.parseString(text)`;

t.test("a terminal obeys nothing of it", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    const text = renderText(poisoned(payload), { color: false, unicode: true, width: 100 });
    t.notMatch(text, OBEYED, name);
    t.match(text, /LOST/i, `${name}: the verdict is still said`);
    t.notMatch(text, /^ *VERDICT delivered/m, `${name}: and no line of another's`);
  }
});

t.test("Markdown and JUnit have no markup of it", async (t) => {
  const documents: string[] = [];
  for (const [name, payload] of EACH_PAYLOAD) {
    const markdown = renderMarkdown(poisoned(payload));
    t.notMatch(markdown, OBEYED, name);
    t.notMatch(markdown.replaceAll(/`+[^`]*`+/g, ""), /<(script|img|svg|a) |(?<!\\)!?\[x\]\(/, name);
    const junit = renderJunit(poisoned(payload));
    t.notMatch(junit, /<(script|img|svg|a)\b/, `${name}: JUnit`);
    documents.push(junit);
  }
  const parsed = spawnSync("python3", ["-c", PARSE_XML], { input: documents.join("\0"), encoding: "utf8" });
  if (parsed.error === undefined) t.equal(parsed.stderr, "", "JUnit is well-formed");
});

t.test("JSON has nothing of it for a terminal, and all of it for a program", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    const json = renderJson(poisoned(payload));
    t.notMatch(json.replaceAll("\n", ""), OBEYED, name);
    t.strictSame(JSON.parse(json), JSON.parse(JSON.stringify(poisoned(payload))), name);
  }
});

const chromium = spawnSync("chromium", ["--version"]).status === 0;

t.test("a browser runs nothing of it", { skip: !chromium && "no chromium", timeout: 110_000 }, async (t) => {
  const folder = t.testdir();
  mkdirSync(`${folder}/pages`);
  const flags =
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync --disable-background-networking " +
    "--disable-component-update --virtual-time-budget=2000 --dump-dom";
  const dump = (name: string, html: string): string => {
    writeFileSync(`${folder}/pages/${name}`, html);
    return execFileSync(
      "chromium",
      [...flags.split(" "), `--user-data-dir=${folder}/profile`, `file://${folder}/pages/${name}`],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 90_000, maxBuffer: 2 ** 26 },
    );
  };
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
    const dom = dump(name, page);
    t.notMatch(dom, /<title>PWNED/, `${name}: no script ran`);
    t.notMatch(dom, /<(script|img|object|iframe)\b/i, `${name}: no element came of it`);
    t.notMatch(dom, /<[^>]+\s(onerror|onload|onmouseover|href="javascript)/i, `${name}: no handler, no link`);
    t.match(dom, /document\.title=/, `${name}: it is there as text`);
  }
});
