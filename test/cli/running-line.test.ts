import { mock } from "node:test";
import t from "tap";
import { LiveLine } from "../../lib/cli/live-line.js";
import { makeProgress } from "../../lib/cli/progress.js";

t.test("on a terminal a line says what goes on and for how long, and goes before the next", (t) => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  t.teardown(() => mock.timers.reset());
  const said: string[] = [];
  const line = new LiveLine({ write: (text) => said.push(text), columns: 60 });
  const terminal = {
    ...{ out: () => undefined, ask: () => Promise.resolve(null), color: false, unicode: true, width: 60 },
    ...{ interactive: false, live: (text: string) => line.show(text) },
    err: (text: string) => {
      line.erase();
      said.push(text);
    },
  };
  const take = (): string[] => said.splice(0);
  const progress = makeProgress(terminal);
  const step = { kind: "k" } as const;
  progress({ type: "stepStarted", ...step, step: "w", title: "Watch\u001b[2J" });
  t.strictSame(take(), [], "not for what is over at once");
  mock.timers.tick(3000);
  t.equal(take().at(-1), "\r\u001b[K  … Watch\\x1b[2J, for 3.0 s");
  progress({ type: "stepStarted", ...step, step: "x", title: "Other" });
  mock.timers.tick(1000);
  t.strictSame(take(), ["\r\u001b[K  … Watch\\x1b[2J, for 4.0 s, and 1 more"]);
  progress({ type: "note", step: null, level: "info", text: "seen" });
  t.strictSame(take(), ["\r\u001b[K", "  · seen\n"], "it goes before a line that stays");
  const ended = { type: "stepEnded", ...step, status: "done", durationMs: 4000 } as const;
  progress({ ...ended, step: "w", message: "Watch" });
  t.strictSame(take(), ["✓ Watch 4.0 s\n"]);
  mock.timers.tick(1000);
  t.strictSame(take(), ["\r\u001b[K  … Other, for 2.0 s"]);
  progress({ ...ended, step: "x", message: "Other" });
  t.strictSame(take(), ["\r\u001b[K", "✓ Other 4.0 s\n"]);
  mock.timers.tick(5000);
  t.strictSame(take(), [], "nothing ticks on");
  progress({ type: "stepStarted", ...step, step: "l", title: "x".repeat(100) });
  mock.timers.tick(1000);
  t.equal(take().at(-1)?.length, "\r\u001b[K".length + 59, "on one line");
  progress({ ...ended, step: "l", message: "l" });
  t.end();
});

t.test("elsewhere only lines that stay are written", (t) => {
  mock.timers.enable({ apis: ["setInterval", "Date"] });
  t.teardown(() => mock.timers.reset());
  const said: string[] = [];
  const progress = makeProgress({
    ...{ out: () => undefined, err: (text) => said.push(text), ask: () => Promise.resolve(null) },
    ...{ color: false, unicode: false, width: 60, interactive: false },
  });
  progress({ type: "stepStarted", step: "w", kind: "k", title: "Watch" });
  mock.timers.tick(10_000);
  t.strictSame(said, []);
  t.end();
});

t.test("lines below it are of what goes on, and go with it", (t) => {
  const said: string[] = [];
  const line = new LiveLine({ write: (text) => said.push(text), columns: 20 });
  line.show(`a\n${"b".repeat(30)}\nc`);
  t.strictSame(said.splice(0), [`\r\u001b[Ka\n${"b".repeat(9)}…${"b".repeat(9)}\nc`]);
  line.show("d");
  t.strictSame(said.splice(0), ["\r\u001b[K\u001b[1A\u001b[K\u001b[1A\u001b[Kd"]);
  line.erase();
  t.strictSame(said.splice(0), ["\r\u001b[K"]);
  t.end();
});
