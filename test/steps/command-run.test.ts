import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HopbookError } from "../../lib/errors.js";
import type { Argv, ExecOptions, ExecResult } from "../../lib/model/access.js";
import type { PrintedFinding } from "../../lib/model/findings.js";
import type { StepContext, StepPlan } from "../../lib/model/steps.js";
import { commandRun, wordsOf } from "../../lib/steps/command-run.js";
import { replayNode, type Recording } from "../fixtures/nodes/replay.js";
import { fakeContext, fakeNode } from "./samples.js";

type Answer = (argv: Argv, options: ExecOptions) => Partial<ExecResult> | Error;

const text = (value: string): Buffer => Buffer.from(value);

function setUp(answer: Answer, more: Parameters<typeof fakeContext>[1] = {}) {
  const node = fakeNode("node-a", answer);
  const sources: unknown[] = [];
  const fake = fakeContext([node.access], { evidenceName: "links", ...more });
  const { sink } = fake.context;
  const context = {
    ...fake.context,
    sink: {
      ...sink,
      writeText: (path: string, bytes: string | Buffer, source?: unknown) => {
        sources.push(source);
        return sink.writeText(path, bytes.toString());
      },
    },
  };
  return { ...fake, context, calls: node.calls, sources };
}

async function run(input: { argv: unknown[]; on: string }, fake: ReturnType<typeof setUp>): Promise<unknown> {
  const plan = await commandRun.plan(input, fake.context);
  return commandRun.run?.(input, fake.context, plan);
}

t.test("a command on a node: its words, its action, its output as text and as evidence", async (t) => {
  const fake = setUp(() => ({ stdout: text("up\n"), stderr: text("hm\n") }), { actionOf: () => "node/read" });
  const plan = await commandRun.plan({ argv: ["ip", "link"], on: "node/node-a" }, fake.context);
  t.strictSame(plan.commands, [
    { node: "node-a", action: "node/read", argv: ["ip", "link"], effect: "read" },
  ]);
  t.strictSame(fake.calls, [], "nothing is read for it");
  const outputs = await commandRun.run?.({ argv: ["ip", "link"], on: "node/node-a" }, fake.context, plan);
  t.strictSame(outputs, {
    ...{ exitCode: 0, stdout: "up\n", stderr: "hm\n", truncated: false, cancelled: false, node: "node-a" },
  });
  t.match(fake.calls, [{ action: "node/read", argv: ["ip", "link"] }]);
  t.equal(fake.files.get("evidence/node-a/steps/links.txt"), "up\n");
  t.equal(fake.files.get("evidence/node-a/steps/links.stderr.txt"), "hm\n");
  t.match(fake.sources, [{ node: "node-a", argv: ["ip", "link"], exitCode: 0 }, {}]);
  t.strictSame(fake.files.get("evidence/printed.json"), {
    printed: [
      {
        ...{ step: "links", on: "node/node-a", exitCode: 0, file: "evidence/node-a/steps/links.txt" },
        argv: ["ip", "link"],
        stdout: { first: ["up"], leftOut: 0, last: [] },
        stderr: { first: ["hm"], leftOut: 0, last: [] },
      },
    ],
  });
});

t.test("what is printed for a report is bounded; all of it is kept", async (t) => {
  const long = `${Array.from({ length: 500 }, (_, index) => `${index} ${"x".repeat(1000)}`).join("\n")}\n`;
  const fake = setUp(() => ({ exitCode: 1, stdout: text(long) }));
  await t.rejects(run({ argv: ["ip", ["a", "b".repeat(1000)]], on: "node/node-a" }, fake));
  t.equal(fake.files.get("evidence/node-a/steps/links.txt"), long);
  const { printed } = fake.files.get("evidence/printed.json") as { printed: PrintedFinding[] };
  const [one] = printed;
  t.match(one, { exitCode: 1, stdout: { leftOut: 470 }, stderr: { first: [], leftOut: 0, last: [] } });
  t.match([one?.stdout.first.at(-1), one?.stdout.last[0]], [/^19 x/, /^490 x/]);
  t.ok(JSON.stringify(printed).length < 16_384);
});

