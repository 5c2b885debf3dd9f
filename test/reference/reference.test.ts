import t from "tap";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { makeReference } from "../../lib/reference/reference.js";
import { describeCommands } from "../../lib/cli/reference.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = { ...(await makeReference()), "docs/cli.md": describeCommands() };

t.test("the generated files are what the code says: npm run docs writes them", async (t) => {
  for (const [name, text] of Object.entries(PAGES)) {
    const file = join(ROOT, name);
    const parser = name.endsWith(".json") ? "json" : "markdown";
    const wanted = await format(text, { ...(await resolveConfig(file)), parser });
    t.ok(existsSync(file) && readFileSync(file, "utf8") === wanted, name);
  }
});

t.test("no page has a hole, and its links lead somewhere", async (t) => {
  const pages = Object.entries(PAGES).filter(([name]) => name.endsWith(".md"));
  t.ok(pages.length >= 7);
  for (const [name, text] of pages) {
    t.notMatch(text, /undefined|\[object|NaN/, name);
    const headings = new Set(
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
        heading
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, "")
          .replaceAll(" ", "-"),
      ),
    );
    for (const [, path = "", anchor] of text.matchAll(/\]\(([^)#:\s]*)(?:#([^)]*))?\)/g)) {
      if (path !== "") t.ok(existsSync(join(ROOT, dirname(name), path)), `${name}: ${path}`);
      else t.ok(headings.has(anchor ?? ""), `${name}: #${anchor}`);
    }
  }
});

t.test("a step that captures at points says all that its runbook has to declare", (t) => {
  const steps = readFileSync(join(ROOT, "docs/steps.md"), "utf8");
  const [, watch = ""] = steps.split("## capture/watch");
  t.match(
    watch.split("\n## ")[0],
    /^Needs permission for `netns\/tcpdump`.* also for .*`capture\/check`\.$/m,
  );
  t.end();
});
