import t from "tap";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findProfile, loadCluster, loadProfile } from "../../../lib/cluster/index.js";
import { HopbookError } from "../../../lib/errors.js";

const HEAD =
  "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: here}\nnodes: [{name: me, access: {via: local}}]\n";
const OVERLAY = "apiVersion: hopbook.dev/v1\nkind: RunbookOverlay\n";

function folder(t: { teardown(done: () => void): void }): string {
  const root = mkdtempSync(join(tmpdir(), "hopbook-overlays-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

t.test("overlays of a profile: files and patches, in order, and the folders beside it", async (t) => {
  const root = folder(t);
  write(
    join(root, "overlays/x.yaml"),
    `${OVERLAY}target: {runbooks: [trace-path]}\npatch: {metadata: {title: X}}\n`,
  );
  const file = write(
    join(root, "hopbook.yaml"),
    `${HEAD}overlays:
  - path: ./overlays/x.yaml
  - target: {runbooks: ["*"]}
    patch: {metadata: {labels: {cluster: here}}}
grants:
  - runbooks: [trace-path]
    allow: {exec: [node/read]}
  - deny: {shell: true}
`,
  );
  const { profile, overlays, dirs } = await loadCluster(file);
  t.match(profile, { name: "here", file });
  t.strictSame(
    overlays.map(({ runbooks, patch }) => [runbooks, patch.document.file, patch.path]),
    [
      [["trace-path"], join(root, "overlays/x.yaml"), ["patch"]],
      [["*"], file, ["overlays", 1, "patch"]],
    ],
  );
  t.strictSame(dirs, { runbooks: join(root, "runbooks"), recipes: join(root, "cni") });
  const [first, second] = profile.grants ?? [];
  t.match(first, { runbooks: ["trace-path"], allow: { exec: ["node/read"] }, dir: root });
  t.equal(first?.placeOf(["allow", "exec", 0]), `${file}:11`);
  t.match(second, { deny: { shell: true } });
  t.notOk((await loadProfile(write(join(root, "bare.yaml"), HEAD))).grants);
});

const REFUSED: [string, string, number, RegExp][] = [
  ["a file that is not there", "overlays:\n  - path: ./none.yaml\n", 6, /there is no such file/],
  ["a FIFO", "overlays:\n  - path: ./fifo.yaml\n", 6, /not a regular file/],
  ["a patch without a target", "overlays:\n  - patch: {}\n", 6, /needs "target"/],
  ["a target without a patch", "overlays:\n  - target: {runbooks: [a]}\n", 6, /needs "patch"/],
  ["both", "overlays:\n  - {path: ./x.yaml, target: {runbooks: [a]}, patch: {}}\n", 6, /either a path, or/],
  ["neither", "overlays:\n  - {}\n", 6, /either a path, or/],
  [
    "an unknown key of a step",
    "overlays:\n  - target: {runbooks: [a]}\n    patch:\n      steps: [{id: x, timout: 5s}]\n",
    8,
    /did you mean "timeout"/,
  ],
  [
    "a value of another type",
    "overlays:\n  - target: {runbooks: [a]}\n    patch:\n      steps: [{id: x, needs: y}]\n",
    8,
    /"needs" must be a list or empty, is "y"/,
  ],
  [
    "a name that may not change",
    "overlays:\n  - target: {runbooks: [a]}\n    patch: {metadata: {name: x}}\n",
    7,
    /unknown key "name"/,
  ],
  [
    "what makes no sense",
    "overlays:\n  - target: {runbooks: [a]}\n    patch: {steps: [{id: x}, {id: x}]}\n",
    7,
    /stands twice/,
  ],
  ["a grant of no scope", "grants:\n  - {allow: {exex: [a]}}\n", 6, /did you mean "exec"/],
  ["an image for no purpose", "images: {toolz: x}\n", 5, /did you mean "tools"/],
];

t.test("refused at the profile's line", async (t) => {
  const root = folder(t);
  execFileSync("mkfifo", [join(root, "fifo.yaml")]);
  for (const [name, body, line, says] of REFUSED) {
    const file = write(join(root, "hopbook.yaml"), `${HEAD}${body}`);
    const error = await loadProfile(file).catch((thrown: unknown) => thrown);
    if (!(error instanceof HopbookError)) throw new Error(name);
    t.match(error.detail, says, name);
    t.match(error.detail, `${file}:${line}:`, name);
    t.equal(error.exitCode, 2, name);
  }
});

t.test("refused at the overlay's own line", async (t) => {
  const root = folder(t);
  const file = write(join(root, "hopbook.yaml"), `${HEAD}overlays: [{path: ./x.yaml}]\n`);
  const other = write(join(root, "x.yaml"), `${OVERLAY}target: {runbooks: [a]}\npatch:\n  stpes: []\n`);
  await t.rejects(loadProfile(file), {
    code: "DOCUMENT_INVALID",
    where: { file: other, line: 5, column: 3 },
  });
  write(other, HEAD);
  await t.rejects(loadProfile(file), { code: "DOCUMENT_INVALID", where: { file: other } });
});

t.test("a cluster has a folder of its own", async (t) => {
  const root = folder(t);
  const prod = write(join(root, "clusters/prod/hopbook.yaml"), HEAD);
  t.equal(await findProfile({ flag: "clusters/prod", cwd: root, home: root }), prod);
  const named = write(join(root, ".config/hopbook/clusters/eu/hopbook.yaml"), HEAD);
  t.equal(await findProfile({ flag: "eu", cwd: root, home: root }), named);
  const clone = t.testdir({ eu: { "hopbook.yaml": "" }, "eu.yaml": "" });
  t.equal(
    await findProfile({ flag: "eu", cwd: clone, home: root }),
    named,
    "a folder that one stands in has no say in what a name means",
  );
  t.equal(await findProfile({ flag: "./eu", cwd: clone, home: root }), `${clone}/eu/hopbook.yaml`);
  await t.rejects(findProfile({ flag: "us", cwd: root, home: root }), { code: "CLUSTER_NOT_FOUND" });
});
