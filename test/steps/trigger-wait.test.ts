import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import type { Argv } from "../../lib/model/access.js";
import type { CaptureSession } from "../../lib/capture/index.js";
import { HELD_CAPTURE } from "../../lib/steps/capture-session.js";
import { HeldCaptures } from "../../lib/steps/shared/held-captures.js";
import { captureFreeze } from "../../lib/steps/capture-freeze.js";
import { captureMark } from "../../lib/steps/capture-mark.js";
import { findCounter } from "../../lib/steps/trigger/counter.js";
import { triggerWait } from "../../lib/steps/trigger-wait.js";
import { fakeContext, fakeNode, type FakeContext } from "./samples.js";

type Input = Parameters<typeof triggerWait.plan>[0];
const NODES = [{ name: "node-a", access: { via: "local" as const } }];
const PROFILE = { name: "test", nodes: NODES, cni: "auto", interfaces: {}, workDir: "/var/tmp" } as const;

/** A context with a node that answers, and captures that say which of their rings were kept. */
function setUp(answer: (argv: Argv) => string | Error, freezes = 2, silent: readonly string[] = []) {
  const { access } = fakeNode("node-a", (argv) => {
    const said = answer(argv);
    return said instanceof Error ? said : { stdout: Buffer.from(said) };
  });
  const fake = fakeContext([access], { profile: PROFILE, actionOf: () => "node/read" });
  const kept: (number | null)[] = [];
  const session = {
    freeze: (lastSeconds: number | null) => Promise.resolve([kept.push(lastSeconds)].flatMap(() => silent)),
  } as unknown as CaptureSession;
  const held = new HeldCaptures(session, { freezesLeft: freezes });
  fake.held.set(HELD_CAPTURE, held);
  return { ...fake, kept };
}

async function run(input: Input, { context }: FakeContext) {
  return triggerWait.run?.(input, context, await triggerWait.plan(input, context));
}

t.test(
  "a command, until it prints what is looked for; the rings are kept, and the run says why",
  async (t) => {
    let asked = 0;
    const fake = setUp(() => (++asked < 3 ? "up" : "down\u001b[1m"));
    const input: Input = {
      command: { argv: ["ip", "link"], on: "node/node-a", match: "^down" },
      ...{ every: 1, freeze: { capture: HELD_CAPTURE, last: "90s" } },
    };
    const plan = await triggerWait.plan(input, fake.context);
    t.strictSame(plan.notes, ['runs ip link on node/node-a until it prints what matches "^down"']);
    t.strictSame(
      plan.commands.map(({ action, effect }) => `${action} ${effect}`),
      ["node/read read"],
    );
    const outputs = await triggerWait.run?.(input, fake.context, plan);
    const what = "ip on node/node-a: exit code 0: down\\x1b[1m";
    t.match(outputs, { fired: true, by: "command", what, node: "node-a", times: 1, at: /^20.*Z$/ });
    t.strictSame([asked, fake.kept], [3, [90]]);
    t.match(fake.notes, [
      /waits from now on/,
      /the last 1 min 30 s of the rings are kept: ip on node\/node-a: exit code 0: down/,
    ]);
    t.match(fake.files.get("evidence/marks.json"), {
      marks: [
        { kind: "freeze", tookMs: Number, step: "step" },
        { kind: "trigger", text: `command: ${what}` },
      ],
    });
  },
);

t.test("exit codes: not 0 where nothing else is said; this one; one that hangs is 124", async (t) => {
  const code = async (exitCode: number | null, wanted?: number): Promise<boolean | undefined> => {
    const { access } = fakeNode("node-a", () => ({ exitCode }));
    const fake = fakeContext([access], { profile: PROFILE, actionOf: () => "node/mutate" });
    const more = wanted === undefined ? {} : { exitCode: wanted };
    const input: Input = { command: { argv: ["curl"], on: "node/node-a", ...more }, every: 1, timeout: 30 };
    return (await run(input, fake))?.fired;
  };
  t.equal(await code(7), true);
  t.equal(await code(0), false, "nothing came within its time");
  t.equal(await code(0, 0), true);
  t.equal(await code(7, 8), false);
  t.equal(await code(null, 124), true);
});

const NETSTAT = (drops: number): string =>
  `TcpExt: SyncookiesSent ListenDrops\nTcpExt: 0 ${drops}\nIpExt: InNoRoutes\nIpExt: 0\n`;

t.test("a counter that grows by so much; one that is not there is refused", async (t) => {
  let drops = 4;
  const fake = setUp(() => NETSTAT(drops++));
  const outputs = await run(
    { counter: { on: "node/node-a", name: "TcpExtListenDrops", by: 2 }, every: 1 },
    fake,
  );
  t.match(outputs, { by: "counter", what: "TcpExtListenDrops of node/node-a grew from 4 to 6" });
  const unknown = run(
    { counter: { on: "node/node-a", name: "TcpExtNothing" } },
    setUp(() => NETSTAT(1)),
  );
  await t.rejects(unknown, { code: "INPUT_INVALID", hint: /nstat/ });
  t.equal(findCounter("TcpExt: A\nTcpExt: x\n", "TcpExtA"), null);
  t.equal(findCounter("TcpExt: A\n", "TcpExtA"), null);
});

