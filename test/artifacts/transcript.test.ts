import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import { describeError } from "../../lib/artifacts/index.js";

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
