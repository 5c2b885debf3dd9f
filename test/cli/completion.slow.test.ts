import t, { type Test } from "tap";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rememberPods } from "../../lib/completion/pod-cache.js";
import { complete } from "../../lib/cli/completion/complete.js";
import { COMPLETION_SCRIPTS } from "../../lib/cli/completion/scripts.js";
import { makeProgram } from "../../lib/cli/main.js";
import { buildCli } from "../lab/cli.js";
import { hopbook } from "./helpers.js";
import { pressKeys, writeStub } from "./shells.js";

const cli = buildCli();
t.teardown(() => cli.remove());

const RUNBOOK = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata:
  name: mine
  title: "My \\e[2J own"
inputs:
  from: {type: string, required: true, description: "Where \\e[31mit\\nstarts"}
  mode: {type: string, enum: [fast, slow, "$(touch pwned)", "a b"]}
  probes: {type: array, items: {type: string, enum: [ping, http, udp]}}
  quiet: {type: boolean, default: true}
`;

/** Names that a shell would act on, each of which may stand in a folder. */
const HOSTILE = [
  "$(touch pwned)",
  "`touch pwned`",
  "a;touch pwned",
  "-rf",
  "x y",
  "\u001b[2J",
  "q'",
  'd"',
  "n\nl",
  "~",
  "*",
  "#c",
  "${IFS}",
  "é",
];

function playground(t: Test): { dir: string; env: NodeJS.ProcessEnv } {
  const dir = t.testdir({
    runbooks: { "mine.yaml": RUNBOOK, "child.yaml": "extends: mine\ninputs:\n  count: {type: integer}\n" },
    artifacts: { "2026-01-01T00-00-00Z-a": {}, "2026-02-01T00-00-00Z-b": {}, notes: {} },
    "hopbook.yaml": "metadata: {name: here}\nnodes: [{name: node-a}, {name: '$(x)'}]\n",
    home: { ".config": { hopbook: { clusters: { "prod.yaml": "" } } } },
    bin: {},
  });
  for (const name of HOSTILE) {
    writeFileSync(join(dir, "runbooks", `${name}.yaml`), RUNBOOK);
    mkdirSync(join(dir, "artifacts", `2026-03-01T00 ${name}`));
  }
  const home = join(dir, "home");
  const env = {
    PATH: `${join(dir, "bin")}:${process.env["PATH"]}`,
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
  };
  return { dir, env };
}

/** The values that may stand at the end of a line; the word after the last blank is the one at the cursor. */
async function at(dir: string, line: string): Promise<string[]> {
  const terminal = { out: () => undefined, err: () => undefined, ask: () => Promise.resolve(null) };
  const how = { color: false, unicode: true, width: 100, interactive: false };
  const program = makeProgram({ terminal: { ...terminal, ...how }, words: [], setExitCode: () => undefined });
  const home = join(dir, "home");
  const where = { cwd: dir, home, cacheDir: join(home, "cache/hopbook") };
  return (await complete(program, line.split(" "), where)).candidates.map(({ value }) => value);
}

t.test("a pipe among the runbooks does not hold the shell", async (t) => {
  const { dir } = playground(t);
  execFileSync("mkfifo", [join(dir, "runbooks", "pipe.yaml")]);
  const offered = await Promise.race([at(dir, "run "), sleep(3000, null, { ref: false })]);
  // Who waits for a pipe in vain cannot end either.
  if (offered === null) writeFileSync(join(dir, "runbooks", "pipe.yaml"), "");
  t.ok(offered?.includes("mine"));
});

t.test("commands, flags, runbooks, their inputs and the inputs' values", async (t) => {
  const { dir } = playground(t);
  t.ok((await at(dir, "")).includes("run"));
  t.notOk((await at(dir, "")).includes("__complete"));
  t.strictSame(await at(dir, "complet"), ["completion"]);
  t.strictSame(await at(dir, "lab do"), ["down"]);
  t.strictSame(await at(dir, "run mi"), ["mine"]);
  const runbooks = await at(dir, "run ");
  for (const name of ["child", "mine", "trace-path"]) t.ok(runbooks.includes(name), name);
  for (const name of runbooks) t.match(name, /^[a-z][a-z-]*$/, "no name that needs quotes");
  t.strictSame(await at(dir, "run mine --mo"), ["--mode"]);
  t.strictSame(await at(dir, "run mine --mode "), ["fast", "slow"]);
  t.strictSame(await at(dir, "run mine --mode=s"), ["--mode=slow"]);
  t.strictSame(await at(dir, "run mine --mode fast --mo"), [], "given once");
  t.strictSame(await at(dir, "plan mine --probes ping,h"), ["ping,http"]);
  t.strictSame(await at(dir, "run mine --probes ping --pro"), ["--probes"], "a list may go on");
  t.ok((await at(dir, "run mine --")).includes("--no-quiet"));
  t.notOk((await at(dir, "run mine --")).includes("--quiet"), "what is on already");
  t.strictSame(await at(dir, "run child --cou"), ["--count"]);
  t.strictSame(await at(dir, "run child --mo"), ["--mode"], "what it extends counts");
  t.strictSame(await at(dir, "run nonesuch --allow-nod"), ["--allow-node"], "a runbook that is not there");
  t.strictSame(await at(dir, "check --output "), ["text", "json", "sarif"]);
  t.strictSame(await at(dir, "check -o s"), ["sarif"]);
  t.strictSame(await at(dir, "lab fault fdb-missing o"), ["on", "off"]);
  t.ok((await at(dir, "lab fault fdb")).includes("fdb-missing"));
  t.strictSame(await at(dir, "run mine --cluster "), ["prod"]);
  t.strictSame(await at(dir, "nonsense x"), []);
  t.strictSame(await at(dir, "show -- --o"), [], "behind -- there are no flags");
});

t.test("run folders, the newest first", async (t) => {
  const { dir } = playground(t);
  t.strictSame(await at(dir, "analyze "), [
    "artifacts/2026-02-01T00-00-00Z-b",
    "artifacts/2026-01-01T00-00-00Z-a",
  ]);
  t.strictSame(await at(dir, "report artifacts/2026-01"), ["artifacts/2026-01-01T00-00-00Z-a"]);
});

t.test("pods are those that a run has seen, for a day; nodes those of the profile", async (t) => {
  const { dir } = playground(t);
  const cache = join(dir, "home/cache/hopbook");
  t.strictSame(await at(dir, "run mine --from "), ["node/node-a"]);
  const seen = {
    cluster: "here",
    atMs: Date.now(),
    pods: ["shop/web", "shop/client", "x/$(y)"],
    nodes: ["node-b"],
  };
  await rememberPods(seen, cache);
  t.strictSame(await at(dir, "run mine --from "), ["shop/web", "shop/client", "node/node-a", "node/node-b"]);
  t.strictSame(await at(dir, "hops sh"), ["shop/web", "shop/client"]);
  t.strictSame(await at(dir, "hops --to=shop/w"), ["--to=shop/web"]);
  t.strictSame(await at(dir, "run mine --cluster nowhere.yaml --from "), [], "of that cluster, not another");
  const [file = ""] = readdirSync(cache);
  t.equal(statSync(join(cache, file)).mode & 0o777, 0o600);
  t.equal(statSync(cache).mode & 0o777, 0o700);
  await rememberPods({ ...seen, atMs: Date.now() - 25 * 3_600_000 }, cache);
  t.strictSame(await at(dir, "run mine --from shop"), [], "too old");
  for (const text of [
    "",
    "[]",
    "{",
    JSON.stringify({ ...seen, pods: 3 }),
    JSON.stringify({ ...seen, cluster: "other" }),
  ]) {
    writeFileSync(join(cache, file), text);
    t.strictSame(await at(dir, "run mine --from shop"), [], text);
  }
});

t.test("a cache that cannot be written is no error, and no link is followed to another file", async (t) => {
  const dir = t.testdir({ file: "", victim: "mine" });
  const seen = { cluster: "c", atMs: Date.now(), pods: [], nodes: [] };
  await rememberPods(seen, join(dir, "file/below"));
  const cache = join(dir, "cache");
  await rememberPods(seen, cache);
  const [name = ""] = readdirSync(cache);
  symlinkSync(join(dir, "victim"), join(cache, `${name}.${process.pid}`));
  await rememberPods(seen, cache);
  t.equal(statSync(join(dir, "victim")).size, 4);
});

t.test("the answer steers no terminal, is complete words only, and never an error", async (t) => {
  const { dir } = playground(t);
  const cwd = process.cwd();
  process.chdir(dir);
  t.teardown(() => process.chdir(cwd));
  for (const words of [
    ["run", ""],
    ["run", "mine", "--"],
    ["show", "-"],
    ["run", "$(touch pwned)", "--m"],
    [],
    ["\u0000"],
    ["run", "/dev/zero", "--"],
  ]) {
    const { code, out, err } = await hopbook(["__complete", ...words]);
    t.equal(code, 0);
    t.equal(err, "");
    t.match(out, /\n?:(none|files|dirs)\n$/);
    // eslint-disable-next-line no-control-regex
    t.notMatch(out, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    for (const line of out.trimEnd().split("\n").slice(0, -1)) t.match(line, /^[A-Za-z0-9_@%+=:,./-]+\t/);
  }
  t.notOk(existsSync(join(dir, "pwned")));
});

/** What bash's own completion gives for a line, with the script as it is. */
function bash(where: { dir: string; env: NodeJS.ProcessEnv }, line: string): string[] {
  const program = `