t.test("without a named action it is said to change", async (t) => {
  for (const action of ["node/mutate", "node/shell"]) {
    const fake = setUp(() => ({}), { actionOf: () => action });
    const plan = await commandRun.plan({ argv: ["sh"], on: "node/node-a" }, fake.context);
    t.match(plan.commands, [{ action, effect: "change" }]);
  }
});

t.test("words: a list stands for its items, one level deep; what is no word is refused", (t) => {
  t.strictSame(wordsOf(["ping", ["-c", 3, true], "x"]), ["ping", "-c", "3", "true", "x"]);
  t.strictSame(wordsOf(["a", []]), ["a"]);
  t.strictSame(wordsOf(["", "a"].toReversed()), ["a", ""]);
  for (const bad of [
    [],
    [[]],
    [""],
    ["a", null],
    ["a", { b: 1 }],
    ["a", ["b", ["c"]]],
    ["a\0b"],
    ["a", undefined],
  ]) {
    t.throws(() => wordsOf(bad), { code: "INPUT_INVALID", message: /^Cannot run a command: its? / });
  }
  t.throws(() => commandRun.check?.({ argv: [""], on: "node/x" }), { code: "INPUT_INVALID" });
  t.end();
});

t.test("an exit code fails the step, and its outputs can be seen all the same", async (t) => {
  const fake = setUp(() => ({ exitCode: 2, stderr: text("no such device\n") }));
  const failed = await run({ argv: ["ip", "link"], on: "node/node-a" }, fake).catch(
    (error: unknown) => error,
  );
  t.ok(failed instanceof HopbookError);
  t.match(failed, {
    ...{ code: "COMMAND_FAILED", message: "Cannot run ip on node-a: exit code 2", detail: /no such device/ },
    where: { node: "node-a", argv: ["ip", "link"] },
    outputs: { exitCode: 2, stderr: "no such device\n" },
  });
});

t.test("how else it can end", async (t) => {
  const fails = async (answer: Partial<ExecResult>): Promise<unknown> =>
    run(
      { argv: ["x"], on: "node/node-a" },
      setUp(() => answer),
    ).catch((error: unknown) => error);
  t.match(await fails({ exitCode: 127 }), { code: "TOOL_MISSING", hint: /Install/ });
  t.match(await fails({ exitCode: null, timedOut: true }), { code: "COMMAND_TIMEOUT", message: /an hour/ });
  t.match(await fails({ exitCode: null, signal: "SIGKILL" }), { message: /ended by SIGKILL/ });
  t.match(await fails({ exitCode: null }), { message: /ended by the transport/ });
  t.match(
    await run(
      { argv: ["x"], on: "node/node-a" },
      setUp(() => new HopbookError("PERMISSION_DENIED", "no")),
    ).catch((error: unknown) => error),
    { code: "PERMISSION_DENIED" },
  );
});

t.test("too much output is no failure, and is said", async (t) => {
  const fake = setUp((_argv, { maxOutputBytes }) => {
    t.equal(maxOutputBytes, 1024 * 1024);
    return { exitCode: null, truncated: true, stdout: text("x") };
  });
  t.match(await run({ argv: ["yes"], on: "node/node-a" }, fake), { truncated: true, exitCode: null });
  t.match(fake.incomplete, [/yes on node-a printed more than 1 MiB/]);
});

t.test("a cancel ends the command, and what it printed is kept; an interrupt is none", async (t) => {
  const cancel = new AbortController();
  const fake = setUp(
    (_argv, { signal }) => {
      cancel.abort();
      return { exitCode: null, canceled: signal?.aborted === true, stdout: text("so far") };
    },
    { cancelled: cancel.signal },
  );
  t.match(await run({ argv: ["ping", "x"], on: "node/node-a" }, fake), { cancelled: true, stdout: "so far" });
  const abort = new AbortController();
  const hard = setUp(
    () => {
      abort.abort(new Error("interrupted"));
      return { exitCode: null, canceled: true };
    },
    { signal: abort.signal },
  );
  await t.rejects(run({ argv: ["ping", "x"], on: "node/node-a" }, hard), /interrupted/);
});

