import t, { type Test } from "tap";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { denoPackageFor, findDeno } from "../../lib/sandbox/deno.js";
import { inspectScript, startSandbox } from "../../lib/sandbox/sandbox.js";
import type { HopbookError } from "../../lib/errors.js";
import type { SandboxProcess } from "../../lib/model/sandbox.js";
import { compiledOf } from "../compiled.js";

/** A guest of the least size: it hands out what the script's default export gives, or what it throws. */
const GUEST = `
const say = (value) => Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(value) + "\\n"));
const note = (error) => String(error).split("\\n")[0];
try {
  const script = await import("hopbook:entry");
  try { say({ ok: true, value: (await script.default()) ?? null }); } catch (error) { say({ ok: false, error: note(error) }); }
} catch (error) { say({ ok: false, error: note(error) }); }
for await (const _ of Deno.stdin.readable) { /* until it is closed */ }
Deno.exit(0);
`;

interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: string;
}

/** Other tests have sandboxes as well. */
const TEMPORARY = mkdtempSync(join(tmpdir(), "hopbook-sandbox-test-"));
process.env["TMPDIR"] = TEMPORARY;
t.teardown(() => rmSync(TEMPORARY, { recursive: true, force: true }));

const signal = new AbortController().signal;

async function start(t: Test, files: Record<string, string>, name = "main.ts"): Promise<SandboxProcess> {
  const dir = t.testdir({
    guest: { "main.js": GUEST },
    script: {},
    "secret.json": '{"secret":1}',
    "secret.ts": "export default 'secret'",
  });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, "script", path)), { recursive: true });
    writeFileSync(join(dir, "script", path), text);
  }
  const guest = { dir: join(dir, "guest"), files: ["main.js"], provides: {} };
  return startSandbox({ file: join(dir, "script", name), memoryBytes: 64 * 1024 * 1024, signal }, guest);
}

async function answer(t: Test, files: Record<string, string>): Promise<Answer> {
  const process = await start(t, files);
  try {
    for await (const line of process.lines) return JSON.parse(line) as Answer;
    return { ok: false, error: `ended: ${process.stderrText()}` };
  } finally {
    await process.kill();
  }
}

const run = (t: Test, body: string): Promise<Answer> =>
  answer(t, {
    "main.ts": `const Deno: any = (globalThis as any).Deno;\nexport default async () => { ${body} };`,
  });

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("hopbook-script-"));

t.test("a script and what it imports from its folder run, and nothing of them is left", async (t) => {
  const before = leftovers();
  const found = await answer(t, {
    "main.ts":
      'import { two } from "./lib/two.ts"; import data from "./data.json" with { type: "json" };\nexport default () => [two, data.x];',
    "lib/two.ts": 'import { one } from "../one.ts"; export const two: number = one + 1;',
    "one.ts": "export const one = 1;",
    "data.json": '{"x": 5}',
  });
  t.strictSame(found, { ok: true, value: [2, 5] });
  t.strictSame(leftovers(), before);
});