source <(hopbook completion bash)
COMP_LINE=$1 COMP_POINT=\${#1}
# Bash's own way of splitting: at blanks, and = and : are words by themselves.
COMP_WORDS=() word=
for ((i = 0; i < \${#1}; i++)); do
  c=\${1:i:1}
  case $c in
    ' ') if [[ -n $word ]]; then COMP_WORDS+=("$word"); fi; word= ;;
    [=:]) if [[ -n $word ]]; then COMP_WORDS+=("$word"); fi; COMP_WORDS+=("$c"); word= ;;
    *) word+=$c ;;
  esac
done
COMP_WORDS+=("$word")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_hopbook
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "--noprofile", "-c", program, "bash", line], {
    ...{ cwd: where.dir, env: where.env, encoding: "utf8", timeout: 20_000 },
  });
  t.equal(stderr, "", line);
  return stdout.split("\n").filter((word) => word !== "");
}

t.test("bash: the script gives what fits, from words as bash splits them", async (t) => {
  const where = playground(t);
  writeStub(join(where.dir, "bin"), cli.bin);
  await rememberPods(
    { cluster: "here", atMs: Date.now(), pods: ["shop/web"], nodes: [] },
    join(where.dir, "home/cache/hopbook"),
  );
  t.strictSame(bash(where, "hopbook complet"), ["completion"]);
  t.strictSame(bash(where, "hopbook min"), ["mine"], "a runbook's name is a command");
  t.strictSame(bash(where, "hopbook mine --mode "), ["fast", "slow"]);
  t.strictSame(bash(where, "hopbook run mine --mode "), ["fast", "slow"]);
  t.strictSame(
    bash(where, "hopbook run mine --mode=s"),
    ["slow"],
    "readline replaces what stands behind the =",
  );
  t.strictSame(bash(where, "hopbook run mine --mode fast --from sh"), ["shop/web"]);
  t.strictSame(bash(where, "hopbook hops shop/web --to shop/web:80"), []);
  t.strictSame(bash(where, "hopbook check hop"), ["hopbook.yaml"], "files, where a command takes files");
  t.strictSame(bash(where, "hopbook analyze ./artifacts/2026-01"), ["./artifacts/2026-01-01T00-00-00Z-a"]);
  for (const name of bash(where, "hopbook run ")) t.match(name, /^[a-z][a-z-]*$/);
  bash(where, "hopbook run $(touch pwned) --m");
  bash(where, "hopbook run `touch pwned");
  t.notOk(existsSync(join(where.dir, "pwned")));
});

