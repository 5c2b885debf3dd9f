import t from "tap";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, upLab } from "../../lib/lab/index.js";
import { buildCli } from "./cli.js";

/** What a command prints as the next one is pasted into a shell, in the folder it was printed in and in another one. */

const root = mkdtempSync(join(tmpdir(), "hopbook next's-"));
const [here, elsewhere] = ["here", "elsewhere"].map((name) => join(root, name));
const bin = join(root, "bin");
for (const folder of [here ?? "", elsewhere ?? "", bin]) mkdirSync(folder);
const cli = buildCli();
symlinkSync(cli.bin, join(bin, "hopbook"));
const name = `next-${process.pid}`;

t.teardown(async () => {
  for (const each of [name, `${name}-3`]) await downLab({ name: each });
  cli.remove();
  rmSync(root, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stderr: string;
  readonly text: string;
}

/** As a person's shell runs it. */
function shell(line: string, cwd: string | undefined): Promise<Said> {
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", HOME: root };
  return new Promise((resolve) => {
    execFile("sh", ["-c", line], { cwd, env, timeout: 240_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stderr, text: `${stdout}\n${stderr}` });
    });
  });
}

/** Every line's part from the command's name on, as one would copy it. */
function commandsIn({ text }: Said): string[] {
  return [...text.matchAll(/^(?:.*: | {2})(hopbook [a-z].*)$/gm)].map(([, command]) => command ?? "");
}

const EXIT_OK = new Set([0, 3]);

t.test("every command that is printed as the next one works, here and elsewhere", async (t) => {
  const lab = await upLab({ name, topology: "calico-vxlan" });
  const profile = lab.files.profile;
  const run = "trace-path --from shop/client --to shop/web:8080 --yes";
  symlinkSync(profile, join(here ?? "", "lab.yaml"));
  const starts: readonly (readonly [string, number])[] = [
    ["hopbook init 'clusters/my prod'", 1],
    ["hopbook new my-trace --dir 'my books'", 2],
    [`hopbook lab up --name ${name}-3`, 1],
    [`hopbook plan ${run} --cluster lab.yaml --out 'a plan.json'`, 1],
    [`hopbook run ${run} --cluster lab.yaml --detach --for 5m`, 3],
  ];
  for (const [start, count] of starts) {
    const said = await shell(start, here);
    t.equal(said.code, 0, `${start}: ${said.stderr}`);
    const next = commandsIn(said);
    t.equal(next.length, count, `${start} names what comes next: ${next.join(" | ")}`);
    // Those that look come before those that end what they look at.
    const order = [
      ...next.filter((line) => !/ (collect|stop) /.test(line)),
      ...next.filter((line) => / stop /.test(line)),
    ];
    for (const line of [...order, ...next.filter((line) => line.includes(" collect "))]) {
      for (const folder of line.includes(" collect ") ? [elsewhere] : [here, elsewhere]) {
        const then = await shell(line, folder);
        t.ok(EXIT_OK.has(then.code), `${line}: exit ${then.code}: ${then.stderr}`);
        t.notMatch(then.text, /unknown/, line);
        for (const further of commandsIn(then)) t.ok(next.includes(further), `${further} is one of those`);
      }
    }
  }
});

t.test("a run whose nodes cannot be asked is unknown, with why, and no success", async (t) => {
  const lab = await upLab({ name: `${name}-2`, topology: "calico-vxlan" });
  t.teardown(() => downLab({ name: `${name}-2` }));
  const run = `hopbook run trace-path --from shop/client --to shop/web:8080 --yes --cluster ${lab.files.profile}`;
  const left = await shell(`${run} --detach --for 5m`, here);
  const [id = ""] = left.text.split("\n");
  const status = await shell(`hopbook status ${id}`, here);
  t.equal(status.code, 5);
  t.match(status.stderr, /no cluster is named/);
  t.match(status.stderr, /--cluster/);
  const ended = await shell(commandsIn(left).find((line) => line.includes(" collect ")) ?? "", elsewhere);
  t.equal(ended.code, 0, ended.stderr);
});
