import t, { type Test } from "tap";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startSandbox } from "../../lib/sandbox/sandbox.js";
import type { HopbookError } from "../../lib/errors.js";
import { openScript, SCRIPT_GUEST, type ScriptSession } from "../../lib/script/index.js";
import type { CallHandler } from "../../lib/script/session.js";

/** The real deno, with the real guest. */

interface Ran {
  readonly value?: unknown;
  readonly error?: HopbookError;
  readonly notes: readonly string[];
  readonly runbook: unknown;
}

interface RunOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly handlers?: Readonly<Record<string, CallHandler>>;
  readonly timeoutMs?: number;
}

const START = {
  inputs: { port: 8080 },
  env: { NAME: "x" },
  steps: { a: { outputs: 5n } },
  cluster: "c",
  runId: "r",
};

async function run(t: Test, text: string, options: RunOptions = {}): Promise<Ran & { readonly dir: string }> {
  const dir = t.testdir({});
  for (const [path, content] of Object.entries({ "main.ts": text, ...options.files })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  const notes: string[] = [];
  let session: ScriptSession | undefined;
  try {
    const { signal } = new AbortController();
    const process = await startSandbox(
      { file: join(dir, "main.ts"), memoryBytes: 96 * 1024 ** 2, signal },
      SCRIPT_GUEST,
    );
    session = await openScript(process, { note: (level, said) => notes.push(`${level}: ${said}`) });
    const value = await session.run({
      start: { ...START, nodes: ["node-a", "node-b"] },
      handlers: new Map(Object.entries(options.handlers ?? {})),
      timeoutMs: options.timeoutMs ?? 20_000,
    });
    return { dir, value, notes, runbook: session.runbook };
  } catch (error) {
    return { dir, error: error as HopbookError, notes, runbook: session?.runbook ?? null };
  } finally {
    await session?.close();
  }
}

const exec: CallHandler = async (params) => {
  const { argv } = params as { argv: string[] };
  const exitCode = argv[0] === "false" ? 1 : 0;
  const stderr = exitCode === 0 ? "" : "it is false";
  return { node: "node-a", argv, exitCode, stdout: JSON.stringify(params), stderr, durationMs: 1 };
};

t.test("a script sees its inputs, calls, and returns", async (t) => {
  const ran = await run(
    t,
    `import { defineScript } from "hopbook/script";
import { twice } from "./lib/twice.ts";
export default defineScript<{ port: number }>(async (hb) => {
  const { stdout } = await hb.node("node-a").$\`ip -j route get \${"10.0.0.1 x"} p\${hb.inputs.port} \${["a", 2]}\`;
  const failed = await hb.nodes[1]!.$\`false\`.nothrow();
  console.log("said", { a: 1 }, new Error("e").message);
  hb.warn("careful");
  return { asked: JSON.parse(stdout), failed: failed.exitCode, env: hb.env.NAME, step: hb.steps.a!.outputs, four: twice(2), names: hb.nodes.map((n) => n.name), id: [hb.cluster.name, hb.runId] };
});`,
    { files: { "lib/twice.ts": "export const twice = (n: number): number => 2 * n;" }, handlers: { exec } },
  );
  t.equal(ran.error, undefined);
  t.strictSame(ran.value, {
    asked: { node: "node-a", argv: ["ip", "-j", "route", "get", "10.0.0.1 x", "p8080", "a", "2"] },
    ...{ failed: 1, env: "x", step: 5, four: 4, names: ["node-a", "node-b"], id: ["c", "r"] },
  });
  t.strictSame(ran.notes, ['info: said {"a":1} e', "warn: careful"]);
  t.equal(ran.runbook, null);
});

t.test("everything of the interface reaches the engine", async (t) => {
  const calls: [string, unknown][] = [];
  const answers: Record<string, unknown> = {
    pod: { name: "shop/web", node: "node-b", ips: ["10.0.0.9"] },
    exec: { node: "node-b", argv: ["ss"], exitCode: 0, stdout: "out", stderr: "", durationMs: 1 },
    captures: [{ hopId: "h", pcap: "captures/h.pcap" }],
    "packets.open": 7,
    "packets.next": { packets: [{ frame: 1 }, { frame: 2 }, { frame: 3 }], more: false },
    run: { done: true },
    fetch: { status: 200, headers: {}, text: "hi" },
  };
  const names =
    "pod exec captures packets.open packets.next packets.close run fetch file.read file.write env artifact.write artifact.read";
  const handlers = Object.fromEntries(
    names.split(" ").map((name): [string, CallHandler] => [
      name,
      async (params) => {
        calls.push([name, params]);
        return answers[name] ?? null;
      },
    ]),
  );
  const ran = await run(
    t,
    `export default async (hb: any) => {
  const pod = await hb.pods.get("shop/web");
  await pod.$\`ss -Hlnt\`;
  const frames = [];
  for (const capture of await hb.captures.list())
    for await (const packet of capture.packets({ filter: (p: any) => p.frame !== 2 })) frames.push(packet.frame);
  await hb.run("time/wait", { duration: "1s" });
  await hb.readFile("/a"); await hb.writeFile("/b", "text"); await hb.readEnv("HOME");
  const { status } = await hb.fetch("http://x/", { method: "POST", body: "b" });
  await hb.artifacts.writeJson("a.json", { x: 1 }); await hb.artifacts.writeText("a.txt", "t"); await hb.artifacts.read("a.txt");
  await hb.sleep(1);
  return { frames, status, ips: pod.ips };
};`,
    { handlers },
  );
  t.equal(ran.error, undefined);
  t.strictSame(ran.value, { frames: [1, 3], status: 200, ips: ["10.0.0.9"] });
  t.strictSame(calls, [
    ["pod", { name: "shop/web" }],
    ["exec", { pod: "shop/web", argv: ["ss", "-Hlnt"] }],
    ["captures", {}],
    ["packets.open", { pcap: "captures/h.pcap" }],
    ["packets.next", { cursor: 7 }],
    ["packets.close", { cursor: 7 }],
    ["run", { uses: "time/wait", with: { duration: "1s" } }],
    ["file.read", { path: "/a" }],
    ["file.write", { path: "/b", text: "text" }],
    ["env", { name: "HOME" }],
    ["fetch", { url: "http://x/", method: "POST", body: "b" }],
    ["artifact.write", { name: "a.json", text: '{\n  "x": 1\n}\n' }],
    ["artifact.write", { name: "a.txt", text: "t" }],
    ["artifact.read", { name: "a.txt" }],
  ]);
});

/** Scripts that fail: what the error says, and at which line and column of which file. */
const FAILURES: Record<
  string,
  {
    text: string;
    says: RegExp;
    at?: [number, number];
    file?: string;
    timeoutMs?: number;
    handlers?: Record<string, CallHandler>;
  }
> = {
  "it throws": {
    text: "export default () => {\n  throw new TypeError('no');\n};",
    says: /TypeError: no/,
    at: [2, 9],
  },
  "it throws what is no error": { text: "export default () => { throw 5; };", says: /it threw 5/ },
  "it throws in a file of its own": {
    text: 'import { f } from "./f.ts";\nexport default () => f();',
    ...{ says: /deep/, at: [2, 38], file: "f.ts" },
  },
  "it rejects and nobody looks": {
    text: "export default async () => {\n  void Promise.reject(new Error('lost'));\n  await new Promise(() => {});\n};",
    ...{ says: /lost/, at: [2, 23] },
  },
  "it throws in a timer": {
    text: "export default () => new Promise(() => {\n  setTimeout(() => { throw new Error('late'); }, 1);\n});",
    ...{ says: /late/, at: [2, 28] },
  },
  "its module throws": {
    text: "\nnull.x;\nexport default () => 1;",
    says: /Cannot read properties of null/,
    at: [2, 6],
  },
  "it has no function": { text: "export const x = 1;", says: /no default export/ },
  "it never ends": {
    text: "export default () => { for (;;) ; };",
    says: /did not end within 1\.5 s/,
    timeoutMs: 1500,
  },
  "it never settles": {
    text: "export default () => new Promise(() => {});",
    says: /did not end within 1\.5 s/,
    timeoutMs: 1500,
  },
  "it uses up its memory": {
    text: "export default () => { const a = []; for (;;) a.push({ a: [1] }); };",
    says: /used up its memory/,
  },
  "it returns what is no JSON": {
    text: "export default () => { const a: any = {}; a.a = a; return a; };",
    says: /circular/i,
  },
  "it returns a bigint": { text: "export default () => 5n;", says: /BigInt/ },
  "it returns too much": { text: 'export default () => "x".repeat(5e6);', says: /more than 4 MiB/ },
  "it makes calls without waiting": {
    text: "export default (hb: any) => Promise.all(Array.from({ length: 10_000 }, () => hb.readEnv('X')));",
    ...{ says: /more than 256 calls at once/, handlers: { env: () => new Promise(() => undefined) } },
  },
  "it makes calls without end": {
    text: "export default async (hb: any) => { for (;;) await hb.readEnv('X'); };",
    ...{ says: /more than 10000 calls/, handlers: { env: async () => null }, timeoutMs: 60_000 },
  },
  "a call of it is refused": {
    text: "export default async (hb: any) => {\n  await hb.readEnv('X');\n};",
    ...{ says: /CallError: There is no call "env"/, at: [2, 12] },
  },
  "a command of it fails": {
    text: "export default async (hb: any) => {\n  const node = hb.node('node-a');\n  await node.$`false`;\n};",
    ...{
      says: /CommandError: false on node-a gave exit code 1: it is false/,
      at: [3, 15],
      handlers: { exec },
    },
  },
  "it names a node that is not there": {
    text: "export default (hb: any) => hb.node('x');",
    says: /no node x/,
    at: [1, 32],
  },
  "it writes as if there were a shell": {
    text: "export default (hb: any) => hb.node('node-a').$`ip a | cat`;",
    says: /There is no shell/,
  },
  "it wants Deno": {
    text: "export default () => (globalThis as any).Deno.readTextFileSync('/etc/passwd');",
    says: /undefined/,
    at: [1, 47],
  },
  "it wants fetch": {
    text: "export default () => (globalThis as any).fetch('http://x/');",
    says: /not a function/,
  },
  "it wants a file by import": {
    text: "export default () => import('/etc/' + 'passwd');",
    says: /Requires read access/,
  },
};

t.test("a script that fails says so at its own place, and ends", async (t) => {
  for (const [name, { text, says, at, file, timeoutMs, handlers }] of Object.entries(FAILURES)) {
    await t.test(name, async (t) => {
      const files = { "f.ts": "// first\nexport const f = (): void => { throw new Error('deep'); };" };
      const ran = await run(t, text, {
        files,
        ...(timeoutMs && { timeoutMs }),
        ...(handlers && { handlers }),
      });
      t.equal(ran.error?.code, "SCRIPT_FAILED", String(ran.error?.stack ?? JSON.stringify(ran.value)));
      t.match(ran.error?.message, says);
      t.notMatch(
        JSON.stringify([ran.error?.message, ran.error?.detail]),
        /hopbook-script-/,
        "no path of the copy",
      );
      t.equal(ran.error?.where?.file, join(ran.dir, file ?? "main.ts"));
      if (at !== undefined) t.strictSame([ran.error?.where?.line, ran.error?.where?.column], at);
    });
  }
});

t.test("what it says is bounded, and shown no further", async (t) => {
  const ran = await run(
    t,
    'export default () => { for (let i = 0; i < 5000; i++) console.log("x".repeat(10_000)); };',
  );
  t.equal(ran.error, undefined);
  t.equal(ran.notes.length, 1000);
  t.match(ran.notes.at(-1), /warn: it said 1000 things/);
  t.ok(ran.notes.every((note) => note.length < 8300));
});

t.test("it goes on after a call that it catches", async (t) => {
  const ran = await run(
    t,
    `export default async (hb: any) => { try { await hb.readEnv("X") } catch (e: any) { return [e.name, e.code, e.message] } };`,
    {
      handlers: {
        env: async () => {
          throw Object.assign(new Error("no"), { code: "ODD" });
        },
      },
    },
  );
  t.strictSame(ran.value, ["CallError", "INTERNAL", "no"]);
});