/** What a script could try while it runs. None may give a value. */
const ATTEMPTS: Record<string, string> = {
  "read a file": 'return Deno.readTextFileSync("/etc/passwd")',
  "read itself": "return Deno.readTextFileSync(new URL(import.meta.url))",
  "list a folder": 'return [...Deno.readDirSync("/")].length',
  "look at a file": 'return Deno.statSync("/etc/passwd").size',
  "resolve a link": 'return Deno.realPathSync(".")',
  "write a file": 'return Deno.writeTextFileSync("/tmp/hopbook-escaped", "x")',
  "write a temporary file": "return Deno.makeTempFileSync()",
  "remove a file": 'return Deno.removeSync("/tmp/hopbook-escaped")',
  "make a link": 'return Deno.symlinkSync("/etc/passwd", "/tmp/hopbook-escaped")',
  "change the folder": 'return Deno.chdir("/etc")',
  "all of the environment": "return Deno.env.toObject()",
  "one variable": 'return Deno.env.get("PATH")',
  "set a variable": 'return Deno.env.set("LD_PRELOAD", "/tmp/x.so")',
  "variables by process.env": "return JSON.stringify({ ...(globalThis as any).process.env })",
  "run a program": 'return new Deno.Command("/bin/true").outputSync()',
  "run by node:child_process":
    'return (globalThis as any).process.getBuiltinModule("node:child_process").execFileSync("/bin/true")',
  "signal a process": 'return Deno.kill(1, "SIGCONT")',
  connect: 'return await Deno.connect({ hostname: "127.0.0.1", port: 22 })',
  "connect to a unix socket": 'return await Deno.connect({ transport: "unix", path: "/run/docker.sock" })',
  listen: "return Deno.listen({ port: 0 })",
  "listen for datagrams": 'return Deno.listenDatagram({ port: 0, transport: "udp" })',
  "ask DNS": 'return await Deno.resolveDns("example.com", "A")',
  fetch: 'return (await fetch("http://127.0.0.1:8080/")).status',
  "fetch a file": 'return (await fetch("file:///etc/passwd")).status',
  "a WebSocket": 'return new WebSocket("ws://127.0.0.1:8080/").url',
  "load a library": 'return Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {})',
  "the machine's name": "return Deno.hostname()",
  "the user": "return Deno.uid()",
  "the interfaces": "return Deno.networkInterfaces()",
  "the load": "return Deno.loadavg()",
  "ask for a permission":
    'const p = await Deno.permissions.request({ name: "read" }); if (p.state !== "granted") throw new Error(p.state); return p.state',
  "a permission that is there":
    'const p = await Deno.permissions.query({ name: "env" }); if (p.state !== "granted") throw new Error(p.state); return p.state',
  "import of a path in pieces": 'return (await import("file://" + SECRET + ".ts")).default',
  "import of JSON in pieces":
    'return (await import("file://" + SECRET + ".json", { with: { type: "json" } })).default',
  "import of text in pieces":
    'return (await import("file:///etc/" + "passwd", { with: { type: "text" } } as any)).default',
  "import by the network": 'return await import("https://example.com/" + "x.ts")',
  "import by http": 'return await import("http://127.0.0.1:8080/" + "x.ts")',
  "import from npm": 'return await import("npm:" + "chalk")',
  "import from jsr": 'return await import("jsr:" + "@std/path")',
  "import of node:fs": 'return Object.keys(await import("node:" + "fs"))',
  "import of node:v8": 'return Object.keys(await import("node:" + "v8"))',
  "import of node:module": 'return Object.keys(await import("node:" + "module"))',
  "import of node:worker_threads": 'return Object.keys(await import("node:" + "worker_threads"))',
  "import of node:sqlite": 'return Object.keys(await import("node:" + "sqlite"))',
  "import of node:child_process": 'return Object.keys(await import("node:" + "child_process"))',
  "import within data:":
    'return (await import("data:text/javascript," + encodeURIComponent(`export { default } from "file://${SECRET}.ts"`))).default',
  "import within a blob":
    'return (await import(URL.createObjectURL(new Blob([`export { default } from "file://${SECRET}.ts"`], { type: "text/javascript" })))).default',
  "import by eval": 'return (await (0, eval)(`import("file://${SECRET}.ts")`)).default',
  "import by Function": 'return (await new Function(`return import("file://${SECRET}.ts")`)()).default',
  "import by require":
    'return (globalThis as any).process.getBuiltinModule("node:module").createRequire("file:///tmp/x.js")(SECRET + ".json")',
  "import through an encoded path": 'return (await import("..%2f" + "secret.ts")).default',
  "a worker":
    'return await new Promise((done, fail) => { const w = new Worker("data:text/javascript," + encodeURIComponent("try { postMessage(Deno.readTextFileSync(\'/etc/passwd\')) } catch (e) { postMessage(null) }"), { type: "module" }); w.onmessage = ({ data }) => (data === null ? fail(new Error("refused")) : done(data)); })',
  WebAssembly:
    "return new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) instanceof WebAssembly.Module",
  "other V8 flags":
    'const v8 = (globalThis as any).process.getBuiltinModule("node:v8"); v8.setFlagsFromString("--allow-natives-syntax"); return (0, eval)("%IsJSReceiver({})")',
  "a heap snapshot": 'return (globalThis as any).process.getBuiltinModule("node:v8").writeHeapSnapshot()',
  "the inspector": 'return (globalThis as any).process.getBuiltinModule("node:inspector").open(0) ?? "open"',
};

