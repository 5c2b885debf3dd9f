import t from "tap";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Bench } from "./bench.js";

/**
 * What the pages of playbooks show of a run is what the command prints today, but for its numbers. With
 * HOPBOOK_SESSIONS=write the files are made anew.
 */

const FOLDER = fileURLToPath(new URL("../../runbooks/sessions/", import.meta.url));
const isWriting = process.env["HOPBOOK_SESSIONS"] === "write";

/** Without what each flow has to say for itself, which the report holds. */
function shorten(stdout: string): string {
  const [head = "", ...flows] = stdout.split(/^── /m);
  const end = stdout.slice(stdout.search(/^Checks$/m));
  return `${[head.trim(), "", ...(flows.length === 0 ? [] : ["⋮", ""]), end.trim()].join("\n").trim()}\n`;
}

/** Times, counts and ports differ from run to run, and with them where lines end. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[0-9]+(?:[.:-][0-9]+)*(?: [µm]?s\b)?/g, "#");
}

for (const file of readdirSync(FOLDER).sort()) {
  t.test(file, async (t) => {
    const bench = await Bench.open("session");
    t.teardown(() => bench.close());
    const path = join(FOLDER, file);
    const lines = readFileSync(path, "utf8").split("\n");
    const commands = lines.filter((line) => line.startsWith("$ hopbook "));
    let printed = "";
    for (const command of commands) {
      const [, , ...args] = command.split(" ");
      const more = args[0] === "lab" ? ["--name", bench.name] : ["--cluster", bench.lab.files.profile];
      const { stdout, stderr, exitCode } = await bench.hopbook(...args, ...more);
      t.ok(exitCode === 0 || exitCode === 3, `${command}: ${stderr}`);
      // What to run next names the cluster as this run did.
      printed = shorten(stdout).replaceAll(` --cluster ${bench.lab.files.profile}`, "");
    }
    if (isWriting) writeFileSync(path, `${commands.join("\n")}\n\n${printed}`);
    const shown = lines.slice(lines.indexOf("") + 1).join("\n");
    if (!isWriting) t.equal(withoutNumbers(shown), withoutNumbers(printed));
  });
}