t.test("where it cannot run", async (t) => {
  const fake = setUp(() => ({}));
  for (const on of ["192.0.2.1", "node/node-a:80", "shop/web:80", "!"]) {
    await t.rejects(commandRun.plan({ argv: ["x"], on }, fake.context), { code: "INPUT_INVALID" }, on);
  }
  await t.rejects(commandRun.plan({ argv: ["x"], on: "node/node-z" }, fake.context), {
    code: "TARGET_NOT_FOUND",
  });
  const plan: StepPlan = {
    ...{ outputs: {}, notes: [] },
    commands: [{ node: "node-b", action: "node/read", argv: ["x"], effect: "read" }],
  };
  const input = { argv: ["x"], on: "node/node-b" };
  await t.rejects(commandRun.run?.(input, fake.context, plan as never) as Promise<unknown>, {
    code: "NODE_UNREACHABLE",
  });
  const why = new HopbookError("SSH_AUTH_FAILED", "no key fits");
  const known = { ...fake.context, unreachable: new Map([["node-b", why]]) };
  await t.rejects(commandRun.run?.(input, known, plan as never) as Promise<unknown>, {
    code: "SSH_AUTH_FAILED",
  });
});

const RECORDED = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;

/** The recorded nodes, with a count of what they were asked. */
function recorded(): { context: StepContext; asked: () => number } {
  let asked = 0;
  const accesses = Object.entries(RECORDED).map(([node, recording]) => {
    const replay = replayNode(node, recording);
    return replay.beside({
      exec: (_argv, _options, run) => {
        asked += 1;
        return run();
      },
    });
  });
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  const { context } = fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    actionOf: () => "netns/read",
  });
  return { context, asked: () => asked };
}

t.test("a command in a pod: its namespace is found by reads that the plan lists", async (t) => {
  const { context, asked } = recorded();
  const argv = ["ip", "-s", "-j", "link"];
  const plan = await commandRun.plan({ argv, on: "shop/client" }, context);
  const command = plan.commands.at(-1);
  t.match(command, { node: "node-a", action: "netns/read", effect: "read" });
  t.match(command?.argv[1], /^--net=\/.+/);
  t.strictSame([command?.argv[0], ...(command?.argv.slice(2) ?? [])], ["nsenter", "--", ...argv]);
  const reads = plan.commands.slice(0, -1);
  t.equal(reads.length, asked());
  for (const { action, effect, condition } of reads) {
    t.ok(commandRun.planActions?.includes(action), action);
    t.strictSame([effect, condition], ["read", "done for this plan"]);
  }
});

t.test("files of the node's interfaces are not read in a pod, whose they are not", async (t) => {
  const { context } = recorded();
  const argv = ["cat", "/sys/class/net/eth0/mtu"];
  await t.rejects(commandRun.plan({ argv, on: "shop/client" }, context), {
    ...{ code: "INPUT_INVALID", hint: /ip, ethtool or \/proc\/net/ },
    message:
      "Cannot read /sys/class/net/eth0/mtu in shop/client: /sys is the node's there, and has the node's interfaces",
  });
  t.strictSame((await commandRun.plan({ argv, on: "node/node-a" }, context)).commands.at(-1)?.argv, argv);
  const kernel = ["cat", "/proc/net/dev", "/sys/kernel/mm/ksm/run"];
  await commandRun.plan({ argv: kernel, on: "shop/client" }, context);
});

t.test("the pods of a matrix are asked for once, and its plan is the same in any order", async (t) => {
  const plans = [];
  for (const order of [
    ["client", "web"],
    ["web", "client"],
  ]) {
    const { context, asked } = recorded();
    const made = await Promise.all(
      order.map(
        async (pod) => [pod, await commandRun.plan({ argv: ["ip"], on: `shop/${pod}` }, context)] as const,
      ),
    );
    const one = recorded();
    await commandRun.plan({ argv: ["ip"], on: "shop/client" }, one.context);
    t.ok(asked() < 2 * one.asked(), `${asked()} for two, ${one.asked()} for one`);
    plans.push(Object.fromEntries(made.toSorted(([a], [b]) => (a < b ? -1 : 1))));
  }
  t.strictSame(plans[0], plans[1]);
});

t.test("a pod that is not there is an error that names the near ones", async (t) => {
  const { context } = recorded();
  await t.rejects(commandRun.plan({ argv: ["ip"], on: "shop/cleint" }, context), {
    code: "TARGET_NOT_FOUND",
  });
});