t.test("whatever a script tries while it runs is refused", async (t) => {
  t.ok(Object.keys(ATTEMPTS).length >= 50);
  for (const [name, body] of Object.entries(ATTEMPTS)) {
    await t.test(name, async (t) => {
      const secret = JSON.stringify(
        join(dirname(t.testdirName), t.testdirName.split("/").pop() ?? "", "secret"),
      );
      const found = await run(t, body.replaceAll("SECRET", secret));
      t.notOk(found.ok, JSON.stringify(found));
      t.notOk(existsSync("/tmp/hopbook-escaped"));
    });
  }
});

/** What a script could name where Deno needs no permission to read: before it runs. */
const IMPORTS: Record<string, string> = {
  "an absolute path": 'import x from "/etc/hosts.json" with { type: "json" };',
  "a file: URL": 'import x from "file:///etc/passwd" with { type: "text" };',
  "a file: URL of bytes": 'import x from "file:///etc/passwd" with { type: "bytes" };',
  "a file: URL with a host": 'import "file://localhost/etc/passwd";',
  "a file: URL in capitals": 'import "FILE:///etc/passwd";',
  "a path of another host": 'import "//host/share.ts";',
  "the folder above": 'import "../secret.ts";',
  "the folder above, behind one that is there": 'import "./lib/../../secret.ts";',
  "the folder above, dots encoded": 'import "./%2e%2e/secret.ts";',
  "the folder above, slashes encoded": 'import "./..%2fsecret.ts";',
  "the folder above, backslashes": 'import "./..%5csecret.ts";',
  "an export from above": 'export * from "../secret.ts";',
  "a dynamic import from above": 'await import("../secret.ts");',
  "a dynamic import of an absolute path": 'await import("/etc/passwd");',
  "JSON from above": 'import x from "../secret.json" with { type: "json" };',
  "by https": 'import "https://example.com/x.ts";',
  "by http": 'import "http://example.com/x.ts";',
  "from npm": 'import "npm:chalk";',
  "from npm, with a slash": 'import "npm:/chalk";',
  "from jsr": 'import "jsr:@std/path";',
  "node:fs": 'import "node:fs";',
  fs: 'import "fs";',
  "node:v8": 'import "node:v8";',
  "node:sqlite": 'import "node:sqlite";',
  "a bare name": 'import "zod";',
  "data:": 'import "data:text/javascript,0";',
  "blob:": 'import "blob:null/1";',
  "the guest": 'import "../guest/main.js";',
  "a device": 'import "/dev/zero";',
  "types by a comment": '// @deno-types="/etc/passwd"\nimport "./there.ts";',
  "a type by import()": 'export type X = import("/etc/passwd").X;',
  "what is not there": 'import "./nowhere.ts";',
  "a link out of the folder": 'import "./link.ts";',
  "a folder": 'import "./lib/";',
};

t.test(
  "an import that leaves the script's folder is refused, with its place, before anything runs",
  async (t) => {
    for (const [name, line] of Object.entries(IMPORTS)) {
      await t.test(name, async (t) => {
        const dir = t.testdir({
          guest: { "main.js": GUEST },
          script: { "main.ts": `export default () => 1;\n${line}\n`, "there.ts": "", lib: { "a.ts": "" } },
          "secret.ts": "export default 1",
          "secret.json": "{}",
        });
        symlinkSync("../secret.ts", join(dir, "script", "link.ts"));
        const guest = { dir: join(dir, "guest"), files: ["main.js"], provides: {} };
        const file = join(dir, "script/main.ts");
        const error = await inspectScript({ file, signal }, guest).then(
          () => undefined,
          (thrown: unknown) => thrown as HopbookError,
        );
        t.equal(error?.code, "DOCUMENT_INVALID", String(error?.message));
        t.equal(error?.where?.file, file);
        t.ok([2, 3].includes(error?.where?.line ?? 0), `line ${error?.where?.line}`);
      });
    }
  },
);

