import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_SCRIPTS } from "../../lib/cluster/index.js";
import { validateValue } from "../../lib/document/index.js";
import { HopbookError } from "../../lib/errors.js";
import type { StepContext } from "../../lib/model/steps.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { pathDiscover } from "../../lib/steps/path-discover.js";
import { keyOf, replayNode, type Recording } from "../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "./samples.js";

const ROOT = join(import.meta.dirname, "../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const SCRIPTS = new Map(
  Object.entries(CLUSTER_SCRIPTS).map(([name, text]) => [name, new Set([text])] as const),
);
const INPUT = { from: "shop/client", to: "shop/web:8080" };

interface Tools {
  readonly without?: string;
  readonly clockAheadSec?: number;
}

/** The recorded nodes; what tools they have is said here, since the clock has to be today's. */
function setUp(tools: Tools = {}, more: Partial<StepContext> = {}): FakeContext {
  const names = ["tcpdump", "timeout", "nsenter", "ip"].filter((name) => name !== tools.without);
  const accesses = Object.entries(RECORDED).map(([node, recording]) => {
    const replay = replayNode(node, recording);
    return replay.beside({
      exec: async (argv, options, run) => {
        if (!keyOf(argv).startsWith("hopbook-tools ")) return run();
        const clock = Date.now() / 1000 + (tools.clockAheadSec ?? 0);
        const lines = names.map((name) => `path ${name} /usr/sbin/${name}`);
        const stdout = ["uid 0", "ssh ", `clock ${clock.toFixed(6)}`, ...lines, ""].join("\n");
        const answer = await replayNode(node, { [keyOf(argv)]: stdout }).exec(argv, options);
        return { ...answer, startedAt: new Date().toISOString(), durationMs: 0 };
      },
    });
  });
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  return fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
    ...more,
  });
}

t.test("its example is planned for real: every command is declared and may be run", async (t) => {
  t.strictSame(validateValue(pathDiscover.example, pathDiscover.inputSchema), []);
  const fake = setUp();
  const { commands, outputs, notes } = await pathDiscover.plan(INPUT, fake.context);
  t.strictSame(validateValue(outputs, pathDiscover.outputSchema), []);
  t.ok(commands.length > 10);
  for (const { action, argv, effect } of commands) {
    t.ok(pathDiscover.actions.includes(action), action);
    t.equal(findArgvFault(action, argv, SCRIPTS), undefined, argv.join(" ").slice(0, 100));
    t.equal(effect, "read");
  }
  t.strictSame(
    outputs.paths[0]?.hops.map((hop) => `${hop.node} ${hop.role}`),
    [
      ...["node-a pod", "node-a host-veth", "node-a tunnel", "node-a nic"],
      ...["node-b nic", "node-b tunnel", "node-b host-veth", "node-b pod"],
    ],
  );
  t.strictSame(Object.keys(outputs.tools).sort(), ["node-a", "node-b"]);
  t.strictSame(notes, []);
  t.match(fake.files.get("evidence/paths/step.json"), { paths: [{}], tools: {} });
  t.strictSame(fake.notes, []);
});

t.test("commands stand node by node, so that equal plans have equal digests", async (t) => {
  const { commands } = await pathDiscover.plan(INPUT, setUp().context);
  const nodes = commands.map((command) => command.node);
  t.strictSame(nodes, nodes.toSorted());
});

t.test("a list of destinations makes one path each", async (t) => {
  const plan = await pathDiscover.plan({ ...INPUT, to: ["shop/web:8080", "shop/web:53"] }, setUp().context);
  t.strictSame(
    plan.outputs.paths.map((path) => path.to.port),
    [8080, 53],
  );
});

t.test("a program without which nothing can be captured is missed before anything is started", async (t) => {
  await t.rejects(pathDiscover.plan(INPUT, setUp({ without: "tcpdump" }).context), {
    ...{
      code: "TOOL_MISSING",
      message: /Cannot capture on node-[ab]: it has no tcpdump/,
      hint: /apt-get install/,
    },
  });
});

t.test("where one node lacks it, the other one's hops are captured, and it is said", async (t) => {
  const fake = setUp();
  const poor = setUp({ without: "tcpdump" }).context.accesses.get("node-b");
  if (poor === undefined) throw new Error("no node-b");
  const accesses = new Map([...fake.context.accesses, ["node-b", poor]]);
  const { outputs } = await pathDiscover.plan(INPUT, { ...fake.context, accesses });
  t.strictSame(
    outputs.paths[0]?.hops.map(({ index, node }) => [index, node]),
    [0, 1, 2, 3].map((index) => [index, "node-a"]),
  );
  t.match(outputs.paths[0]?.unentered, [
    {
      end: "to",
      node: "node-b",
      pod: null,
      address: "10.77.0.12",
      why: "it has no tcpdump",
      isEntered: true,
    },
  ]);
  t.equal(outputs.paths[0]?.unseen, undefined, "its state is read all the same");
  t.strictSame(Object.keys(outputs.tools), ["node-a"]);
  t.match(fake.incomplete, ["nothing could be captured on node-b: it has no tcpdump"]);
});

t.test("a clock that is off is said, and is no error", async (t) => {
  const fake = setUp({ clockAheadSec: 30 });
  await pathDiscover.plan(INPUT, fake.context);
  t.match(fake.notes, [/^warn: the clock of node-a is (29|30)\.\d s off/, /^warn: the clock of node-b/]);
});

t.test("unknown ends are errors that name the near ones", async (t) => {
  await t.rejects(pathDiscover.plan({ ...INPUT, from: "shop/cleint" }, setUp().context), {
    code: "TARGET_NOT_FOUND",
  });
});

t.test("a node that the path needs and that is not open is named with its own reason", async (t) => {
  const fake = setUp();
  const accesses = new Map([...fake.context.accesses].filter(([node]) => node !== "node-b"));
  const unreachable = new Map([["node-b", new HopbookError("SSH_AUTH_FAILED", "Cannot log in to node-b")]]);
  const missed = await pathDiscover
    .plan(INPUT, { ...fake.context, accesses, unreachable })
    .catch((error: unknown) => error as HopbookError);
  t.match(missed, { code: "SSH_AUTH_FAILED" });
  t.match(JSON.stringify(missed), /Cannot log in to node-b/, "the pod may be there: it says so");
});

t.test("a family that an end has no address of is said, and nothing else is followed instead", async (t) => {
  await t.rejects(pathDiscover.plan({ ...INPUT, family: "ipv6" }, setUp().context), {
    code: "TARGET_NOT_FOUND",
    message: /Cannot follow IPv6/,
  });
  const { outputs } = await pathDiscover.plan({ ...INPUT, family: "4" }, setUp().context);
  t.equal(outputs.paths[0]?.to.ip, "192.168.2.2");
});
