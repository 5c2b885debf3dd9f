import t from "tap";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What README.md and the pages say of each other: every link has an end. */

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...pagesIn("docs"), ...pagesIn("examples")];

function pagesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(".md") && !name.includes("example-runs"));
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```.*?^```/gms, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

t.test("every link leads to a file or heading that is there", (t) => {
  let links = 0;
  for (const page of PAGES) {
    const text = readFileSync(join(ROOT, page), "utf8");
    for (const [, target = ""] of text.replace(/^```.*?^```/gms, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
      links += 1;
      if (!existsSync(file)) t.fail(`${page}: ${target} is not there`);
      else if (anchor !== undefined && statSync(file).isFile())
        t.ok(anchorsOf(readFileSync(file, "utf8")).has(anchor), `${page}: ${target} has no such heading`);
      t.notOk(relative(ROOT, file).startsWith(".."), `${page}: ${target} is in the repository`);
    }
  }
  t.ok(links > 60, `${links} links`);
  t.end();
});

t.test("README.md is short, and its two set-up commands stand as CI runs them", (t) => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  t.ok(readme.split("\n").length <= 200);
  const blocks = [...readme.matchAll(/^```\n(npm .*)\n```$/gm)].map(([, command]) => command);
  t.strictSame(blocks, ["npm run demo", "npm test"]);
  const stages = readFileSync(join(ROOT, ".ci/run"), "utf8");
  t.match(stages, /^stage "the README's first command: npm run demo" demo \d+ npm run --silent demo$/m);
  t.match(stages, /^stage "the README's second command: npm test, and coverage" unit \d+ npm test /m);
  t.end();
});