t.test("a file that is no program, none, or no regular one is refused", async (t) => {
  const dir = t.testdir({
    guest: { "main.js": GUEST },
    "bad.ts": "export default 1;\nlet x = ;\n",
    large: "x".repeat(1_100_000),
  });
  execFileSync("mkfifo", [join(dir, "pipe.ts")]);
  const guest = { dir: join(dir, "guest"), files: ["main.js"], provides: {} };
  const inspect = (name: string): Promise<unknown> => inspectScript({ file: join(dir, name), signal }, guest);
  await t.rejects(inspect("bad.ts"), {
    code: "DOCUMENT_INVALID",
    where: { file: join(dir, "bad.ts"), line: 2, column: 9 },
  });
  await t.rejects(inspect("none.ts"), { code: "FILE_UNREADABLE" });
  await t.rejects(inspect("pipe.ts"), { code: "FILE_UNREADABLE" });
  await t.rejects(inspect("large"), { code: "FILE_UNREADABLE" });
  await t.rejects(inspect("guest"), { code: "FILE_UNREADABLE" });
});

t.test("memory has an end, of the heap and of buffers", async (t) => {
  const heap = await run(t, "const all = []; for (;;) all.push({ a: [1, 2, 3] });");
  t.match(heap, { ok: false, error: /memory|heap/i });
  const buffers = await run(
    t,
    "const all = []; for (let i = 0; i < 40; i++) all.push(new Uint8Array(1e8).fill(1)); return all.length",
  );
  t.match(buffers, { ok: false });
});

t.test("a line of over 8 MiB ends it", async (t) => {
  const found = await run(
    t,
    'const x = new TextEncoder().encode("x".repeat(1e6)); for (;;) Deno.stdout.writeSync(x);',
  );
  t.match(found, { ok: false, error: /a line of more than 8 MiB/ });
});

t.test("it ends when its stdin does, and when hopbook is killed while it loops", async (t) => {
  const idle = await start(t, { "main.ts": "export default () => 1" });
  await idle.kill();
  t.equal((await idle.done).exitCode, null);

  const dir = t.testdir({ guest: { "main.js": GUEST }, "main.ts": "export default () => { for (;;) ; }" });
  const registry = compiledOf("../../lib/sandbox/sandbox.ts", import.meta.url);
  const program = `const { startSandbox } = await import(${JSON.stringify(registry)});
    const p = await startSandbox({ file: ${JSON.stringify(join(dir, "main.ts"))}, memoryBytes: 6e7, signal: new AbortController().signal },
      { dir: ${JSON.stringify(join(dir, "guest"))}, files: ["main.js"], provides: {} });
    console.log("started"); await p.done;`;
  const owner = spawn(process.execPath, [...process.execArgv, "--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((done) => owner.stdout.once("data", done));
  const find = (): number[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => childOf(pid, owner.pid ?? 0))
      .map(Number);
  await new Promise((done) => setTimeout(done, 500));
  const [sandbox = 0] = find();
  t.ok(sandbox > 0, "the sandbox is there");
  owner.kill("SIGKILL");
  const ended = async (): Promise<boolean> => {
    for (let tries = 0; tries < 60; tries++) {
      if (!existsSync(`/proc/${sandbox}`)) return true;
      await new Promise((done) => setTimeout(done, 100));
    }
    return false;
  };
  t.ok(await ended(), "it ended with its owner");
  await new Promise((done) => setTimeout(done, 300));
  t.strictSame(leftovers(), [], "and so did its folder");
});

function childOf(pid: string, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(parent);
  } catch {
    return false;
  }
}

t.test("where there is no deno the error says what to do", async (t) => {
  t.equal(denoPackageFor("linux", "arm64"), "@deno/linux-arm64-glibc");
  t.throws(() => findDeno("sunos", "x64"), { code: "TOOL_MISSING", hint: /Linux/ });
  t.throws(() => findDeno("linux", "riscv64"), { code: "TOOL_MISSING" });
  t.throws(() => findDeno("linux", "x64", () => undefined), { code: "TOOL_MISSING", hint: /npm install/ });
  const withoutBinary = (name: string): string | undefined => (name === "deno" ? "/x/deno" : undefined);
  t.throws(() => findDeno("linux", "x64", withoutBinary), {
    message: /@deno\/linux-x64-glibc is not installed/,
  });
});
