import t from "tap";
import { describeFault } from "../../lib/shapes/fault.js";
import { findings as isFindings } from "../../lib/shapes/generated/findings.js";
import { readAccessFindings, readEntered } from "../../lib/verdict/access-evidence.js";

const folder = (value: unknown): string =>
  t.testdir({ evidence: { "access.json": typeof value === "string" ? value : JSON.stringify(value) } });

t.test("what was entered stands with why; nodes that nobody entered are left out", async (t) => {
  const rejected = [{ via: "ssh", reason: "no login" }];
  const dir = folder({
    choices: [
      { target: "a", via: "debugPod", reason: "may be made", rejected },
      { target: "b", via: "debugPod", reason: "may be made", rejected },
      { target: "c", via: null, reason: "nothing may", rejected },
    ],
    entered: [
      { target: "a", via: "debugPod", made: "pod x/y" },
      { target: "d", via: "ssh", made: null },
    ],
  });
  const access = readAccessFindings(dir);
  t.strictSame(access, [
    { target: "a", via: "debugPod", made: "pod x/y", reason: "may be made", rejected },
    { target: "d", via: "ssh", made: null, reason: null, rejected: [] },
    { target: "c", via: null, made: null, reason: "nothing may", rejected },
  ]);
  const run = { id: "a", runbook: "x", startedAt: "2026-01-01T00:00:00Z", complete: true, incomplete: [] };
  const findings = { apiVersion: "hopbook.dev/v1", kind: "Findings", run, flows: [], checks: [] };
  t.ok(isFindings({ ...findings, access }));
  const wrong: unknown = { ...findings, access: [{ ...access[0], via: "magic" }] };
  t.notOk(isFindings(wrong));
  t.match(describeFault(isFindings, wrong, "findings"), /access\[0\]\.via is "magic", not one of local, ssh/);
});

t.test("a folder without it, or with anything in it, gives what has the shape", async (t) => {
  t.strictSame(readAccessFindings(t.testdir({})), []);
  for (const bad of [
    "{",
    "[]",
    "null",
    "1",
    { choices: 1, entered: "x" },
    { entered: [null, 1, { target: "a" }] },
  ])
    t.strictSame([readAccessFindings(folder(bad)), readEntered(folder(bad))], [[], []], JSON.stringify(bad));
  const odd = {
    choices: [
      { target: "a", via: "magic", reason: "x" },
      { target: "b", via: null, reason: "x", rejected: [{}] },
    ],
  };
  t.strictSame(readAccessFindings(folder(odd)), [
    { target: "b", via: null, made: null, reason: "x", rejected: [] },
  ]);
});
