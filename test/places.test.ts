import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";

/** Tests lie where CONTRIBUTING.md says: those of lib/x/y.ts in test/x/y.test.ts, or by another name in test/x/. */

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Folders of test/ that are no mirror of lib/: suites on a lab or a cluster, bin/, and what is hostile to all of it. */
const APART = ["lab", "cluster", "fixtures", "bin", "hostile"];
/** test/cluster/ is the suite on a real cluster. */
const RENAMED: Readonly<Record<string, string>> = { facts: "cluster" };

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Whether lib/ has what a test in test/ is about: a file of its name, or a folder of its folder's. */
function hasSubject(test: string): boolean {
  const [room = "", ...rest] = test.replace(/(\.slow)?\.test\.ts$/, "").split("/");
  const subject = join(ROOT, "lib", RENAMED[room] ?? room, ...rest);
  return existsSync(`${subject}.ts`) || isFolder(subject) || isFolder(dirname(subject));
}

t.test("each folder of tests has a folder or a file of lib/ that it is about", async (t) => {
  const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .filter((name) => !APART.some((folder) => name.startsWith(`${folder}/`)));
  t.ok(tests.length > 100);
  t.strictSame(
    tests.filter((name) => !hasSubject(name)),
    [],
  );
});
