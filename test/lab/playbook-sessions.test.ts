import t from "tap";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packRun, readPack, writePack, type PackedRuns } from "../fixtures/runs/pack.js";
import { shortenSession, withoutNumbers } from "../fixtures/runs/session.js";
import { Bench, type Outcome } from "./bench.js";
import { whileSending } from "./traffic.js";

/**
 * What the pages of playbooks show of a run is what the command prints today, but for its numbers. With
 * HOPBOOK_SESSIONS=write the files are made anew, and the recordings in test/fixtures/runs of the same runs; with names in its
 * place (`dns,mtu`) those alone.
 */

const FOLDER = fileURLToPath(new URL("../../runbooks/sessions/", import.meta.url));
const asked = process.env["HOPBOOK_SESSIONS"] ?? "";
const isWriting = asked !== "";
const named = asked === "write" ? [] : asked.split(",").filter((name) => name !== "");
const files = readdirSync(FOLDER)
  .filter((file) => named.length === 0 || named.includes(file.replace(/\.txt$/, "")))
  .sort();

/** What shop/client does meanwhile, where a playbook sends nothing itself. */
const PING = "exec ping -n -i 0.2 192.168.218.65";
const CONNECT = "while :; do (: </dev/tcp/192.168.218.65/8080) 2>/dev/null; sleep 0.3; done";
const MEANWHILE: Readonly<Record<string, string>> = {
  "capture.txt": PING,
  "packet-loss.txt": PING,
  "watch-resets.txt": CONNECT,
};

let packed: PackedRuns = named.length === 0 ? {} : readPack();
const bench = await Bench.open("session");
t.teardown(() => bench.close());

for (const file of files) {
  t.test(file, async (t) => {
    const path = join(FOLDER, file);
    const lines = readFileSync(path, "utf8").split("\n");
    const commands = lines.filter((line) => line.startsWith("$ hopbook "));
    const meanwhile = MEANWHILE[file];
    let printed = "";
    for (const command of commands) {
      const [, , ...args] = command.split(" ");
      const isOfLab = args[0] === "lab";
      const more = isOfLab ? ["--name", bench.name] : ["--cluster", bench.lab.files.profile];
      const run = (): Promise<Outcome> => bench.hopbook(...args, ...more);
      const { stdout, stderr, exitCode, outDir } =
        meanwhile === undefined || isOfLab
          ? await run()
          : await whileSending(bench.lab, { pod: "shop/client", argv: ["bash", "-c", meanwhile] }, run);
      t.ok(exitCode === 0 || exitCode === 3, `${command}: ${stderr}`);
      // What to run next names the cluster as this run did.
      printed = shortenSession(stdout).replaceAll(` --cluster ${bench.lab.files.profile}`, "");
      if (isWriting && !isOfLab)
        packed = { ...packed, [file.replace(/\.txt$/, "")]: packRun(outDir, exitCode ?? -1) };
    }
    // One lab for all: each finds it without the others' faults.
    for (const command of commands.filter((one) => one.endsWith(" on")))
      await bench.hopbook(...command.replace(/ on$/, " off").split(" ").slice(2), "--name", bench.name);
    if (isWriting) writeFileSync(path, `${commands.join("\n")}\n\n${printed}`);
    const shown = lines.slice(lines.indexOf("") + 1).join("\n");
    if (!isWriting) t.equal(withoutNumbers(shown), withoutNumbers(printed));
  });
}

t.test("the recordings are kept", { skip: !isWriting }, (t) => {
  writePack(packed);
  t.end();
});
