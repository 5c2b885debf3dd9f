import t from "tap";
import { chmod, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { HopbookError } from "../../lib/errors.js";
import { MAX_DOCUMENT_BYTES, parseDocument, readDocument } from "../../lib/document/index.js";
import { fc, inDepth } from "../fixtures/property.js";
import { beginComputing } from "../fixtures/patience.js";

t.test("places", async (t) => {
  const text =
    "# note\r\na: 1\r\nlist:\r\n  - x\r\n  - k: &anchor {deep: true}\r\nempty:\r\nsame: *anchor\r\n80: port\r\n";
  const document = parseDocument(text, "x.yaml");
  t.same(document.data, {
    a: 1,
    list: ["x", { k: { deep: true } }],
    empty: null,
    same: { deep: true },
    80: "port",
  });
  const table: [readonly (string | number)[], "key" | "value" | undefined, [number, number]][] = [
    [[], undefined, [2, 1]],
    [["a"], undefined, [2, 4]],
    [["a"], "key", [2, 1]],
    [["list", 0], undefined, [4, 5]],
    [["list", 0], "key", [4, 5]],
    [["list", 1, "k", "deep"], "key", [5, 17]],
    [["empty"], undefined, [6, 1]],
    [["same", "deep"], "value", [5, 23]],
    [["same"], "value", [7, 7]],
    [["80"], "value", [8, 5]],
    [["list", 9, "x"], undefined, [4, 3]],
    [["a", "not", "there"], undefined, [2, 4]],
    [["nothing"], undefined, [2, 1]],
    [["list", "x"], undefined, [4, 3]],
  ];
  for (const [path, at, [line, column]] of table) {
    t.same(document.locate(path, at), { line, column }, `${JSON.stringify(path)} ${at}`);
  }
  t.same(parseDocument("", "x.yaml").data, null);
  t.same(parseDocument("# nothing\n", "x.yaml").locate(["a"]), { line: 1, column: 1 });
  t.same(parseDocument("\ufeffa: 1", "x.yaml").locate(["a"]), { line: 1, column: 4 });
});

t.test("YAML 1.2 core: no is text, and so is a date", async (t) => {
  const { data } = parseDocument("a: no\nb: on\nc: 010\nd: 2024-01-01\ne: 0x10\nf: ~\ng: <<\n", "x.yaml");
  t.same(data, { a: "no", b: "on", c: 10, d: "2024-01-01", e: 16, f: null, g: "<<" });
});

t.test("what is refused, where, and why", async (t) => {
  const table: [string, string, number, number, RegExp][] = [
    ["a duplicate", "a: 1\nb: 2\na: 3\n", 3, 1, /key "a" is here twice/],
    ["a number and its text", '1: a\n"1": b\n', 2, 1, /key "1" is here twice/],
    ["__proto__", "a:\n  __proto__: {x: 1}\n", 2, 3, /"__proto__" is not allowed/],
    ["a list as key", "? [a]\n: b\n", 1, 3, /a key must be plain text/],
    ["an empty key", ": b\n", 1, 1, /a key must be plain text/],
    ["a tag", "a: !!js/function x\n", 1, 4, /unresolved tag/],
    ["binary", "a: !!binary aGk=\n", 1, 4, /unresolved tag/],
    ["two documents", "a: 1\n---\nb: 2\n", 2, 1, /second document/],
    ["YAML 1.1", "%YAML 1.1\n---\na: yes\n", 1, 1, /only 1\.2 is read/],
    ["an unknown alias", "a: *b\n", 1, 4, /names nothing before it/],
    ["an alias within its anchor", "a: &x\n  b: [*x]\n", 2, 7, /stands inside what it names/],
    ["ESC", "a: \u001b[31mred\n", 1, 4, /U\+001B is not allowed/],
    ["NUL", "a: x\0y\n", 1, 5, /U\+0000/],
    ["tabs", "a:\n\tb: 1\n", 2, 1, /[Tt]ab[^]*indent with spaces/],
    ["a line that is not deep enough", "- a: 1\n b: 2\n", 2, 1, /as deep as the keys above/],
    ["an expression without its $", "a: {{ b.c }}\n", 1, 5, /in quotes: "\$\{\{ … \}\}"/],
    ["an expression behind a colon", "a: b: ${{ c }}\n", 1, 4, /in quotes, and look at the indentation/],
    ["an open quote", "a: 'x\n", 2, 1, /./],
    ["brackets without end", `a: ${"[".repeat(100_000)}`, 1, 204, /too deeply/],
    ["list marks without end", `${"- ".repeat(5000)}x`, 1, 101, /too deeply/],
    ["far too much indentation", `a:\n${" ".repeat(300)}b: 1\n`, 2, 301, /too deeply/],
    ["nesting", `${"{a: ".repeat(150)}1${"}".repeat(150)}`, 1, 401, /more than 100 deep/],
    ["too much", `a: ${"x".repeat(MAX_DOCUMENT_BYTES)}`, 0, 0, /./],
  ];
  for (const [name, text, line, column, says] of table) {
    let error: unknown;
    try {
      parseDocument(text, "x.yaml");
    } catch (caught) {
      error = caught;
    }
    if (!(error instanceof HopbookError)) throw new Error(`${name}: it was accepted`);
    t.equal(error.code, "DOCUMENT_INVALID", name);
    if (line > 0)
      t.match(error.where, { file: "x.yaml", line, column }, `${name}: ${error.detail?.slice(0, 300)}`);
    t.match(error.detail ?? error.message, says, name);
    // eslint-disable-next-line no-control-regex
    t.notMatch(error.detail ?? "", /[\u0000-\u0008\u000b-\u001f]/, "nothing for the terminal to obey");
  }
});

t.test("aliases that multiply are refused before they do", async (t) => {
  const levels = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (const name of "bcdefgh") {
    const before = String.fromCharCode(name.charCodeAt(0) - 1);
    levels.push(`${name}: &${name} [${Array<string>(9).fill(`*${before}`).join(",")}]`);
  }
  const computedMs = beginComputing();
  t.throws(() => parseDocument(levels.join("\n"), "x.yaml"), { code: "DOCUMENT_INVALID", message: /alias/ });
  t.ok(computedMs() < 10_000);
});

t.test("a map of very many keys takes no quadratic time", async (t) => {
  const text = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n");
  const computedMs = beginComputing();
  parseDocument(text, "x.yaml");
  t.ok(computedMs() < 15_000);
  const some = text.split("\n").slice(0, 1000);
  t.throws(() => parseDocument([...some, "k7: 2\n"].join("\n"), "x.yaml"), {
    code: "DOCUMENT_INVALID",
    message: /twice/,
    where: { line: 1001 },
  });
});

t.test("all syntax problems come at once", async (t) => {
  t.throws(() => parseDocument("a: 1\na: 2\nb: *c\n__proto__: 1\n", "x.yaml"), {
    message: "Cannot use x.yaml: it has 3 problems",
    hint: "Correct the lines shown",
    detail: /x\.yaml:2:1:[^]*x\.yaml:3:4:[^]*x\.yaml:4:1:/,
  });
  const many = Array<string>(150).fill("a: 1").join("\n");
  t.throws(() => parseDocument(many, "x.yaml"), {
    code: "DOCUMENT_INVALID",
    message: /149 problems/,
    detail: /… and 49 more problems$/,
  });
});

t.test("files", async (t) => {
  const dir = t.testdir({ "a.yaml": "a: 1\n", folder: {} });
  t.same((await readDocument(`${dir}/a.yaml`)).data, { a: 1 });
  await t.rejects(readDocument(`${dir}/none.yaml`), {
    code: "FILE_UNREADABLE",
    message: /there is no such file/,
    where: { file: `${dir}/none.yaml` },
  });
  await t.rejects(readDocument(`${dir}/folder`), { code: "FILE_UNREADABLE", message: /not a regular file/ });
  await t.rejects(readDocument("/dev/zero"), { code: "FILE_UNREADABLE", message: /not a regular file/ });
  await writeFile(
    `${dir}/latin.yaml`,
    Buffer.from([0x61, 0x3a, 0x20, 0x78, 0x0a, 0x62, 0x3a, 0x20, 0xe9, 0x0a]),
  );
  await t.rejects(readDocument(`${dir}/latin.yaml`), {
    code: "DOCUMENT_INVALID",
    message: /not UTF-8/,
    where: { line: 2, column: 4 },
    detail: /byte 0xe9/,
    problems: [{ line: 2, column: 4, message: "byte 0xe9 is not UTF-8", rule: "file-encoding" }],
  });
  await writeFile(`${dir}/cut.yaml`, Buffer.from([0x61, 0x3a, 0x20, 0xef, 0xbf]));
  await t.rejects(readDocument(`${dir}/cut.yaml`), {
    code: "DOCUMENT_INVALID",
    where: { line: 1 },
    problems: [{ message: "byte 0xbf is not UTF-8" }],
  });
  await writeFile(`${dir}/utf16.yaml`, Buffer.from("\ufeffa: 1\n", "utf16le"));
  await t.rejects(readDocument(`${dir}/utf16.yaml`), {
    code: "DOCUMENT_INVALID",
    where: { line: 1, column: 1 },
  });
  await writeFile(`${dir}/big.yaml`, Buffer.alloc(MAX_DOCUMENT_BYTES + 1, 0x61));
  await t.rejects(readDocument(`${dir}/big.yaml`), {
    code: "DOCUMENT_INVALID",
    message: /its size is/,
    problems: [{ line: 1, column: 1, suggestion: /^keep it under/, rule: "file-size" }],
  });
  if (process.getuid?.() !== 0) {
    await chmod(`${dir}/a.yaml`, 0);
    await t.rejects(readDocument(`${dir}/a.yaml`), { code: "FILE_UNREADABLE", message: /permission denied/ });
  }
});

t.test("any text is data or a HopbookError, never another exception", async () => {
  const piece = fc.constantFrom(
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "&x ",
    "*x",
    "!t ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "%",
    "---",
    "\t",
    "? ",
    "<<",
    "\\",
    "\r",
    "é",
    "\u0001",
  );
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 60 }), (text) => {
      try {
        parseDocument(text, "x.yaml").locate(["a", 0]);
        return true;
      } catch (error) {
        return (
          error instanceof HopbookError && error.code === "DOCUMENT_INVALID" && (error.where?.line ?? 0) > 0
        );
      }
    }),
    { numRuns: inDepth(300, 5000) },
  );
});

t.test("what JSON holds survives, and every part of it can be located", async () => {
  const value = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,6}$/),
    fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[ -~]{0,12}$/), fc.array(fc.integer())),
  );
  fc.assert(
    fc.property(value, (data) => {
      const document = parseDocument(stringify(data), "x.yaml");
      const lines = document.text.split("\n");
      const placed = Object.keys(data).every((key) => {
        const { line, column } = document.locate([key], "key");
        return (
          lines[line - 1]
            ?.slice(column - 1)
            .replace(/^"/, "")
            .startsWith(key) === true
        );
      });
      return placed && JSON.stringify(document.data) === JSON.stringify({ ...data });
    }),
  );
});
