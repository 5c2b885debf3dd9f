import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { describeFault, type Validate } from "../../lib/shapes/fault.js";
import * as evidence from "../../lib/shapes/generated/evidence.js";
import { findings } from "../../lib/shapes/generated/findings.js";
import { manifest } from "../../lib/shapes/generated/manifest.js";
import { plan } from "../../lib/shapes/generated/plan.js";
import { entry, header, turn } from "../../lib/shapes/generated/recording.js";

const ROOT = join(import.meta.dirname, "../..");

t.test("the validators are what schemas/ says", async (t) => {
  await t.resolves(promisify(execFile)(process.execPath, [join(ROOT, "bin/validators.js"), "--check"]));
});

const RUNS = join(ROOT, "docs/example-runs");
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

for (const run of readdirSync(RUNS)) {
  t.test(`${run}: all that a run leaves fits its schema`, async (t) => {
    const files: Readonly<Record<string, Validate<unknown>>> = {
      "findings.json": findings,
      "manifest.json": manifest,
      "plan.json": plan,
      "evidence/run.json": evidence.run,
      "evidence/flows.json": evidence.flows,
      "evidence/captures.json": evidence.captures,
      "evidence/traffic.json": evidence.traffic,
      "evidence/state.json": evidence.state,
      "evidence/drops.json": evidence.drops,
    };
    for (const [file, validate] of Object.entries(files)) {
      const value = read(join(RUNS, run, file));
      t.ok(validate(value), `${file}: ${describeFault(validate, value, file)}`);
    }
    const [first = "", ...rest] = readFileSync(join(RUNS, run, "recording/index.jsonl"), "utf8")
      .trim()
      .split("\n");
    t.ok(header(JSON.parse(first)));
    t.ok(rest.every((line) => entry(JSON.parse(line))));
  });
}

t.test("a fault is told with its place, its value and what is wanted", async (t) => {
  const told = (validate: Validate<unknown>, value: unknown): string => {
    t.notOk(validate(value));
    return describeFault(validate, value, "it");
  };
  const run = { id: "x", runbook: "y", startedAt: "z", finishedAt: null, cluster: "c", complete: true };
  t.equal(told(evidence.run, run), 'it lacks the key "incomplete"');
  t.equal(told(evidence.run, { ...run, incomplete: [1] }), "it.incomplete[0] is 1, not a text");
  t.equal(told(evidence.insidePath, "a/../b"), 'it is "a/../b", not a path that stays in the run folder');
  t.equal(told(entry, { type: "__proto__" }), 'it.type is "__proto__", which is not known');
  t.equal(told(entry, null), "it is null, not an object");
  t.equal(told(turn, { seq: -1, atMs: 0, in: "" }), "it.seq is -1, not >= 0");
  t.equal(told(manifest, { apiVersion: 1 }), 'it lacks the key "kind"');
  t.match(
    told(findings, { ...(read(join(RUNS, "healthy/findings.json")) as object), more: 1 }),
    /unknown key "more"/,
  );
  const long = told(evidence.insidePath, "/".repeat(5000));
  t.ok(long.length < 150, "a value from elsewhere is cut");
});

t.test("a path of the run folder never leads out of it", async (t) => {
  for (const inside of ["a", "captures/a.pcap", "a..b/c", "..a", "a/b..", "ä/ü"])
    t.ok(evidence.insidePath(inside), inside);
  for (const outside of [
    "",
    "/a",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "a\\..\\b",
    "..\\a",
    "a\0b",
    "a\n/../b",
    7,
    null,
  ])
    t.notOk(evidence.insidePath(outside), JSON.stringify(outside));
});

t.test("numbers that JSON can write and none that a count may be", async (t) => {
  const sleep = (ms: unknown, start: unknown): boolean =>
    entry({ type: "sleep", start, end: 2, ms, aborted: false });
  t.ok(sleep(0.5, 1));
  for (const [ms, start] of [
    [JSON.parse("1e999"), 1],
    [1, 1.5],
    [1, -1],
    [1, 2 ** 60],
    ["1", 1],
  ])
    t.notOk(sleep(ms, start), `${String(ms)} ${String(start)}`);
});
