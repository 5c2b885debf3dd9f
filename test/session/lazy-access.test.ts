import t from "tap";
import { createLazyAccess } from "../../lib/session/lazy-access.js";
import { HopbookError } from "../../lib/errors.js";
import type { ExecResult, NodeAccess, NodeStream } from "../../lib/model/access.js";

const RESULT = { exitCode: 0 } as ExecResult;
const OPTIONS = { action: "node/read", timeoutMs: 1000 };

function fakeAccess(closed: string[], node: string): NodeAccess {
  const stream = (): NodeStream => {
    const written: string[] = [];
    let finish: (end: { exitCode: number; signal: null; transportLost: false }) => void = () => undefined;
    const done = new Promise<{ exitCode: number; signal: null; transportLost: false }>(
      (resolve) => (finish = resolve),
    );
    async function* lines(): AsyncGenerator<string> {
      await done;
      yield* written;
    }
    return {
      ...{ node, argv: ["cat"], stderrText: () => "", done, stdoutLines: lines() },
      write: (text) => void written.push(text),
      end: () => finish({ exitCode: 0, signal: null, transportLost: false }),
      kill: () => done,
    };
  };
  return {
    ...{ node, via: "local", stream, exec: async () => RESULT },
    pull: async () => ({ bytes: 0, sha256: "" }),
    close: async () => void closed.push(node),
  };
}

t.test(
  "of 500 nodes only those are opened that something is asked of, each once, and only they are closed",
  async (t) => {
    const opened: string[] = [];
    const closed: string[] = [];
    const all = Array.from({ length: 500 }, (_, index) => `node-${index}`).map((node) =>
      createLazyAccess({
        ...{ node, via: "debugPod" },
        open: async () => {
          opened.push(node);
          await new Promise((resolve) => setTimeout(resolve, 5));
          return fakeAccess(closed, node);
        },
      }),
    );
    const [, one, , two] = all;
    await Promise.all([
      one?.exec(["true"], OPTIONS),
      one?.exec(["true"], OPTIONS),
      two?.exec(["true"], OPTIONS),
    ]);
    await one?.pull("/x", "/y", OPTIONS);
    t.strictSame(opened, ["node-1", "node-3"]);
    await Promise.all(all.map((access) => access.close()));
    t.strictSame(closed.sort(), ["node-1", "node-3"]);
    await t.rejects((all[7] as NodeAccess).exec(["true"], OPTIONS), { code: "INTERRUPTED" });
    t.equal(opened.length, 2, "nothing is opened after the end");
  },
);

t.test("a failed opening is remembered for a moment, and thrown as it is", async (t) => {
  let nowMs = 0;
  let tries = 0;
  const failure = new HopbookError("POD_NOT_STARTED", "Cannot start it");
  const access = createLazyAccess({
    ...{ node: "node-a", via: "debugPod", nowMs: () => nowMs },
    open: () => {
      tries += 1;
      return tries < 3 ? Promise.reject(failure) : Promise.resolve(fakeAccess([], "node-a"));
    },
  });
  const caught = await Promise.allSettled([1, 2, 3].map(() => access.exec(["true"], OPTIONS)));
  for (const each of caught) t.equal(each.status === "rejected" && each.reason, failure);
  t.equal(tries, 1);
  nowMs = 6000;
  await t.rejects(access.exec(["true"], OPTIONS), { code: "POD_NOT_STARTED" });
  t.equal(tries, 2, "and tried again later");
  nowMs = 12_000;
  t.equal((await access.exec(["true"], OPTIONS)).exitCode, 0);
});

t.test("a stream may be written to before its node is entered", async (t) => {
  const access = createLazyAccess({
    node: "node-a",
    via: "debugPod",
    open: async () => fakeAccess([], "node-a"),
  });
  const stream = access.stream(["cat"], { action: "node/read" });
  stream.write("a");
  stream.write("b");
  stream.end();
  const lines: string[] = [];
  for await (const line of stream.stdoutLines) lines.push(line);
  t.strictSame(lines, ["a", "b"]);
  t.equal((await stream.done).exitCode, 0);
});

t.test("a stream whose node cannot be entered ends as one that lost its way", async (t) => {
  const open = (): Promise<NodeAccess> =>
    Promise.reject(new HopbookError("NODE_UNREACHABLE", "Cannot reach it"));
  const stream = createLazyAccess({ node: "node-a", via: "ssh", open }).stream(["cat"], {
    action: "node/read",
  });
  t.strictSame(await stream.done, { exitCode: null, signal: null, transportLost: true });
  t.match(stream.stderrText(), /Cannot reach it/);
  for await (const line of stream.stdoutLines) t.fail(line);
});

t.test("close ends an opening that is under way", async (t) => {
  let told = false;
  const access = createLazyAccess({
    ...{ node: "node-a", via: "debugPod" },
    open: (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          told = true;
          reject(new HopbookError("INTERRUPTED", "given up"));
        });
      }),
  });
  const asked = access.exec(["true"], OPTIONS);
  asked.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  await access.close();
  t.ok(told);
  await t.rejects(asked, { code: "INTERRUPTED" });
});
