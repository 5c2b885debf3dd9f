import t from "tap";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { HopbookError } from "../../lib/errors.js";
import { parseDocument, readDocument, readOverlay, type Overlay } from "../../lib/document/index.js";
import {
  fileOf,
  findNamed,
  listRunbooks,
  loadRunbook,
  originsOf,
  parseRunbook,
  renderProvenance,
  renderResolved,
  type LoadOptions,
} from "../../lib/runbook/index.js";

const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\n";
const BASE = `${HEAD}metadata: {name: base, title: Base}
inputs:
  pause: {type: duration, default: 1s}
steps:
  - {id: one, uses: time/wait, with: {duration: "\${{ inputs.pause }}"}}
  - {id: two, script: ./two.ts}
`;
const TOP = `${HEAD}extends: ./base.yaml
metadata: {name: top}
inputs: {pause: {default: 2s}}
steps:
  - {id: three, $before: two, uses: time/wait}
`;

function folder(
  t: { teardown(done: () => void): void },
  files: Readonly<Record<string, string>>,
): (name: string) => string {
  const root = mkdtempSync(join(tmpdir(), "hopbook-extends-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return (name) => join(root, name);
}

async function refusal(file: string, options?: LoadOptions): Promise<HopbookError> {
  try {
    await loadRunbook(file, options);
  } catch (error) {
    if (error instanceof HopbookError) return error;
    throw error;
  }
  throw new Error("it was loaded");
}

t.test("a runbook extends another", async (t) => {
  const at = folder(t, { "top.yaml": TOP, "base.yaml": BASE });
  const runbook = await loadRunbook(at("top.yaml"));
  t.match(runbook.metadata, { name: "top", title: "Base" });
  t.strictSame(
    runbook.steps.map(({ id }) => id),
    ["one", "three", "two"],
  );
  t.equal(runbook.inputs["pause"]?.default, "2s");
  t.equal(runbook.document.file, at("top.yaml"));
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  t.strictSame(runbook.sources, [
    { file: at("base.yaml"), sha256: hash(BASE), role: "runbook" },
    { file: at("top.yaml"), sha256: hash(TOP), role: "runbook" },
  ]);
  const origins = originsOf(runbook);
  t.same(origins["/inputs/pause/default"], { file: at("top.yaml"), line: 5, column: 27 });
  t.same(origins["/inputs/pause/type"], { file: at("base.yaml"), line: 5, column: 17 });
  t.same(origins["/steps/1/id"], { file: at("top.yaml"), line: 7, column: 10 });
  t.notOk("/extends" in origins);
});

t.test("the resolved runbook stands by itself", async (t) => {
  const at = folder(t, { "top.yaml": TOP, "base.yaml": BASE });
  const runbook = await loadRunbook(at("top.yaml"));
  const text = renderResolved(runbook);
  t.match(text, /^# Resolved by hopbook[^\n]*\n# {3}base\.yaml {2}sha256:[0-9a-f]{64}\n# {3}top\.yaml/);
  t.strictSame(parseDocument(text, "runbook.yaml").data, runbook.document.data);
  const again = parseRunbook(text, "runbook.yaml");
  t.strictSame(
    again.steps.map(({ path, id }) => [path, id]),
    runbook.steps.map(({ path, id }) => [path, id]),
  );
  const shown = renderProvenance(runbook, { nameOf: (file) => file.slice(dirname(at("x")).length + 1) });
  t.match(shown, /default: 2s +# top\.yaml:5\n/);
  t.match(shown, /type: duration +# base\.yaml:5\n/);
  t.strictSame(parseDocument(shown, "shown.yaml").data, runbook.document.data);
  const alone = await loadRunbook(at("base.yaml"));
  t.equal(renderResolved(alone), BASE, "one that extends nothing is its own text");
});

t.test("a name is the nearest runbook that is not in the chain yet", async (t) => {
  const at = folder(t, {
    "near/base.yaml": `${HEAD}extends: base\nmetadata: {name: base}\ninputs: {pause: {default: 9s}}\n`,
    "far/base.yaml": BASE,
    "near/other.yaml": `${HEAD}extends: base\nmetadata: {name: other, title: Other}\n`,
  });
  const dirs = [at("near"), at("far"), at("none")];
  const options = { findBases: (name: string) => findNamed(name, dirs) };
  const runbook = await loadRunbook(at("near/base.yaml"), options);
  t.equal(runbook.inputs["pause"]?.default, "9s");
  const other = await loadRunbook(at("near/other.yaml"), options);
  t.equal(other.sources.length, 3);
  t.equal(other.inputs["pause"]?.default, "9s");
  const listed = await listRunbooks(dirs);
  t.match(listed, [
    { name: "base", title: "Base" },
    { name: "other", title: "Other" },
  ]);
  t.match(await refusal(at("near/base.yaml")), { message: /there is no other runbook "base"/ });
  t.match(await loadRunbook(at("near/other.yaml"), { findBases: (name) => findNamed(name, [at("far")]) }), {
    inputs: { pause: { default: "9s" } },
  });
});

t.test("a script is beside the file that names it", async (t) => {
  const at = folder(t, {
    "top.yaml": `${HEAD}extends: ./lib/base.yaml\nmetadata: {name: top}\nsteps: [{id: own, script: ./own.ts}]\n`,
    "lib/base.yaml": BASE,
    "bad.yaml": `${HEAD}extends: ./lib/base.yaml\nmetadata: {name: bad}\nsteps:\n  - {id: own, script: ./x/../../own.ts}\n`,
    "fine.yaml": `${HEAD}metadata: {name: fine, title: Fine}\nsteps: [{id: own, script: ./..own.ts}]\n`,
  });
  const runbook = await loadRunbook(at("top.yaml"));
  t.strictSame(
    runbook.steps.map((step) => step.with["file"]),
    [undefined, at("lib/two.ts"), at("own.ts")],
  );
  t.equal(fileOf(runbook, ["steps", 1, "script"]), at("lib/base.yaml"));
  const error = await refusal(at("bad.yaml"));
  t.match(error, { code: "DOCUMENT_INVALID", message: /in the folder of the file that names it/ });
  t.match(error.where, { file: at("bad.yaml"), line: 6, column: 23 });
  t.match(await loadRunbook(at("fine.yaml")), { steps: [{ with: { file: at("..own.ts") } }] });
});

const overlay = (text: string, file = "over.yaml"): Overlay =>
  readOverlay(parseDocument(`apiVersion: hopbook.dev/v1\nkind: RunbookOverlay\n${text}`, file));

t.test("overlays lie on top, in their order, on the runbooks they are for", async (t) => {
  const at = folder(t, { "top.yaml": TOP, "base.yaml": BASE });
  const overlays = [
    overlay("target: {runbooks: [t*p]}\npatch: {inputs: {pause: {default: 3s}}}", "a.yaml"),
    overlay("target: {runbooks: [base]}\npatch: {inputs: {pause: {default: 5s}}}", "b.yaml"),
    overlay("target: {runbooks: [x, top]}\npatch: {inputs: {pause: {default: 4s}}}", "c.yaml"),
  ];
  const runbook = await loadRunbook(at("top.yaml"), { overlays });
  t.equal(runbook.inputs["pause"]?.default, "4s");
  t.equal(runbook.metadata.name, "top");
  t.strictSame(
    runbook.sources.map(({ file, role }) => [file.replace(dirname(at("x")), ""), role]),
    [
      ["/base.yaml", "runbook"],
      ["/top.yaml", "runbook"],
      ["a.yaml", "overlay"],
      ["c.yaml", "overlay"],
    ],
  );
  t.match(await loadRunbook(at("base.yaml"), { overlays }), { inputs: { pause: { default: "5s" } } });
});

t.test("which names a pattern is for", async (t) => {
  const at = folder(t, { "abcabc.yaml": BASE.replace("name: base", "name: abcabc") });
  const fits = async (pattern: string): Promise<boolean> => {
    const one = overlay(`target: {runbooks: ["${pattern}"]}\npatch: {inputs: {pause: {default: 7s}}}`);
    return (await loadRunbook(at("abcabc.yaml"), { overlays: [one] })).inputs["pause"]?.default === "7s";
  };
  for (const pattern of ["*", "abcabc", "a*", "*c", "*b*", "a*b*c", "abc*abc", "abcabc*", "**"]) {
    t.ok(await fits(pattern), pattern);
  }
  for (const pattern of ["abc", "b*", "*b", "abcab*bc", "a*x*c", "abcabc*abc"])
    t.notOk(await fits(pattern), pattern);
});

t.test("a problem is shown in the file and line that has it", async (t) => {
  const at = folder(t, {
    "top.yaml": TOP,
    "base.yaml": BASE.replace("wait, with", "wait, wth"),
  });
  const base = await refusal(at("top.yaml"));
  t.match(base, { code: "DOCUMENT_INVALID", where: { file: at("base.yaml"), line: 7, column: 32 } });
  t.match(base.detail, `${at("base.yaml")}:7:32: unknown key "wth"`);
  t.match(base.detail, "7 |   - {id: one, uses: time/wait, wth");

  writeFileSync(at("base.yaml"), "a: [\n");
  t.match(await refusal(at("top.yaml")), { code: "DOCUMENT_INVALID", where: { file: at("base.yaml") } });

  writeFileSync(at("base.yaml"), BASE);
  const bad = overlay(
    "target: {runbooks: ['*']}\npatch:\n  steps:\n    - {id: one, with: {duration: '${{ inputs.paus }}'}}\n",
  );
  const error = await refusal(at("top.yaml"), { overlays: [bad] });
  t.match(error, { where: { file: "over.yaml", line: 6 } });
  t.match(error.detail, /over\.yaml:6:\d+: there is no input "paus"[\s\S]*\^ did you mean "pause"\?/);
  const both = overlay(
    "target: {runbooks: [top]}\npatch:\n  inputs: {pause: {default: 1}}\n  steps: [{id: one, uses: null}]\n",
  );
  const two = await refusal(at("top.yaml"), { overlays: [both, bad] });
  t.match(two.detail, /over\.yaml:/);
});

const REFUSED: [string, string, number, RegExp][] = [
  ["a name that is nobody's", "extends: nothing", 3, /there is no runbook "nothing"/],
  ["a file that is not there", "extends: ./none.yaml", 3, /there is no such file/],
  ["a file of another kind", "extends: ./profile.yaml", 3, /is no runbook: its kind is "ClusterProfile"/],
  ["a file without a kind", "extends: ./empty.yaml", 3, /is no runbook/],
  ["a folder", "extends: ./dir.yaml", 3, /not a regular file/],
  ["a FIFO", "extends: ./fifo.yaml", 3, /not a regular file/],
  ["an absolute path", "extends: /etc/passwd", 3, /must be the name of a runbook, or a path/],
  ["a file of any kind", "extends: ../../etc/passwd", 3, /ends in \.yaml or \.yml/],
  ["itself", "extends: ./me.yaml", 3, /circle: .*me\.yaml → .*me\.yaml/],
  ["a circle", "extends: ./round.yaml", 3, /circle: .*me\.yaml → .*round\.yaml → .*me\.yaml/],
  ["a chain without end", "extends: ./chain0.yaml", 3, /more than 8 runbooks/],
  ["a number", "extends: 7", 3, /"extends" must be text/],
  ["a name that is deleted", "extends: ./ok.yaml\nmetadata: {name: null}", 4, /"name"/],
  ["another version", "extends: ./ok.yaml\napiVersion: x", 4, /twice/],
  [
    "what a patch cannot say",
    "extends: ./ok.yaml\nsteps: [{id: nope, $patch: delete}]",
    4,
    /no step "nope" to delete/,
  ],
  ["a key that is none", "extends: ./ok.yaml\nstep: []", 4, /unknown key "step".*did you mean "steps"/s],
];

t.test("refused, where it says so", async (t) => {
  const chain = Array.from({ length: 1000 }, (_, index) => [
    `chain${index}.yaml`,
    `${HEAD}extends: ./chain${index + 1}.yaml\nmetadata: {name: c${index}}\n`,
  ]);
  const at = folder(t, {
    ...(Object.fromEntries(chain) as Record<string, string>),
    "round.yaml": `${HEAD}extends: ./me.yaml\nmetadata: {name: round}\n`,
    "ok.yaml": BASE,
    "profile.yaml": "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\n",
    "empty.yaml": "",
    "dir.yaml/x": "",
  });
  execFileSync("mkfifo", [at("fifo.yaml")]);
  for (const [name, body, line, says] of REFUSED) {
    const hasName = body.includes("metadata");
    writeFileSync(at("me.yaml"), `${HEAD}${body}\n${hasName ? "" : "metadata: {name: me}\n"}`);
    const error = await refusal(at("me.yaml"));
    const place = error.detail ?? "";
    t.match(place, says, name);
    t.match(error.exitCode, 2, name);
    if (name === "a circle" || name === "a chain without end")
      t.match(place, /(round|chain7)\.yaml:3:10/, name);
    else t.match(place, `${at("me.yaml")}:${line}:`, name);
  }
  t.throws(() => parseRunbook(TOP, "text.yaml"), { message: /cannot be read by itself/, where: { line: 3 } });
});

t.test("what is no mapping is refused as before", async (t) => {
  const at = folder(t, { "list.yaml": "- 1\n", "name.yaml": `${HEAD}metadata: {name: [1]}\nsteps: []\n` });
  t.match(await refusal(at("list.yaml")), { message: /must be a mapping/ });
  const all = overlay("target: {runbooks: ['*']}\npatch: {metadata: {title: X}}");
  t.match(await refusal(at("name.yaml"), { overlays: [all] }), {
    detail: /name\.yaml:3:18: "name" must be text/,
  });
});

t.test("an overlay that cannot be", async (t) => {
  const says = (text: string, detail: RegExp): void => {
    t.throws(() => overlay(text), { code: "DOCUMENT_INVALID", detail }, text);
  };
  says("target: {runbooks: [a]}\npatch: {metadata: {name: x}}", /over\.yaml:4:20: unknown key "name"/);
  says("target: {runbooks: [a]}\npatch: {apiVersion: x}", /unknown key "apiVersion"/);
  says("target: {runbooks: [a]}\npatch: {steps: [{id: x, timeout: 5}]}", /over\.yaml:4:\d+: .*"timeout"/);
  says("target: {runbooks: [a]}\npatch: {steps: [{id: x, $after: x}]}", /beside itself/);
  says("target: {runbooks: []}\npatch: {}", /at least 1 item/);
  says("patch: {}", /lacks the key "target"/);
  says("target: {runbooks: [A/b]}\npatch: {}", /must match/);
  t.match(
    overlay(
      "target: {runbooks: [a]}\npatch: {steps: [{id: x, timeout: null, $patch: replace}], inputs: null}",
    ),
    {
      runbooks: ["a"],
    },
  );
});

t.test("the built-in runbooks resolve to themselves", async (t) => {
  const file = new URL("../../runbooks/trace-path.yaml", import.meta.url).pathname;
  const runbook = await loadRunbook(file);
  t.equal(renderResolved(runbook), readFileSync(file, "utf8"));
  const shown = renderProvenance(runbook, { nameOf: () => "t" });
  t.strictSame(parseDocument(shown, "shown.yaml").data, (await readDocument(file)).data);
  const all = overlay("target: {runbooks: ['*']}\npatch: {}");
  const merged = await loadRunbook(file, { overlays: [all] });
  t.strictSame(merged.document.data, runbook.document.data);
  t.strictSame(parseDocument(renderResolved(merged), "r.yaml").data, runbook.document.data);
});
