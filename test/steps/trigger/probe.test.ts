import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { triggerWait } from "../../../lib/steps/trigger-wait.js";
import { replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "../samples.js";

const RECORDED = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
type Input = Parameters<typeof triggerWait.plan>[0];

const http = (line: string): string =>
  `attempt 1 1700000000000000 4001 900 reply ${Buffer.from(line).toString("hex")} body 12\n`;
const REFUSED = "attempt 1 1700000000000000 4001 - none - perl: Connection refused\n";

/** The recorded nodes; probes are answered in this order. */
function setUp(answers: readonly string[]): FakeContext & { readonly made: string[] } {
  const made: string[] = [];
  const accesses = Object.entries(RECORDED).map(([node, recording]) =>
    replayNode(node, recording).beside({
      exec: (argv, { action }, run) => {
        if (action !== "netns/probe") return run();
        made.push(argv.slice(6).join(" "));
        const stdout = Buffer.from(answers[Math.min(made.length, answers.length) - 1] ?? "");
        const ended = { exitCode: 0, signal: null, timedOut: false, canceled: false, truncated: false };
        const rest = { stderr: Buffer.from(""), startedAt: "2026-01-01T00:00:00Z", durationMs: 1 };
        return Promise.resolve({ node, argv, stdout, ...ended, ...rest });
      },
    }),
  );
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  const profile = { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" };
  return { ...fakeContext(accesses, { profile }), made };
}

async function run(input: Input, { context }: FakeContext): Promise<unknown> {
  const whole = { every: 1, timeout: 300, ...input };
  return triggerWait.run?.(whole, context, await triggerWait.plan(whole, context));
}
const ends = { from: "shop/client", to: "shop/web:8080" };

t.test(
  "http until it fails: refused, or a status of 500 and above; a client's error is an answer",
  async (t) => {
    const fake = setUp([http("HTTP/1.1 200 OK"), http("HTTP/1.1 404 Not Found"), REFUSED]);
    const plan = await triggerWait.plan({ probe: ends }, fake.context);
    t.match(plan.notes, ["probes http from shop/client to shop/web:8080 until it fails"]);
    t.match(plan.commands.at(-1), { node: "node-a", action: "netns/probe", effect: "traffic" });
    t.match(await run({ probe: ends }, fake), {
      ...{ fired: true, by: "probe", node: "node-a" },
      what: "http from shop/client to shop/web:8080: connection refused",
    });
    t.equal(fake.made.length, 3);
    t.match(fake.demands, [{ kind: "traffic", node: "node-a", probe: "http" }]);
    t.match(await run({ probe: ends }, setUp([http("HTTP/1.1 503 Busy")])), { what: /: HTTP 503$/ });
    t.match(await run({ probe: ends }, setUp([http("SSH-2.0")])), { what: /: not HTTP$/ });
  },
);

t.test("until it works, and by the words of its outcome", async (t) => {
  const works = setUp([REFUSED, REFUSED, "attempt 1 1700000000000000 4001 500 connected - \n"]);
  t.match(await run({ probe: { ...ends, kind: "tcp-connect", until: "works" } }, works), {
    ...{ fired: true, what: /^tcp-connect .*: connected$/ },
  });
  t.equal(works.made.length, 3);
  const words = setUp([http("HTTP/1.1 200 OK"), http("HTTP/1.1 404 Not Found")]);
  t.match(await run({ probe: { ...ends, match: "HTTP 404" } }, words), { what: /HTTP 404/ });
  t.match(await run({ probe: ends }, setUp([http("HTTP/1.1 200 OK")])), { fired: false });
});

t.test("one that cannot be made is no outcome", async (t) => {
  await t.rejects(run({ probe: ends }, setUp(["missing perl\n"])), {
    ...{ code: "CAPTURE_FAILED", message: /^Cannot wait for http from .*: the node has no perl$/ },
  });
  const { context } = setUp([]);
  for (const bad of [
    { from: "shop/client", to: "shop/web", kind: "tcp-connect" as const },
    { from: "192.0.2.1", to: "shop/web:80" },
  ]) {
    await t.rejects(triggerWait.plan({ probe: bad }, context), { code: "INPUT_INVALID" }, bad.from);
  }
  await t.rejects(triggerWait.plan({ probe: { ...ends, match: "(" } }, context), { code: "INPUT_INVALID" });
});
