import t from "tap";
import { anyCharacter, fc } from "../fixtures/property.js";
import { HopbookError } from "../../lib/errors.js";
import type { SandboxProcess } from "../../lib/model/sandbox.js";
import { buildArgv } from "../../lib/script/guest/api.js";
import { openScript } from "../../lib/script/index.js";
import { Params } from "../../lib/script/params.js";
import { parseGuestMessage } from "../../lib/script/parse.js";

/** The host's side, against a guest that says anything. */
function fakeSandbox(lines: readonly string[]): SandboxProcess & { readonly written: string[] } {
  const written: string[] = [];
  return {
    written,
    modules: [{ path: "a.ts", file: "/x/a.ts", sha256: "", text: "" }],
    localise: (text) => text,
    writeLine: async (line) => void written.push(line),
    lines: (async function* () {
      yield* lines;
    })(),
    stderrText: () => "",
    done: Promise.resolve({ exitCode: 1, signal: null }),
    kill: () => Promise.resolve(),
  };
}

const READY = '{"type":"ready","version":1,"entry":true}';
const handlers = new Map([["echo", async (params: unknown) => new Params("echo", params).text("text", 10)]]);
const start = { inputs: {}, env: {}, steps: {}, cluster: "c", runId: "r", nodes: [] };

const line = fc.oneof(
  fc.string(),
  fc.json(),
  fc.json().map((json) => `{"type":"call","id":1,"method":"echo","params":${json}}`),
  fc
    .record(
      {
        type: fc.constantFrom("ready", "call", "note", "done", "failed", "start", "reply", "__proto__"),
        id: fc.anything(),
        method: fc.anything(),
        params: fc.anything(),
        text: fc.anything(),
        level: fc.constantFrom("info", "warn", 1),
        message: fc.anything(),
        stack: fc.anything(),
        value: fc.anything(),
        version: fc.constantFrom(1, 2),
        entry: fc.constantFrom(true, false, "x"),
      },
      { requiredKeys: ["type"] },
    )
    .map((value) => {
      try {
        return JSON.stringify(value) ?? "";
      } catch {
        return "{";
      }
    }),
);

t.test("whatever a guest writes, the host throws nothing but its own errors", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), fc.boolean(), async (lines, begins) => {
      const process = fakeSandbox(begins ? [READY, ...lines] : lines);
      try {
        const session = await openScript(process, { note: () => undefined });
        await session.run({ start, handlers, timeoutMs: 5000 });
      } catch (error) {
        if (!(error instanceof HopbookError) || error.code !== "SCRIPT_FAILED") throw error;
      }
      for (const written of process.written) JSON.parse(written);
    }),
    { seed: 4, numRuns: 2000 },
  );
});

t.test("a message is one of the known shapes, or an error", async () => {
  fc.assert(
    fc.property(line, (text) => {
      try {
        const message = parseGuestMessage(text);
        return ["ready", "call", "note", "done", "failed"].includes(message.type);
      } catch (error) {
        return error instanceof HopbookError && error.code === "SCRIPT_FAILED";
      }
    }),
    { seed: 4, numRuns: 5000 },
  );
});

t.test("no value can become anything but the words that it is", async (t) => {
  const word = fc.string({ unit: anyCharacter });
  fc.assert(
    fc.property(word, fc.array(word), (one, many) => {
      const argv = buildArgv(["ip route get ", " x=", " ", ""], [one, one, many]);
      t.strictSame(argv, ["ip", "route", "get", one, `x=${one}`, ...many]);
    }),
    { seed: 4, numRuns: 500 },
  );
});

t.test("words of a template", async (t) => {
  t.strictSame(buildArgv(["  ip\n -j\troute  "], []), ["ip", "-j", "route"]);
  t.strictSame(buildArgv(["a", "b ", ""], ["x y", ""]), ["ax yb", ""]);
  t.strictSame(buildArgv(["a ", ""], [[]]), ["a"]);
  for (const text of ["a | b", "a; b", 'a "b"', "a 'b'", "a `b`", "a > b", "a < b", "a & b", "a \\b"]) {
    t.throws(() => buildArgv([text], []), { message: /There is no shell/ }, text);
  }
  t.throws(() => buildArgv(["  "], []), { message: /no command/ });
  t.throws(() => buildArgv(["a=", ""], [["b"]]), { message: /put spaces around it/ });
  t.throws(() => buildArgv(["a ", "b"], [["b"]]), { message: /put spaces around it/ });
  for (const value of [null, undefined, {}, NaN, true, [["x"]]] as unknown[]) {
    t.throws(() => buildArgv(["a ", ""], [value as string]), { message: /text or a number/ });
  }
});
