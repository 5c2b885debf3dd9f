import t from "tap";
import { readLogLine } from "../../../lib/steps/trigger/log-line.js";

const POD = { namespace: "shop", name: "dns", node: "node-b" };

t.test("a line of a log that matches fires; that there is no log is said as that", (t) => {
  t.equal(readLogLine("ready", "ready", POD), "armed");
  t.strictSame(readLogLine("2026-01-01T00:00:00.0Z stdout F reset by peer", "reset", POD), {
    what: "reset by peer",
  });
  t.equal(readLogLine("2026-01-01T00:00:00.0Z stdout F none", "reset", POD), null);
  t.throws(() => readLogLine("none", "none", POD), {
    code: "TARGET_NOT_FOUND",
    message: "Cannot follow the log of shop/dns: node-b has none in /var/log/pods",
  });
  t.end();
});
