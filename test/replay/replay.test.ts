import t from "tap";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { replayRun } from "../../lib/replay/replay.js";

const EXAMPLES = fileURLToPath(new URL("../../docs/example-runs", import.meta.url));
const quiet = { signal: new AbortController().signal, onEvent: () => undefined, cwd: EXAMPLES };
// A place of its own for what is temporary: other tests replay at the same time.
process.env["TMPDIR"] = t.testdir({});
const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("hopbook-replay-"));

t.test("the recorded runs that come with hopbook give their findings again", async (t) => {
  for (const [name, exitCode] of [
    ["healthy", 0],
    ["policy-drop", 3],
  ] as const) {
    const before = left();
    const report = await replayRun({ dir: `example:${name}`, ...quiet });
    t.equal(report.exitCode, exitCode, name);
    t.equal(report.same, true, "byte for byte");
    t.strictSame(report.differences, []);
    t.equal(report.dir, null);
    t.strictSame(
      left().filter((each) => !before.includes(each)),
      [],
      "nothing is left",
    );
  }
});

t.test("a folder that was moved and can only be read, and a replay that is kept", async (t) => {
  const home = t.testdir({});
  const dir = join(home, "moved");
  cpSync(join(EXAMPLES, "policy-drop"), dir, { recursive: true });
  for (const path of readdirSync(dir, { recursive: true, encoding: "utf8" }))
    chmodSync(join(dir, path), statSync(join(dir, path)).isDirectory() ? 0o500 : 0o400);
  const report = await replayRun({ dir, out: join(home, "out"), ...quiet });
  t.equal(report.same, true);
  t.ok(report.dir !== null && existsSync(join(report.dir, "report.html")));
  t.equal(
    readFileSync(join(report.dir ?? "", "findings.json"), "utf8"),
    readFileSync(join(dir, "findings.json"), "utf8"),
  );
  t.notOk(existsSync(join(report.dir ?? "", "recording")), "a replay is no recording of its own");
  // Else nobody but root can remove the fixture.
  for (const path of readdirSync(dir, { recursive: true, encoding: "utf8" }))
    if (statSync(join(dir, path)).isDirectory()) chmodSync(join(dir, path), 0o700);
});

t.test("another input, where the recording has what it asks for, and where not", async (t) => {
  const same = await replayRun({ dir: "example:healthy", inputs: { watch: "5s" }, ...quiet });
  t.equal(same.same, true);
  await t.rejects(replayRun({ dir: "example:healthy", inputs: { count: "9" }, ...quiet }), {
    code: "RECORDING_MISSING",
    message: /asked for by step (capture|traffic)/,
  });
  await t.rejects(replayRun({ dir: "example:healthy", inputs: { no: "9" }, ...quiet }), {
    code: "INPUT_INVALID",
  });
  await t.rejects(replayRun({ dir: "example:none", ...quiet }), { code: "EVIDENCE_INVALID" });
});

t.test("a replay may do no more than the runbook declares, and nothing on this machine", async (t) => {
  const dir = t.testdir({});
  const text = readFileSync(join(EXAMPLES, "healthy/runbook.yaml"), "utf8");
  writeFileSync(join(dir, "less.yaml"), text.replace(/^ {2}traffic: \[.*\]$/m, "  traffic: [ping]"));
  const report = await replayRun({ dir: "example:healthy", runbook: join(dir, "less.yaml"), ...quiet });
  t.equal(report.same, false);
  t.strictSame(report.differences, [], "the packets say the same");
  t.match(report.findings.run.incomplete, [/Make traffic: Cannot .*http/]);
});

t.test("an interruption of the replay itself is one", async (t) => {
  const abort = new AbortController();
  const report = await replayRun({
    ...{ ...quiet, dir: "example:healthy", signal: abort.signal },
    onEvent: (event) => {
      if (event.type === "stepStarted" && event.step === "traffic") abort.abort(new Error("SIGINT"));
    },
  });
  t.equal(report.exitCode, 130);
});
