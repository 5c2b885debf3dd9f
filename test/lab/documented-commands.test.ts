import t from "tap";
import { execFile } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { downLab, upLab } from "../../lib/lab/index.js";
import { buildCli } from "./cli.js";

/** Every command that README.md and docs/ print in a block, pasted as it stands, in their order. */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGES = ["README.md", ...pagesIn("docs"), ...pagesIn("docs/by-hand")].filter((page) =>
  page.endsWith(".md"),
);

const COMMAND = /^(?:\$ )?((?:hopbook|node bin\/hopbook\.js) [a-z].*)$/gm;

const work = mkdtempSync(join(tmpdir(), "hopbook-docs-"));
function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);
}

const cli = buildCli();
const name = `docs-${process.pid}`;
mkdirSync(join(work, "path"));
symlinkSync(cli.bin, join(work, "path", "hopbook"));
symlinkSync(dirname(cli.bin), join(work, "bin"));

t.teardown(async () => {
  await downLab({ name });
  await downLab({ name: "lab", dir: join(work, "run/hopbook/lab") });
  cli.remove();
  rmSync(work, { recursive: true, force: true });
});

/** What goes to nodes asks a person first: nobody sits here, so the answer is given beforehand, and the profile named. */
function answered(line: string): string {
  const [command = "", ...comment] = line.split(/\s+#/);
  const asks =
    /(?:hopbook|hopbook\.js) (?:run|plan|hops|doctor|capture|find-interface|dns|connect|runs)(?: |$)/.test(
      command,
    ) && !/--yes|<\/dev\/null/.test(command);
  // A run that a page shows has another time here.
  const shown = command.replace(/artifacts\/\d{4}-\S*?Z(-\S+)/, (folder, end: string) => {
    const made = readdirSync(join(work, "artifacts")).find((one) => one.endsWith(end));
    return made === undefined ? folder : `artifacts/${made}`;
  });
  const names = asks && !/--cluster|--context/.test(command);
  return `${shown}${asks ? " --yes" : ""}${names ? " --cluster hopbook.yaml" : ""}${comment.map((text) => `   #${text}`).join("")}`;
}

function shell(line: string): Promise<{ readonly code: number; readonly text: string }> {
  const runtime = join(work, "run");
  const env = { ...process.env, PATH: `${join(work, "path")}:${process.env["PATH"] ?? ""}`, HOME: work };
  const script = line.replaceAll("/run/hopbook/lab", `${runtime}/hopbook/lab`);
  return new Promise((resolve) => {
    const options = { cwd: work, env: { ...env, XDG_RUNTIME_DIR: runtime, NO_COLOR: "1" }, timeout: 240_000 };
    execFile("bash", ["-c", script], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}\n${stderr}` });
    });
  });
}

/** With an ellipsis or a placeholder it is a form of a command; what only an API knows is for the cluster's tests. */
function isWhole(line: string): boolean {
  return (
    !/[…[<](?!\/dev\/null)/.test(line.replace("</dev/null", "")) &&
    !/\bsvc\/|--cluster prod|canary\/|\| (?:wireshark|tshark) |mtu-errors|completion fish/.test(line)
  );
}

t.test("what the pages print can be typed", async (t) => {
  mkdirSync(join(work, "run"), { mode: 0o700 });
  const lab = await upLab({ name, topology: "calico-vxlan" });
  copyFileSync(lab.files.profile, join(work, "hopbook.yaml"));
  let tried = 0;
  for (const page of PAGES) {
    const blocks = readFileSync(join(ROOT, page), "utf8").matchAll(/^```([a-z]*)\n(.*?)^```/gms);
    for (const [, language = "", block = ""] of blocks) {
      if (!["", "sh", "bash", "console"].includes(language)) continue;
      for (const [, line = ""] of block.matchAll(COMMAND)) {
        if (!isWhole(line)) continue;
        const { code, text } = await shell(answered(line));
        const judged = / (?:run|capture|dns) /.test(line);
        const wanted = line.includes("</dev/null") ? [4] : judged ? [0, 3] : [0];
        t.ok(wanted.includes(code), `${page}: ${line}: exit ${code}: ${code === 0 ? "" : text.slice(-600)}`);
        tried += 1;
      }
    }
  }
  t.ok(tried >= 12, `${tried} commands`);
});
