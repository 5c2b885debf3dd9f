import t from "tap";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDocument, readOverlay } from "../../lib/document/index.js";
import { findNamed, loadRunbook } from "../../lib/runbook/index.js";

const text = readFileSync(new URL("../../docs/overlays.md", import.meta.url), "utf8");
const RUNBOOKS = new URL("../../runbooks", import.meta.url).pathname;

function block(name: string): string {
  const found = new RegExp(`<!-- ${name} -->\\s+\`\`\`yaml\\n([\\s\\S]*?)\`\`\``).exec(text);
  if (found?.[1] === undefined) throw new Error(`docs/overlays.md has no block ${name}`);
  return found[1];
}

t.test("the example in docs/overlays.md gives what it says", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "hopbook-doc-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, "look.yaml");
  writeFileSync(file, block("runbook"));
  const overlays = [readOverlay(parseDocument(block("overlay"), "overlay.yaml"))];
  const runbook = await loadRunbook(file, { overlays });
  t.strictSame(runbook.document.data, parseDocument(block("result"), "result.yaml").data);
});

t.test("so does the runbook that extends another", async (t) => {
  const example = /```yaml\n(apiVersion[^`]*extends[^`]*)```/.exec(text)?.[1] ?? "";
  const root = mkdtempSync(join(tmpdir(), "hopbook-doc-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, "slow.yaml"), example);
  const options = { findBases: (name: string) => findNamed(name, [RUNBOOKS]) };
  const runbook = await loadRunbook(join(root, "slow.yaml"), options);
  t.match(runbook, { metadata: { name: "trace-slowly" }, inputs: { watch: { default: "60s" } } });
});