t.test("an answer costs little more than to start node", async (t) => {
  const { dir, env } = playground(t);
  const secondsOf = (words: string): number => {
    // Of the processor's time, and the least of five: a busy machine makes no completion slower.
    const script = `TIMEFORMAT='%U %S'; time ${words} >/dev/null`;
    const took = [1, 2, 3, 4, 5].map(() => {
      const { stderr } = spawnSync("bash", ["-c", script], { cwd: dir, env, encoding: "utf8" });
      return stderr
        .trim()
        .split(" ")
        .reduce((sum, part) => sum + Number(part.replace(",", ".")), 0);
    });
    return Math.min(...took);
  };
  const node = secondsOf(`'${process.execPath}' -e 0`);
  const answer = secondsOf(`'${process.execPath}' '${cli.bin}' __complete run trace-path --p`);
  t.ok(answer < node * 12, `${answer} s beside ${node} s`);
});

const INSTALLED = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;
const SHELLS = [
  {
    name: "bash",
    command: "bash --norc --noprofile -i",
    init: "bind 'set enable-bracketed-paste off'; source <(hopbook completion bash)",
  },
  {
    name: "zsh",
    command: "zsh -f -i",
    init: "autoload -Uz compinit; compinit -D -u; source <(hopbook completion zsh)",
  },
  { name: "fish", command: "fish --no-config -i", init: "hopbook completion fish | source" },
] as const;

for (const { name, command, init } of SHELLS) {
  t.test(
    `${name}: TAB in a real shell on a terminal`,
    { skip: INSTALLED(name) ? false : `no ${name}` },
    async (t) => {
      const { dir, env } = playground(t);
      writeStub(join(dir, "bin"), cli.bin);
      const shown = await pressKeys(command, {
        ...{ cwd: dir, env },
        keys: [
          { after: /[$%#>] ?/, type: `${init}; echo REA""DY\n` },
          { after: /READY[^]*[$%#>] ?/, type: "hopbook run mi\t" },
          { after: /mi[^a-z]*ne/, type: "--mode=sl\t" },
          { after: /sl[^a-z]*ow/, type: "\n" },
        ],
        until: /RAN.*\./,
      });
      t.match(shown, /RAN<run><mine><--mode=slow>\./);
      t.notOk(existsSync(join(dir, "pwned")));
    },
  );
}

t.test("the scripts are valid, and evaluate nothing", async (t) => {
  for (const [shell, text] of Object.entries(COMPLETION_SCRIPTS)) {
    t.equal((await hopbook(["completion", shell])).out, text);
    t.notMatch(text, /\beval\b|compgen -W/);
    const file = join(t.testdir(), `script.${shell}`);
    writeFileSync(file, text);
    if (INSTALLED(shell)) t.doesNotThrow(() => execFileSync(shell, ["-n", file]), shell);
  }
  t.match(await hopbook(["completion", "tcsh"]), { code: 2, err: /Allowed choices are bash, zsh, fish/ });
});
