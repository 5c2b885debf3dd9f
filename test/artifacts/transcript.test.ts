import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { describeCommand, describeError } from "../../lib/artifacts/index.js";
import type { ExecResult } from "../../lib/model/access.js";

const result: ExecResult = {
  node: "node-a",
  argv: ["ip", "-j", "link"],
  exitCode: 1,
  signal: null,
  stdout: Buffer.from("[]"),
  stderr: Buffer.from(`${"a".repeat(3000)}end`),
  timedOut: false,
  canceled: false,
  truncated: false,
  startedAt: "2026-11-20T21:44:54.000Z",
  durationMs: 12,
};

t.test("a command's line", async (t) => {
  const entry = describeCommand(result, "inspect/links");
  t.match(entry, {
    type: "command",
    at: result.startedAt,
    action: "inspect/links",
    exitCode: 1,
    stdoutBytes: 2,
  });
  t.equal(entry.stderrBytes, 3003);
  t.equal(entry.stderrTail.length, 2000);
  t.ok(entry.stderrTail.endsWith("end"));
  t.equal(describeCommand({ ...result, exitCode: 0 }, "x").stderrTail, "");
});

t.test("an error's line", async (t) => {
  const at = new Date("2026-11-20T21:44:54Z");
  t.strictSame(describeError(new HopbookError("USAGE", "Cannot do X: Y"), at), {
    type: "error",
    at: "2026-11-20T21:44:54.000Z",
    code: "USAGE",
    message: "Cannot do X: Y",
  });
  const whole = new HopbookError("COMMAND_FAILED", "m", {
    where: { node: "n", argv: ["ip"] },
    hint: "h",
    detail: "d",
  });
  t.match(describeError(whole, at), { node: "n", argv: ["ip"], hint: "h", detail: "d" });
});
