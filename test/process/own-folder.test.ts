import t from "tap";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { compiledOf } from "../compiled.js";
import { clearStaleFolders, makeOwnFolder } from "../../lib/process/own-folder.js";

const DAYS_AGO = new Date(Date.now() - 3 * 24 * 60 * 60_000);

t.test(
  "a folder whose process is gone goes, one that lives stays, and what is not ours is left alone",
  async (t) => {
    const parent = t.testdir();
    const own = makeOwnFolder("ssh", parent);
    const owner = readFileSync(join(own, ".owner"), "utf8");
    const [, start = "", namespace = ""] = owner.trim().split(" ");
    const gone = spawnSync("true").pid;
    const make = (name: string, text?: string): string => {
      const folder = join(parent, name);
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(join(folder, "log"), "");
      if (text !== undefined) writeFileSync(join(folder, ".owner"), text);
      return folder;
    };
    const dead = make("hopbook-ssh-aaaaaa", `${gone} 1 ${namespace}\n`);
    const reused = make("hopbook-script-bbbbbb", `${process.pid} ${Number(start) + 1} ${namespace}\n`);
    const elsewhere = make("hopbook-ssh-cccccc", `${gone} 1 pid:[1]\n`);
    const young = make("hopbook-dddddd");
    const forgotten = make("hopbook-eeeeee");
    utimesSync(forgotten, DAYS_AGO, DAYS_AGO);
    const open = make("hopbook-ssh-ffffff", `${gone} 1 ${namespace}\n`);
    chmodSync(open, 0o755);
    const other = make("hopbook-detached-x", `${gone} 1 ${namespace}\n`);
    symlinkSync(other, join(parent, "hopbook-ssh-gggggg"));
    t.strictSame(clearStaleFolders(parent).sort(), [
      "hopbook-eeeeee",
      "hopbook-script-bbbbbb",
      "hopbook-ssh-aaaaaa",
    ]);
    for (const folder of [own, elsewhere, young, open, other]) t.ok(existsSync(folder), folder);
    for (const folder of [dead, reused, forgotten]) t.notOk(existsSync(folder), folder);
    t.strictSame(clearStaleFolders(join(parent, "nothing")), []);
  },
);

t.test("the next client takes away what a killed one left", async (t) => {
  const parent = t.testdir();
  const lib = compiledOf("../../lib/process/own-folder.ts", import.meta.url);
  const script = `const { makeOwnFolder } = await import(${JSON.stringify(lib)}); console.log(makeOwnFolder("ssh", process.argv[1])); process.kill(process.pid, "SIGKILL")`;
  const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script, parent], {
    encoding: "utf8",
  });
  const left = killed.stdout.trim();
  t.equal(killed.signal, "SIGKILL");
  t.ok(existsSync(left));
  makeOwnFolder("ssh", parent);
  t.notOk(existsSync(left));
});
