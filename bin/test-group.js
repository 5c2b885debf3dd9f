// Runs compiled test files of tap's in one process, one after the other, each as a test that is named as its file: what they
// import is loaded once. `t`, as they import it, is the test of the file whose turn it is (bin/build-tests.js).
// Usage: node bin/test-group.js FILE…, as paths from the repository's root.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../.build/", import.meta.url));
const files = process.argv.splice(2);
// tap names its folders after the command line.
process.argv[1] = files[0] ?? "";
const turn = { t: undefined };
globalThis[Symbol.for("hopbook.test-group")] = turn;
const { default: root } = await import(join(BUILT, "node_modules/@tapjs/bundle/index.js"));
for (const file of files) {
  void root.test(file, async (t) => {
    turn.t = t;
    await import(join(BUILT, file.replace(/\.ts$/, ".js")));
  });
}
