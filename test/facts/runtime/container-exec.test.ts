import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { CLUSTER_SCRIPTS, planContainerExec, readContainerExec } from "../../../lib/cluster/index.js";
import { findArgvFault } from "../../../lib/permissions/index.js";

const PLACE = { namespace: "shop", pod: "web-0", sandboxId: "5a5a", container: null };
const SCRIPTS = new Map(Object.entries(CLUSTER_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
const end = (stderr: string): unknown => readContainerExec({ stderr: Buffer.from(stderr) });

t.test("what it may be given", async (t) => {
  const argv = planContainerExec({ ...PLACE, container: "app" }, ["curl", "-k", "https://web"], {
    seconds: 1.5,
  });
  const words = ["2", "", "shop", "web-0", "5a5a", "app", "curl", "-k", "https://web"];
  t.strictSame(argv.slice(3), ["hopbook-container-exec", ...words]);
  t.equal(findArgvFault("container/exec", argv, SCRIPTS), undefined);
  const [program, ...rest] = argv;
  for (const [at, word] of [
    [3, "x"],
    [4, "tcp://evil"],
    [5, "a b"],
    [6, "$(x)"],
    [7, "-x"],
    [8, ".*"],
    [9, "--privileged"],
    [9, ""],
  ] as const) {
    t.ok(findArgvFault("container/exec", [program, ...rest.with(at, word)], SCRIPTS), word);
  }
});

t.test("how it went, by its last line", async (t) => {
  t.strictSame(end("odd\n\nhopbook-exec ctr 0\n"), { kind: "ended", exitCode: 0, stderr: "odd" });
  t.strictSame(end("\nhopbook-exec docker 3\n"), { kind: "ended", exitCode: 3, stderr: "" });
  t.strictSame(end("hopbook-exec ctr 0\n\nhopbook-exec ctr 9\n"), {
    ...{ kind: "ended", exitCode: 9, stderr: "hopbook-exec ctr 0" },
  });
  const fatal = "FATA[0000] execing command in container: command terminated with exit code 7 \n";
  t.strictSame(end(`curl: (7) no\n${fatal}\nhopbook-exec crictl 1\n`), {
    ...{ kind: "ended", exitCode: 7, stderr: "curl: (7) no\n" },
  });
  t.strictSame(end(`${fatal}but it goes on\n\nhopbook-exec crictl 0\n`), {
    ...{ kind: "ended", exitCode: 0, stderr: `${fatal}but it goes on` },
  });
  t.match(end("x\n\nhopbook-exec crictl 124\n"), { kind: "timedOut", stderr: "x" });
  t.match(end('exec: "x": executable file not found in $PATH\n\nhopbook-exec crictl 1\n'), {
    ...{ kind: "refused", isMissing: true, why: /executable file not found/ },
  });
  t.match(end("OCI runtime exec failed: no such file or directory\n\nhopbook-exec docker 126\n"), {
    ...{ kind: "refused", isMissing: true },
  });
  t.match(end("cat: x: No such file or directory\n\nhopbook-exec ctr 2\n"), { kind: "ended", exitCode: 2 });
  t.match(end("\nhopbook-exec none 127\n"), { why: /no crictl, ctr or docker/, isMissing: false });
  t.match(end("\nhopbook-exec none 1\n"), { why: "the pod runs no such container" });
  t.match(end("\nhopbook-exec several 3\n"), { why: "the pod runs 3 containers: name one" });
  t.match(end("Killed"), { kind: "refused", why: "it did not come to its end" });
  t.match(end("rpc error\n\nhopbook-exec crictl 125\n"), { kind: "refused", why: "rpc error" });
});

/** Clients of a runtime whose "container" is this machine. */
const CLIENTS: Readonly<Record<string, string>> = {
  crictl: `case $1 in
ps) [ "$4" = 5a5a ] && [ "\${6:-^app$}" = '^app$' ] && printf 'c0ffee\\n%s' "$MORE"; true ;;
inspect) printf '{\\n  "info": {\\n    "pid": %s,\\n' ${process.pid} ;;
exec) [ "$2" = c0ffee ] || exit 9; shift 2; "$@"; rc=$?
  [ $rc = 0 ] || { echo "FATA[0000] command terminated with exit code $rc" >&2; exit 1; } ;;
esac`,
  ctr: `case "$*" in
*" containers ls "*) case "$*" in *'namespace"=="shop"'*'name"=="web-0"'*) echo c0ffee; echo 0ld ;; esac ;;
*" tasks ls") echo "TASK PID STATUS"; echo "c0ffee 12 RUNNING"; echo "0ld 13 STOPPED" ;;
*" tasks exec "*) shift 9; echo "$*" >"$SAID"; exec "$@" ;;
*" tasks kill "*) echo "$*" >"$SAID" ;;
esac`,
  docker: `case $1 in
ps) echo c0ffee ;;
inspect) echo ${process.pid} ;;
exec) shift 2; exec "$@" ;;
esac`,
};

const folderWith = (client: string): string => {
  const dir = t.testdir({});
  const file = join(dir, client);
  writeFileSync(file, `#!/bin/sh\n${CLIENTS[client] ?? ""}\n`);
  chmodSync(file, 0o755);
  // Of this machine's programs only these: it may have runtimes of its own.
  for (const tool of ["sh", "sed", "cat", "cut", "tr", "grep", "sleep", "head", "true"]) {
    const place = ["/usr/bin", "/bin"].map((at) => join(at, tool)).find((at) => existsSync(at));
    symlinkSync(place ?? tool, join(dir, tool));
  }
  return dir;
};

for (const client of Object.keys(CLIENTS)) {
  t.test(`by ${client}: words as they are, both outputs, the exit code`, async (t) => {
    const bin = folderWith(client);
    const said = join(bin, "said");
    const run = (
      words: readonly [string, ...string[]],
      more: Partial<typeof PLACE> & { MORE?: string } = {},
    ) => {
      const [program, ...rest] = planContainerExec({ ...PLACE, ...more }, words, { seconds: 20 });
      const env = { PATH: bin, SAID: said, MORE: more.MORE ?? "" };
      return spawnSync(program, rest, { env, encoding: "buffer" });
    };
    const odd = "a b'\"$(touch /nowhere)\n*";
    const { stdout, stderr } = run(["sh", "-c", 'printf %s "$1"; echo odd >&2; exit 5', "x", odd]);
    t.equal(stdout.toString(), odd);
    t.match(readContainerExec({ stderr }), { kind: "ended", exitCode: 5, stderr: /^odd\n?$/ });
    if (client === "crictl") {
      t.match(readContainerExec(run(["true"], { MORE: "decaf\n" })), { why: /2 containers/ });
      t.match(readContainerExec(run(["true"], { sandboxId: "0" })), { why: /no such container/ });
      t.match(readContainerExec(run(["true"], { container: "app" as never })), { exitCode: 0 });
      t.match(readContainerExec(run(["true"], { container: "other" as never })), {
        why: /no such container/,
      });
    }
  });

  t.test(`by ${client}: ended after its time, with what it started in the container`, async (t) => {
    const bin = folderWith(client);
    const said = join(bin, "said");
    const seconds = `77${process.pid}`;
    const [program, ...rest] = planContainerExec(PLACE, ["sleep", seconds], { seconds: 1 });
    const env = { PATH: bin, SAID: said };
    const child = spawn(program, rest, { env, stdio: ["ignore", "ignore", "pipe"] });
    const chunks: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => child.on("exit", resolve));
    t.equal((readContainerExec({ stderr: Buffer.concat(chunks) }) as { kind: string }).kind, "timedOut");
    const left = spawnSync("pgrep", ["-f", `^sleep ${seconds}$`], { encoding: "utf8" }).stdout.trim();
    t.equal(left, "");
    if (client === "ctr")
      t.match(readFileSync(said, "utf8"), /tasks kill --exec-id hopbook-[0-9]+ -s KILL c0ffee/);
  });
}
