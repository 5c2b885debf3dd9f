import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CLUSTER_SCRIPTS } from "../../../lib/cluster/index.js";
import { planPodLog, textOfLogLine } from "../../../lib/cluster/runtime/pod-log.js";
import { findArgvFault } from "../../../lib/permissions/index.js";

const SCRIPTS = new Map(Object.entries(CLUSTER_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
const time = { leaseSeconds: 20, seconds: 30 };

t.test("what it may be given", async (t) => {
  const argv = planPodLog({ namespace: "shop", name: "web-0", container: null }, time);
  t.strictSame(argv.slice(3), ["hopbook-pod-log", "20", "30", "/var/log/pods", "shop", "web-0", "-"]);
  t.equal(findArgvFault("pod/logs", argv, SCRIPTS), undefined);
  const all = planPodLog({ namespace: "shop", name: "web-0", container: null }, { ...time, fromStart: true });
  t.strictSame(all, [...argv, "all"]);
  t.equal(findArgvFault("pod/logs", all, SCRIPTS), undefined);
  t.ok(findArgvFault("pod/logs", [...argv, "other"], SCRIPTS));
  const [program, ...words] = argv;
  for (const [at, word] of [
    [5, "/etc"],
    [6, "../x"],
    [7, "*"],
    [8, "a*"],
  ] as const) {
    t.ok(findArgvFault("pod/logs", [program, ...words.with(at, word)], SCRIPTS), word);
  }
});

t.test("a runtime's words before a line", async (t) => {
  t.equal(textOfLogLine("2026-01-01T00:00:00.123456789Z stderr F connection reset"), "connection reset");
  t.equal(textOfLogLine("2026-01-01T00:00:00.1+01:00 stdout P half"), "half");
  t.equal(textOfLogLine('{"log":"x"}'), '{"log":"x"}');
});

for (const shell of ["dash", "bash", "busybox"].filter(
  (name) => spawnSync(name, ["true"]).error === undefined,
)) {
  t.test(`${shell}: new lines of all containers, over a rotation, until the client goes`, async (t) => {
    const folder = t.testdir({
      shop_web_1234: { app: { "0.log": "old\n" }, side: { "0.log": "", "1.log": "" } },
      "shop_web-other_5": { app: { "0.log": "" } },
    });
    const [, ...rest] = planPodLog({ namespace: "shop", name: "web", container: null }, time);
    const words = [...(shell === "busybox" ? ["sh"] : []), ...rest];
    const start = (given: readonly string[]) => {
      const child = spawn(shell, given, { stdio: ["pipe", "pipe", "inherit"] });
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
    };
    const place = words.indexOf("/var/log/pods");
    const { child, lines } = start(words.with(place, folder));
    t.equal((await lines.next()).value, "ready");
    appendFileSync(join(folder, "shop_web-other_5/app/0.log"), "of another\n");
    appendFileSync(join(folder, "shop_web_1234/app/0.log"), "first\n");
    t.equal((await lines.next()).value, "first");
    renameSync(join(folder, "shop_web_1234/app/0.log"), join(folder, "shop_web_1234/app/0.log.old"));
    writeFileSync(join(folder, "shop_web_1234/app/0.log"), "second\n");
    for (let line = ""; line !== "second";) line = String((await lines.next()).value);
    child.stdin.end();
    await once(child, "close");
    const whole = start([...words.with(place, folder), "all"]);
    t.equal((await whole.lines.next()).value, "second");
    for (let line = ""; line !== "ready";) line = String((await whole.lines.next()).value);
    whole.child.stdin.end();
    await once(whole.child, "close");
    const none = start(words.with(place, join(folder, "nowhere")));
    t.equal((await none.lines.next()).value, "none");
    await once(none.child, "close");
  });
}
