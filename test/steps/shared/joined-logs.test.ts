import t from "tap";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { Argv, NodeAccess, StreamEnd } from "../../../lib/model/access.js";
import { systemClock } from "../../../lib/model/clock.js";
import { onAbort } from "../../../lib/process/abort.js";
import { JoinedLogs } from "../../../lib/steps/shared/joined-logs.js";
import { fakeContext, fakeNode } from "../samples.js";

const WISH = { container: null, match: "refused", time: { seconds: 60, leaseSeconds: 20 } };
const pod = (name: string) => ({ namespace: "shop", name, node: "node-a" });

/** A node on which each log that is followed says what the test has it say. */
function setUp(via: NodeAccess["via"] = "local") {
  const { access } = fakeNode("node-a", () => ({ exitCode: 1 }));
  const followed: { readonly argv: Argv; say(line: string): void; end(): void }[] = [];
  const node: NodeAccess = {
    ...access,
    via,
    stream(argv, { action, signal }) {
      const lines = new PassThrough();
      const done = new Promise<StreamEnd>((resolve) => {
        lines.once("close", () => resolve({ exitCode: 3, signal: null, transportLost: false }));
      });
      const end = (): void => void lines.end(() => lines.destroy());
      onAbort(signal, end);
      t.equal(action, "pod/logs");
      followed.push({ argv, say: (line) => void lines.write(`${line}\n`), end });
      return {
        ...{ node: "node-a", argv, done, stderrText: () => "", write: () => undefined, end },
        stdoutLines: createInterface({ input: lines }),
        kill: () => {
          end();
          return done;
        },
      };
    },
  };
  const fake = fakeContext([node], { clock: { ...systemClock, sleep: () => Promise.resolve() } });
  return { ...fake, followed };
}

t.test("a line of a pod that joined before, or after, is found; from its start the first time", async (t) => {
  const { context, followed } = setUp();
  const logs = new JoinedLogs();
  logs.add([pod("web-1")], context);
  const over = new AbortController();
  const first = logs.wait(WISH, over.signal);
  logs.add([pod("web-2")], context);
  t.strictSame(
    followed.map(({ argv }) => argv.slice(4)),
    ["web-1", "web-2"].map((name) => ["20", "60", "/var/log/pods", "shop", name, "-", "all"]),
  );
  followed[0]?.say("2026-01-01T00:00:00.0Z stdout F all is well");
  followed[1]?.say("2026-01-01T00:00:00.0Z stderr F connection refused");
  t.strictSame(await first, { pod: pod("web-2"), line: "connection refused" });
  over.abort();
  await logs.settle();

  const again = new AbortController();
  const second = logs.wait(WISH, again.signal);
  t.equal(followed.length, 4);
  t.notOk(
    followed.slice(2).some(({ argv }) => argv.includes("all")),
    "what was there is not found again",
  );
  again.abort();
  await t.rejects(second, { name: "AbortError" });
  await logs.settle();
  logs.add([pod("web-3")], context);
  t.equal(followed.length, 4, "nobody waits any more");
});

t.test("a container that logs later is tried again, and one that never does is said", async (t) => {
  const { context, followed, notes } = setUp();
  const logs = new JoinedLogs();
  const over = new AbortController();
  const found = logs.wait(WISH, over.signal);
  logs.add([pod("web-1")], context);
  for (let tries = 0; tries < 10; tries += 1) {
    while (followed.length <= tries) await new Promise((resolve) => setImmediate(resolve));
    followed[tries]?.say("none");
    followed[tries]?.end();
  }
  await logs.settle();
  t.equal(followed.length, 10);
  t.match(notes.join(), /the log of shop\/web-1 is not followed: .*node-a has none in \/var\/log\/pods/);
  over.abort();
  await t.rejects(found);
});

t.test("by a login, which has few sessions, it is not followed, and said", async (t) => {
  const { context, followed, notes } = setUp("ssh");
  const logs = new JoinedLogs();
  const over = new AbortController();
  const found = logs.wait(WISH, over.signal);
  logs.add([pod("web-1")], context);
  await logs.settle();
  t.equal(followed.length, 0);
  t.match(notes.join(), /the log of shop\/web-1 is not followed: node-a's login has no session/);
  over.abort();
  await t.rejects(found);
});
