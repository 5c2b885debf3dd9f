import { spawnSync } from "node:child_process";
import t from "tap";
import { renderJson, renderJunit, renderMarkdown, renderText } from "../../lib/report/index.js";
import { EACH_PAYLOAD, OBEYED } from "./payloads.js";
import { poisoned } from "./poisoned.js";

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
