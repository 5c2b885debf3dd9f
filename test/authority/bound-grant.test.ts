import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t from "tap";
import { findGrantFault, isDeniedBy, NOT_MEANT, type RunbookPart } from "../../lib/authority/bound-grant.js";
import { partsOf } from "../../lib/authority/foresee.js";
import { RUNBOOK_DIR } from "../../lib/catalogue/places.js";
import { checkScripts } from "../../lib/catalogue/scripts.js";
import type { GrantSource } from "../../lib/model/permissions.js";
import { loadRunbook, parseRunbook } from "../../lib/runbook/index.js";
import { openRunbookSession } from "../../lib/session/runbook-session.js";

const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

function sourceOf(dir: string, runbooks: readonly string[]): GrantSource {
  return { runbooks, dir, placeOf: (path) => `${dir}/grants.yaml:${path.join(".")}` };
}

const OWN = join(RUNBOOK_DIR, "trace-path.yaml");
const own: RunbookPart = { file: OWN, sha256: sha(readFileSync(OWN, "utf8")) };

t.test("a name means the runbook that comes with hopbook, not a file that calls itself so", async (t) => {
  const dir = t.testdir({ "trace-path.yaml": "name: trace-path", "copy.yaml": readFileSync(OWN, "utf8") });
  const faultOf = (runbook: string, parts: readonly RunbookPart[], names = ["trace-*"]) =>
    findGrantFault(sourceOf(dir, names), { runbook, parts });
  const foreign = { file: join(dir, "trace-path.yaml"), sha256: sha("name: trace-path") };
  t.equal(await faultOf("trace-path", [own]), null);
  t.equal(await faultOf("trace-path", [own], ["*"]), null);
  t.equal(await faultOf("trace-path", []), null, "a command of hopbook's own");
  t.equal(await faultOf("trace-path", [{ ...own, file: join(dir, "copy.yaml") }]), null, "its very text");
  t.equal(
    await faultOf("trace-path", [foreign]),
    `${dir}/grants.yaml:runbooks.0 names hopbook's own trace-path, and ${foreign.file} is not of it: give its path, ${foreign.file}, or sha256:${foreign.sha256}`,
  );
  t.match(await faultOf("trace-path", [foreign], ["*"]), /names hopbook's own/, "of any name");
  t.match(await faultOf("trace-path", [own, foreign]), /is not of it/, "nor with a part of another");
  t.match(
    await faultOf("trace-path", [own, { ...foreign, sha256: null }]),
    /give the path .*trace-path\.yaml$/,
  );
  t.equal(await faultOf("other", [foreign]), NOT_MEANT);
  t.match(
    await faultOf("../trace-path", [{ ...foreign, sha256: own.sha256 }], ["*"]),
    /is not of it/,
    "a name is no path",
  );
});

t.test("a path means a file that only the operator can write, and what lies beside it", async (t) => {
  const dir = t.testdir({
    books: { "fix.yaml": "a", "base.yaml": "b", "fix.ts": "c", lib: { "x.ts": "d" } },
    other: { "base.yaml": "e" },
  });
  const part = (name: string): RunbookPart => ({ file: join(dir, name), sha256: null });
  const faultOf = (entries: readonly string[], ...parts: string[]) =>
    findGrantFault(sourceOf(dir, entries), { runbook: "fix", parts: parts.map(part) });
  t.equal(await faultOf(["./books/fix.yaml"], "books/fix.yaml"), null);
  t.equal(await faultOf([join(dir, "books/fix.yaml")], "books/fix.yaml"), null);
  t.equal(await faultOf(["./books/base.yaml"], "books/fix.yaml"), NOT_MEANT);
  const all = ["books/fix.yaml", "books/base.yaml", "books/fix.ts", "books/lib/x.ts"];
  t.equal(await faultOf(["./books/fix.yaml"], ...all), null, "what it brings");
  t.match(
    await faultOf(["./books/fix.yaml"], "books/fix.yaml", "other/base.yaml"),
    /says nothing of .*other\/base\.yaml, which is a part of fix: add the path/,
  );
  t.equal(
    await faultOf(["./books/fix.yaml", "./other/base.yaml"], "books/fix.yaml", "other/base.yaml"),
    null,
  );
  t.equal(await faultOf(["./gone/fix.yaml"], "books/fix.yaml"), NOT_MEANT);
  symlinkSync(join(dir, "books/fix.yaml"), join(dir, "link.yaml"));
  t.equal(await faultOf(["./link.yaml"], "books/fix.yaml"), null);

  chmodSync(join(dir, "books/fix.ts"), 0o664);
  t.match(await faultOf(["./books/fix.yaml"], ...all), /by its path, and its group may write it/);
  t.equal(await faultOf(["./books/fix.yaml"], "books/fix.yaml"), null);
  mkdirSync(join(dir, "open"));
  writeFileSync(join(dir, "open/fix.yaml"), "a");
  symlinkSync(join(dir, "books/fix.yaml"), join(dir, "open/link.yaml"));
  chmodSync(join(dir, "open"), 0o777);
  t.match(await faultOf(["./open/fix.yaml"], "open/fix.yaml"), /of its folder .*open everybody may write it/);
  t.match(
    await faultOf(["./open/link.yaml"], "books/fix.yaml"),
    /of its folder .*open everybody/,
    "by a link",
  );
  chmodSync(join(dir, "open"), 0o1777);
  t.equal(await faultOf(["./open/fix.yaml"], "open/fix.yaml"), null, "nobody moves it away there");
});

t.test("a digest means the text of each part", async (t) => {
  const dir = t.testdir({ "fix.yaml": "a", "fix.ts": "b" });
  const parts = ["fix.yaml", "fix.ts"].map((name) => ({
    file: join(dir, name),
    sha256: sha(readFileSync(join(dir, name), "utf8")),
  }));
  const [yaml, script] = parts.map(({ sha256 }) => `sha256:${sha256}`) as [string, string];
  const faultOf = (entries: readonly string[], given: readonly RunbookPart[] = parts) =>
    findGrantFault(sourceOf("/", entries), { runbook: "fix", parts: given });
  t.equal(await faultOf([yaml, script]), null);
  t.match(await faultOf([yaml]), new RegExp(`says nothing of .*fix\\.ts.*add its path, .* or ${script}`));
  t.equal(await faultOf([script]), NOT_MEANT, "a part alone is not it");
  t.match(
    await faultOf([yaml], [parts[0] as RunbookPart, { file: join(dir, "fix.ts"), sha256: null }]),
    /add the path/,
  );
  chmodSync(join(dir, "fix.yaml"), 0o666);
  t.equal(await faultOf([yaml, script]), null, "whoever may write it: its text was read");
});

t.test("a denial holds for all that call themselves so, and for a path or digest", async (t) => {
  const dir = t.testdir({ "fix.yaml": "a" });
  const parts = [{ file: join(dir, "fix.yaml"), sha256: sha("a") }];
  const isDenied = (entries: readonly string[] | undefined, runbook = "fix") =>
    isDeniedBy(
      { ...sourceOf(dir, []), ...(entries === undefined ? {} : { runbooks: entries }) },
      { runbook, parts },
    );
  t.equal(await isDenied(["fi*"]), true);
  t.equal(await isDenied(["other"]), false);
  t.equal(await isDenied(["./fix.yaml"], "other"), true);
  t.equal(await isDenied([`sha256:${sha("a")}`], "other"), true);
  t.equal(await isDeniedBy({ dir, placeOf: () => "" }, { runbook: "x", parts: [] }), true);
  t.equal(await isDeniedBy(sourceOf(dir, ["./fix.yaml"]), { runbook: "x", parts: [] }), false);
});

const BOOK = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: { name: fix-nic, title: Fix }
permissions: { exec: [node/read] }
steps:
  - { id: look, script: ./look.ts }
`;

t.test("parts of a runbook: what it extends and its scripts with what they import", async (t) => {
  const dir = t.testdir({
    "fix.yaml": BOOK,
    "look.ts": 'import { x } from "./x.ts";\nexport default function run(): unknown { return x; }\n',
    "x.ts": "export const x = 1;\n",
  });
  const runbook = await loadRunbook(join(dir, "fix.yaml"));
  const scripts = await checkScripts(runbook);
  const parts = partsOf(runbook, scripts);
  t.strictSame(
    parts.map(({ file }) => file),
    ["fix.yaml", "look.ts", "x.ts"].map((name) => join(dir, name)),
  );
  t.ok(parts.every(({ file, sha256 }) => sha256 === sha(readFileSync(file, "utf8"))));
  t.strictSame(partsOf(runbook, new Map()).at(-1), { file: join(dir, "look.ts"), sha256: null });
  const plain = parseRunbook(BOOK.replace("script: ./look.ts", "run: [uptime], on: node/a"), "/x.yaml");
  t.equal(partsOf(plain, new Map()).length, 1);
});

t.test("run: a foreign file of a granted name gets nothing, and the question says why", async (t) => {
  const dir = t.testdir({
    mine: {
      "prod.yaml": `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: { name: prod }
nodes: [{ name: node-a, access: { via: local } }]
grants:
  - { runbooks: [fix-nic], allow: { node: true, exec: [node/read] } }
`,
    },
    theirs: { "fix.yaml": BOOK.replace("script: ./look.ts", "run: [uptime], on: node/node-a") },
  });
  const session = await openRunbookSession({
    ...{ runbook: join(dir, "theirs/fix.yaml"), cwd: dirname(dir), cluster: join(dir, "mine/prod.yaml") },
    ...{ grants: {}, inputs: {}, signal: new AbortController().signal, onEvent: () => undefined },
  });
  t.match(session.granted.notes, [
    /^A grant is left out: .*prod\.yaml:6 names hopbook's own fix-nic, and .*theirs\/fix\.yaml is not of it/,
  ]);
  t.notOk(session.granted.grant.rules.some(({ effect }) => effect === "allow"));
});
