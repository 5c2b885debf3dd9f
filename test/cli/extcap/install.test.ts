import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { extcapFolders, installExtcap } from "../../../lib/cli/extcap/install.js";

t.test("the program goes to the folders of all versions, runs hopbook, and is written anew", async (t) => {
  const home = t.testdir({ "it's hopbook.sh": 'printf "%s|" "$@"' });
  const folders = extcapFolders(home, undefined);
  t.strictSame(folders, [join(home, ".local/lib/wireshark/extcap"), join(home, ".config/wireshark/extcap")]);
  t.equal(extcapFolders(home, "/c")[1], "/c/wireshark/extcap");
  const program = ["/bin/sh", join(home, "it's hopbook.sh")];
  for (let times = 0; times < 2; times++) {
    const files = await installExtcap(folders, program);
    t.strictSame(
      files,
      folders.map((folder) => join(folder, "hopbook")),
    );
    for (const file of files) {
      t.equal(String(execFileSync(file, ["--extcap-interfaces", "a b"])), "extcap|--extcap-interfaces|a b|");
    }
  }
  for (const folder of folders) t.strictSame(readdirSync(folder), ["hopbook"]);
});

t.test("what another made is left as it is, and nothing is written", async (t) => {
  const home = t.testdir({ one: {}, other: { hopbook: "another's" } });
  await t.rejects(installExtcap([join(home, "one"), join(home, "other")], ["x"]), {
    code: "ARTIFACTS_UNWRITABLE",
  });
  t.equal(readFileSync(join(home, "other/hopbook"), "utf8"), "another's");
  t.strictSame(readdirSync(join(home, "one")), []);
  writeFileSync(join(home, "file"), "");
  await t.rejects(installExtcap([join(home, "file")], ["x"]), { code: "ARTIFACTS_UNWRITABLE" });
});
