import t from "tap";
import type { DropTraceSession } from "../../lib/capture/index.js";
import type { StepKind, StepPlan } from "../../lib/model/steps.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { toBytes, toMs } from "../../lib/steps/schema.js";
import { watchAccesses } from "../../lib/steps/shared/watched.js";
import { fakeContext, fakeNode, makePath } from "./samples.js";
import { trustAll } from "../fixtures/trust.js";
import { localFile } from "../fixtures/local-file.js";

const NO_PLAN: StepPlan = { commands: [], outputs: {}, notes: [] };
const kind = (name: string): StepKind => STEP_KINDS.get(name) as StepKind;

t.test("drops/start where no node has a tracefs to be had says so and goes on", async (t) => {
  const nodes = [fakeNode("node-a"), fakeNode("node-b")];
  const fake = fakeContext(nodes.map((node) => node.access));
  const outputs = await kind("drops/start").run?.({ paths: [makePath()] }, fake.context, NO_PLAN);
  t.strictSame(outputs, { nodes: [] });
  t.match(fake.notes, [/^info: node-a: no word from the kernel/, /^info: node-b: no word from the kernel/]);
  t.strictSame(fake.incomplete, []);
  const collected = await kind("drops/collect").run?.({}, fake.context, NO_PLAN);
  t.strictSame(collected, { nodes: [] });
  t.match(fake.files.get("evidence/drops.json"), {
    nodes: [{ node: "node-a", file: null, unavailable: String }, { node: "node-b" }],
  });
  for (const release of fake.releases) await release({ interrupted: false });
});

t.test("drops/start is silent of a node that is not open to the run", async (t) => {
  const fake = fakeContext([]);
  const outputs = await kind("drops/start").run?.({ paths: [makePath()] }, fake.context, NO_PLAN);
  t.strictSame(outputs, { nodes: [] });
  t.strictSame(fake.incomplete, []);
});

t.test("drops/collect keeps each node's text, and without a trace there is nothing to collect", async (t) => {
  const fake = fakeContext();
  t.strictSame(await kind("drops/collect").run?.({}, fake.context, NO_PLAN), { nodes: [] });
  t.equal(fake.files.size, 0);
  const collected = [
    { node: "node-a", text: "skb", unavailable: null, taiOffsetSec: 37 },
    { node: "node-b", text: null, unavailable: "no tracefs", taiOffsetSec: 0 },
  ];
  const session = { collect: () => Promise.resolve(collected) } as unknown as DropTraceSession;
  fake.held.set("drops", session);
  t.strictSame(await kind("drops/collect").run?.({}, fake.context, NO_PLAN), { nodes: ["node-a"] });
  t.equal(fake.files.get("evidence/node-a/drops.txt"), "skb");
  t.strictSame(fake.files.get("evidence/drops.json"), {
    nodes: [
      { node: "node-a", file: "evidence/node-a/drops.txt", unavailable: null, taiOffsetSec: 37 },
      { node: "node-b", file: null, unavailable: "no tracefs", taiOffsetSec: 0 },
    ],
  });
});

t.test("time/wait waits as long as it says, and no longer than it is wanted", async (t) => {
  const wait = kind("time/wait");
  const known = ["30s", 1500, "soon", undefined].map((duration) => wait.waitMs?.({ duration }));
  t.strictSame(known, [30_000, 1500, null, null], "what is known of it beforehand");
  t.strictSame((await wait.plan({ duration: "2s" }, fakeContext().context)).notes, ["waits 2.0 s"]);
  const startedMs = performance.now();
  t.strictSame(await wait.run?.({ duration: "30ms" }, fakeContext().context, NO_PLAN), {});
  t.ok(performance.now() - startedMs >= 28);
  const cancelled = { ...fakeContext().context, cancelled: AbortSignal.timeout(10) };
  t.strictSame(
    await wait.run?.({ duration: "1h" }, cancelled, NO_PLAN),
    {},
    "a cancel ends it in good order",
  );
  const { context } = fakeContext([], { signal: AbortSignal.abort() });
  await t.rejects(wait.run?.({ duration: "1h" }, context, NO_PLAN) as Promise<unknown>, {
    name: "AbortError",
  });
});

t.test("quantities are text with a unit, or numbers that were typed before", (t) => {
  t.equal(toMs("1.5s"), 1500);
  t.equal(toMs(20), 20);
  t.equal(toBytes("2kB"), 2000);
  t.equal(toBytes(7), 7);
  t.throws(() => toMs("5"), { code: "INPUT_INVALID", hint: "Write it as 30s" });
  t.throws(() => toBytes("5 MB"), { code: "INPUT_INVALID" });
  t.end();
});

t.test("ways in that are watched list what was asked, and pass everything on", async (t) => {
  const node = fakeNode("node-a");
  const { accesses, commands } = watchAccesses(trustAll([node.access]));
  const access = accesses.get("node-a");
  await access?.exec(["ip", "link"], { action: "node/read", timeoutMs: 1 });
  access?.stream(["cat"], { action: "x" });
  await t.rejects(access?.pull("/a", localFile("/b"), { action: "x", timeoutMs: 1 }) as Promise<unknown>);
  await access?.close();
  t.strictSame(commands, [{ node: "node-a", action: "node/read", argv: ["ip", "link"], effect: "read" }]);
  t.equal(node.calls.length, 2);
  t.equal(access?.via, "ssh");
});
