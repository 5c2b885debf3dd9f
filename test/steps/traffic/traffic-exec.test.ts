import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { validateValue } from "../../../lib/document/index.js";
import { HopbookError } from "../../../lib/errors.js";
import type { ExecOptions, ExecResult } from "../../../lib/model/access.js";
import { wordsInContainer } from "../../../lib/model/exec/container-exec.js";
import { trafficExec } from "../../../lib/steps/traffic/traffic-exec.js";
import { replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "../samples.js";

const ROOT = join(import.meta.dirname, "../../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const bytes = (text: string): Buffer => Buffer.from(text);

interface Setup extends FakeContext {
  readonly asked: { readonly words: readonly string[]; readonly options: ExecOptions }[];
}

/** The recorded nodes; `answer` is what the command in the container does. */
function setUp(answer: Partial<ExecResult> = {}, containers: readonly string[] = ["client"]): Setup {
  const asked: Setup["asked"] = [];
  const ended = bytes("\nhopbook-exec crictl 0\n");
  const list = containers.map((name, index) => ({
    ...{ id: `ca${index}`, podSandboxId: "a1", metadata: { name, attempt: 0 }, state: "CONTAINER_RUNNING" },
  }));
  const accesses = Object.entries(RECORDED).map(([node, recording]) =>
    replayNode(node, {
      ...recording,
      "hopbook-crictl  ps -o json": JSON.stringify({ containers: list }),
    }).beside({
      exec: (argv, options, run) => {
        const words = wordsInContainer(argv);
        if (words === undefined) return run();
        asked.push({ words, options });
        const none = { exitCode: 0, signal: null, stdout: bytes(""), stderr: ended, timedOut: false };
        const rest = { canceled: false, truncated: false, startedAt: "2026-01-01T00:00:00Z", durationMs: 7 };
        return Promise.resolve({ node, argv, ...none, ...rest, ...answer });
      },
    }),
  );
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  const fake = fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    evidenceName: "fetch",
  });
  return { ...fake, asked };
}

type Input = Parameters<typeof trafficExec.plan>[0];

async function run(input: Partial<Input>, fake: Setup): Promise<unknown> {
  const whole = { pod: "shop/client", argv: ["curl", "x"], ...input };
  return trafficExec.run?.(whole, fake.context, await trafficExec.plan(whole, fake.context));
}

t.test("its plan: what was read for it, and the command's own words", async (t) => {
  const fake = setUp();
  t.strictSame(validateValue(trafficExec.example, trafficExec.inputSchema), []);
  const { commands, notes } = await trafficExec.plan(
    { pod: "shop/client", argv: ["ls", ["-l", 1]] },
    fake.context,
  );
  const command = commands.at(-1);
  t.match(command, { node: "node-a", action: "container/exec", effect: "change" });
  t.strictSame(command?.argv.slice(3), [
    ...["hopbook-container-exec", "30", "", "shop", "client", "a1", "", "ls", "-l", "1"],
  ]);
  t.strictSame(notes, ["in shop/client: ls -l 1"]);
  for (const { action, condition } of commands.slice(0, -1)) {
    t.ok(trafficExec.planActions?.includes(action), action);
    t.equal(condition, "done for this plan");
  }
  t.strictSame(fake.asked, []);
});

t.test("outputs and exit code are outputs and evidence; another code than 0 fails no step", async (t) => {
  const fatal = "FATA[0000] execing: command terminated with exit code 7\n";
  const fake = setUp({ stdout: bytes("<html>\n"), stderr: bytes(`odd\n${fatal}\nhopbook-exec crictl 1\n`) });
  t.strictSame(await run({}, fake), {
    ...{ exitCode: 7, stdout: "<html>\n", stderr: "odd\n", timedOut: false, truncated: false },
    ...{ node: "node-a", tookMs: 7 },
  });
  t.match(fake.asked, [{ words: ["curl", "x"], options: { action: "container/exec", timeoutMs: 50_000 } }]);
  t.equal(fake.files.get("evidence/node-a/steps/fetch.txt")?.toString(), "<html>\n");
  t.match(fake.files.get("evidence/printed.json"), {
    printed: [{ on: "shop/client", argv: ["curl", "x"], exitCode: 7, stderr: { first: ["odd"] } }],
  });
});

t.test("how else it ends", async (t) => {
  const late = setUp({ stdout: bytes("so far"), stderr: bytes("\nhopbook-exec crictl 124\n") });
  t.match(await run({ atMost: "2s" }, late), { exitCode: null, stdout: "so far", timedOut: true });
  t.match(late.notes, ["warn: curl in shop/client was ended after 2.0 s"]);
  const lost = setUp({ exitCode: null, timedOut: true, stderr: bytes("x") });
  t.match(await run({}, lost), { exitCode: null, timedOut: true, stderr: "x" });
  const long = setUp({ exitCode: null, truncated: true });
  t.match(await run({}, long), { exitCode: null, truncated: true });
  t.match(long.incomplete, [/curl in shop\/client printed more than 1 MiB/]);
  t.match(await run({ container: "client" }, setUp({ exitCode: null, canceled: true })), { exitCode: null });
  const missing = 'exec: "curl": executable file not found in $PATH\n\nhopbook-exec crictl 1\n';
  await t.rejects(run({}, setUp({ stderr: bytes(missing) })), {
    ...{
      code: "TOOL_MISSING",
      message: /^Cannot run curl in shop\/client: .*not found/,
      hint: /traffic\/probe/,
    },
  });
  await t.rejects(run({}, setUp({ stderr: bytes("\nhopbook-exec none 127\n") })), { code: "COMMAND_FAILED" });
});

t.test("which container", async (t) => {
  const two = ["client", "sidecar"];
  await t.rejects(run({}, setUp({}, two)), { code: "INPUT_INVALID", hint: /client, sidecar/ });
  await t.rejects(run({ container: "other" }, setUp({}, two)), { message: /it runs no container "other"/ });
  const fake = setUp({}, two);
  await run({ container: "sidecar" }, fake);
  t.match(fake.files.get("evidence/printed.json"), { printed: [{ on: "shop/client, container sidecar" }] });
  await run({ container: "unknown" }, setUp({}, []));
});

t.test("what is refused before anything runs", async (t) => {
  for (const argv of [[], [""], ["-x"], ["a\0"], [null]]) {
    t.throws(
      () => trafficExec.check?.({ pod: "shop/client", argv }),
      { code: "INPUT_INVALID" },
      String(argv),
    );
  }
  for (const atMost of ["500ms", "11m"]) {
    t.throws(() => trafficExec.check?.({ pod: "shop/client", argv: ["x"], atMost }), {
      message: /is no time/,
    });
  }
  await t.rejects(run({ pod: "node/node-a" }, setUp()), { code: "INPUT_INVALID", message: /2 pods fit/ });
  await t.rejects(run({ pod: "shop/nobody" }, setUp()), { code: "TARGET_NOT_FOUND" });
});

t.test("a node that is not open any more", async (t) => {
  const { context } = setUp();
  const plan = await trafficExec.plan({ pod: "shop/client", argv: ["x"] }, context);
  const gone = { ...context, accesses: new Map() };
  const input = { pod: "shop/client", argv: ["x"] };
  await t.rejects(trafficExec.run?.(input, gone, plan) as Promise<unknown>, { code: "NODE_UNREACHABLE" });
  const why = new HopbookError("SSH_AUTH_FAILED", "no key fits");
  const known = { ...gone, unreachable: new Map([["node-a", why]]) };
  await t.rejects(trafficExec.run?.(input, known, plan) as Promise<unknown>, { code: "SSH_AUTH_FAILED" });
});