t.test("a counter of an interface, as /proc/net/dev has it", async (t) => {
  const table = (dropped: number): string =>
    `Inter-|   Receive  |  Transmit\n face |bytes packets errs drop\n    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n  eth0:1 2 3 ${dropped} 5 6 7 8 9 10 11 12 13 14 15 16\n`;
  let dropped = 40;
  const fake = setUp(() => table(dropped++));
  const counter = { on: "node/node-a", interface: "eth0", name: "rxDropped", by: 3 };
  t.match(await run({ counter, every: 1 }, fake), {
    what: "eth0.rxDropped of node/node-a grew from 40 to 43",
  });
  t.equal(findCounter(table(1), "lo.txCollisions"), 14);
  t.equal(findCounter(table(1), "lo.txCompressed"), 16);
  for (const name of ["eth1.rxDropped", "eth0.rxNothing", "o.rxBytes"])
    t.equal(findCounter(table(1), name), null);
  t.equal(findCounter("eth0: x", "eth0.rxBytes"), null);
});

t.test("a time; as often as asked for, with time between, while rings may be kept", async (t) => {
  const at = "2020-01-01T00:00:00Z";
  const fake = setUp(() => "", 2);
  const freeze = { capture: HELD_CAPTURE };
  t.match(await run({ at, times: 2, cooldown: 1, freeze }, fake), { fired: true, by: "time", times: 2 });
  t.strictSame(fake.kept, [null, null]);
  await t.rejects(run({ at, freeze }, fake), { code: "CAPTURE_FAILED", hint: /freezes/ });
  const none = fakeContext([], { profile: PROFILE });
  await t.rejects(run({ at, freeze }, none), {
    code: "CAPTURE_FAILED",
    message: /no capture of that name runs/,
  });
});

t.test(
  "what can be waited for no more is said, and the rest goes on; where nothing is left it fails",
  async (t) => {
    const gone = new HopbookError("NODE_UNREACHABLE", "node-a does not answer");
    const fake = setUp(() => gone);
    const command = { argv: ["x"], on: "node/node-a" };
    const later = new Date(Date.now() + 20).toISOString();
    t.match(await run({ command, at: later }, fake), { by: "time" });
    t.match(fake.notes, [/warn: node-a does not answer/]);
    await t.rejects(
      run(
        { command },
        setUp(() => gone),
      ),
      gone,
    );
    const denied = new HopbookError("PERMISSION_DENIED", "not granted");
    await t.rejects(
      run(
        { command, at: later },
        setUp(() => denied),
      ),
      denied,
      "that is no loss but a fault",
    );
  },
);

t.test("an interruption and a cancel end it", async (t) => {
  const input: Input = { command: { argv: ["x"], on: "node/node-a", match: "never" }, every: 1 };
  const fake = setUp(() => "");
  const plan = await triggerWait.plan(input, fake.context);
  const cancelled = { ...fake.context, cancelled: AbortSignal.timeout(20) };
  t.match(await triggerWait.run?.(input, cancelled, plan), { fired: false });
  const stopped = { ...fake.context, signal: AbortSignal.timeout(20) };
  await t.rejects(async () => void (await triggerWait.run?.(input, stopped, plan)));
});

t.test("what is wrong with it is said before any node is asked", async (t) => {
  const check = (input: Input) => () => triggerWait.check?.(input);
  t.doesNotThrow(check({ packet: null, log: null }), "what is not known yet, and a step that is left out");
  await t.rejects(triggerWait.plan({ packet: null, log: null }, setUp(() => "").context), {
    message: /none/,
  });
  t.throws(check({ log: { pod: "shop/web", match: "(" } }), { message: /no regular expression of RE2/ });
  t.throws(check({ log: { pod: "shop/web", match: "a(?=b)" } }), {
    code: "INPUT_INVALID",
    hint: /no lookahead/,
  });
  t.throws(check({ at: "soon" }), { message: /"soon" is no time/ });
  const detached = setUp(() => "").context;
  const left = { ...detached, detach: {} as NonNullable<typeof detached.detach> };
  await t.rejects(async () => triggerWait.plan({ at: "2026-01-01" }, left), { code: "USAGE" });
  await t.rejects(async () => captureFreeze.plan({ capture: "captures" }, left), { code: "USAGE" });
  await t.rejects(async () => captureMark.plan({ text: "x" }, left), { code: "USAGE" });
});

t.test("capture/freeze and capture/mark", async (t) => {
  const fake = setUp(() => "", 1, ["node-a"]);
  const input = { capture: HELD_CAPTURE, why: "the alert came" };
  const plan = await captureFreeze.plan(input, fake.context);
  t.match(await captureFreeze.run?.(input, fake.context, plan), { at: /Z$/, tookMs: Number });
  t.match(fake.notes, [/the rings are kept: the alert came/]);
  t.strictSame(fake.incomplete, ["node-a did not confirm that its rings are kept"]);
  const text = { text: "a\u001b[2J" };
  await captureMark.run?.(text, fake.context, await captureMark.plan(text, fake.context));
  t.match(fake.notes[1], /Z: a\\x1b\[2J$/);
  t.match(fake.files.get("evidence/marks.json"), {
    marks: [{ kind: "freeze" }, { kind: "mark", text: text.text }],
  });
});
