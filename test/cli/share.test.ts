import t from "tap";
import { statSync } from "node:fs";
import { join } from "node:path";
import { hopbook } from "./helpers.js";

const RUN = join(import.meta.dirname, "../../docs/example-runs/policy-drop");

t.test("share, and look for what is left", async (t) => {
  const [archive, key] = ["run.tar.gz", "run.key.json"].map((name) => join(t.testdirName, name));
  t.testdir();
  const shared = await hopbook(["share", RUN, "--out", archive!, "--key", key!]);
  t.equal(shared.code, 0, shared.err);
  t.match(shared.out, /^archive: .*run\.tar\.gz$/m);
  t.match(shared.out, /^verdict: had again from the archive, and the same$/m);
  t.equal(statSync(key!).mode & 0o777, 0o600);
  const verified = await hopbook(["share", "--verify", archive!, "--key", key!]);
  t.equal(verified.code, 0);
  t.match(verified.out, /^[0-9]+ originals looked for in [0-9]+ files and 72 packets: none is left\n$/);
  const again = await hopbook(["share", RUN, "--out", archive!, "--key", key!]);
  t.match(again.err, "it is there already");
});

t.test("what is not said right is exit 2", async (t) => {
  const dir = t.testdir({ "no-key.json": "{}", "no-run": {} });
  for (const [argv, said] of [
    [["share"], "one of them alone"],
    [["share", RUN, "--verify", "a.tar.gz"], "one of them alone"],
    [["share", "--verify", "a.tar.gz"], "--verify takes --key"],
    [["share", "--verify", "a.tar.gz", "--key", join(dir, "none.json")], "Cannot read the key"],
    [["share", RUN, "--payload", "some"], "--payload"],
  ] as const) {
    const { code, err } = await hopbook(argv);
    t.equal(code, 2, argv.join(" "));
    t.match(err, said);
  }
  const noKey = await hopbook(["share", "--verify", "a.tar.gz", "--key", join(dir, "no-key.json")]);
  t.match(noKey.err, "it is not what hopbook share writes");
  const noRun = await hopbook(["share", join(dir, "no-run"), "--out", join(dir, "x.tar.gz")]);
  t.match(noRun.err, "manifest.json");
});
