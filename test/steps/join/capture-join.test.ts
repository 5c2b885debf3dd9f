import t, { type Test } from "tap";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import { validateValue } from "../../../lib/document/index.js";
import { HopbookError } from "../../../lib/errors.js";
import type { NodeAccess, NodeStream, StreamEnd } from "../../../lib/model/access.js";
import { systemClock } from "../../../lib/model/clock.js";
import type { LiveFeed, LiveView } from "../../../lib/model/live/view.js";
import type { CapturesFile } from "../../../lib/model/evidence.js";
import type { PointsFile } from "../../../lib/model/points.js";
import type { StepContext } from "../../../lib/model/steps.js";
import { beginSession } from "../../../lib/steps/capture-session.js";
import { captureJoin } from "../../../lib/steps/join/capture-join.js";
import { keyOf, replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext } from "../samples.js";
import { waitUntil } from "../../fixtures/patience.js";

const ROOT = join(import.meta.dirname, "../../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const LIST = "hopbook-crictl  pods -o json";
type Input = Parameters<typeof captureJoin.plan>[0];

interface Listed {
  items: { metadata: { name: string; uid: string } }[];
}

const textOf = (recorded: Recording[string] | undefined): string =>
  (typeof recorded === "string" ? recorded : recorded?.stdout) ?? "";

/** Agents by folder, with what their pods are: each says that it listens, and obeys. */
interface Agent {
  readonly dir: string;
  readonly words: readonly string[];
  say(...lines: string[]): void;
}

/** Captures at shop/client of recorded nodes, on which the pods of `running` run; each wait of the step is the test's to end. */
async function setUp(
  t: Test,
  more: Partial<StepContext> = {},
  input: object = {},
  via: NodeAccess["via"] = "local",
) {
  const running = new Map([["client", "uid-a1"]]);
  const agents: Agent[] = [];
  /** Nodes whose agents do not say that they listen. */
  const silent = new Set<string>();
  const waits = new EventEmitter();
  const stream = (argv: readonly string[], node: string): NodeStream => {
    const lines = new PassThrough();
    const isAgent = argv.includes("hopbook-capture");
    const say = (...said: string[]): void => void lines.write(said.map((line) => `${line}\n`).join(""));
    const words = argv.slice(argv.indexOf("hopbook-capture") + 1);
    const ids = words.slice(8).filter((_, index) => index % 6 === 0);
    const [dir = ""] = words;
    if (isAgent) agents.push({ dir, words, say });
    const done = new Promise<StreamEnd>((resolve) => {
      lines.once("close", () => resolve({ exitCode: 0, signal: null, transportLost: false }));
    });
    if (isAgent && !silent.has(node)) say(...ids.map((id) => `listening ${id} 1700000000.5`), "ready");
    return {
      ...{ node, argv: ["sh"], done, stderrText: () => "", stdoutLines: createInterface({ input: lines }) },
      write(text) {
        if (text === "stop\n") say(...ids.map((id) => `closed ${id} 1700000009 4 4 0 0 400`), "stopped");
        if (text === "remove\n") say("removed");
        // Of what watches an agent.
        if (text === "look\n") say("looked");
      },
      end: () => lines.end(() => lines.destroy()),
      kill: () => {
        lines.destroy();
        return done;
      },
    };
  };
  const accesses = Object.entries(RECORDED).map(([node, recording]) =>
    replayNode(node, recording, via).beside({
      exec: async (argv, options, run) => {
        if (keyOf(argv) !== LIST) return run();
        const list = JSON.parse(textOf(recording[LIST])) as Listed;
        const items = list.items
          .filter(({ metadata }) => running.has(metadata.name))
          .map((item) => ({ ...item, metadata: { ...item.metadata, uid: running.get(item.metadata.name) } }));
        return replayNode(node, { [LIST]: JSON.stringify({ items }) }).exec(argv, options);
      },
      stream: (argv) => stream(argv, node),
      pull: () => Promise.resolve({ bytes: 400, sha256: "ab" }),
    }),
  );
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  const fake = fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
    clock: {
      ...systemClock,
      sleep: async (ms, signal) => {
        // The time that the last packets are given.
        if (ms < 1000 || signal === undefined) return;
        waits.emit("looked");
        await once(waits, "again", { signal });
      },
    },
    ...more,
  });
  const context = { ...fake.context, sink: { ...fake.context.sink, dir: t.testdir() } };
  const point: PointsFile["points"][number] = {
    ...{
      id: "node-a.point.shop_client.eth0",
      node: "node-a",
      role: "pod",
      interface: "eth0",
      mtuBytes: null,
    },
    ...{ evidence: [], netns: { kind: "path", path: "/run/netns/cni-ca" }, encapsulation: { kind: "none" } },
    ...{ pod: "shop/client", ips: [], name: "client/eth0@node-a", filter: "udp port 53", pcap: "c.pcap" },
  };
  const found = { filter: "udp port 53", points: [point], tools: {} };
  const begin = { points: "app=x", filter: "udp port 53", ...input };
  const { captures } = await beginSession(begin, context, { maxMs: 60_000, marginMs: 0, found });
  const start = async (own: Partial<Input> = {}): Promise<{ outputs: Promise<unknown> }> => {
    const looked = once(waits, "looked");
    const wanted: Input = { capture: "captures", pods: ["app!=none"], ...own };
    t.strictSame(validateValue(wanted, captureJoin.inputSchema), []);
    const plan = await captureJoin.plan(wanted, context);
    const outputs = Promise.resolve(captureJoin.run?.(wanted, context, plan));
    await Promise.race([looked, outputs]);
    return { outputs };
  };
  const look = async (): Promise<void> => {
    const looked = once(waits, "looked");
    waits.emit("again");
    await looked;
  };
  const finish = async () => {
    await captures.finish(context);
    return (fake.files.get("evidence/captures.json") as CapturesFile).captures;
  };
  const marks = (): unknown[] =>
    (fake.files.get("evidence/marks.json") as { marks: unknown[] } | undefined)?.marks ?? [];
  return { ...fake, running, silent, waits, agents, start, look, finish, marks };
}

t.test(
  "a pod that comes is captured with the same filter, by an agent of its own, and ends with the others",
  async (t) => {
    const run = await setUp(t);
    const { outputs } = await run.start();
    t.equal(run.agents.length, 1, "what was there and is captured joins nothing");
    run.running.set("web", "uid-b1");
    await run.look();
    const [, web] = run.agents;
    t.equal(web?.dir, "/var/tmp/hopbook-0123456789ab-node-b.joined1");
    t.strictSame(web?.words.slice(8), [
      ...["node-b.point.shop_web.eth0", "/run/netns/cni-wb", "eth0", "320", "n", "udp port 53"],
    ]);
    t.equal(
      web?.words[2],
      String((64 * 1024) / 16),
      "a share of what all may have that join on a node, in KiB",
    );
    t.equal(web?.words[1], "60", "as long as the others: what a replay asks for is the same");
    t.match(run.demands.at(-1), {
      kind: "capture",
      node: "node-b",
      bytes: 4 * 1024 * 1024,
      payload: "headers",
    });
    await run.look();
    t.equal(run.agents.length, 2, "it joins once");
    const records = await run.finish();
    t.strictSame(
      records.map(({ hopId, pcap }) => [hopId, pcap]),
      [
        ["node-a.point.shop_client.eth0", "captures/node-a/node-a.point.shop_client.eth0.pcap"],
        ["node-b.point.shop_web.eth0", "captures/node-b/node-b.point.shop_web.eth0.pcap"],
      ],
    );
    t.strictSame(await outputs, { joined: ["shop/web"], leftOut: [] });
    const { points } = run.files.get("evidence/points.json") as PointsFile;
    t.strictSame(
      points.map(({ pod }) => pod),
      ["shop/client", "shop/web"],
    );
    t.match(run.marks(), [
      { kind: "joined", text: /^pod shop\/web on node-b came; it is captured from now on$/ },
    ]);
    t.strictSame(run.incomplete, []);
  },
);

t.test("a node that is slow holds up no pods of other nodes", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start();
  run.silent.add("node-a");
  run.running.set("cart", "uid-a2");
  run.running.set("web", "uid-b1");
  const looked = once(run.waits, "looked");
  run.waits.emit("again");
  // That of the slow node may be started behind the other one's.
  const slow = () => run.agents.find(({ dir }) => /node-a.joined/.test(dir));
  t.ok(await waitUntil(() => run.marks().length > 0 && slow() !== undefined, { everyMs: 5 }));
  t.match(run.marks(), [{ text: /^pod shop\/web on node-b came/ }]);
  slow()?.say("listening x 1700000000.5", "ready");
  await looked;
  await run.finish();
  t.match(await outputs, { joined: ["shop/web", "shop/cart"] });
  const { points } = run.files.get("evidence/points.json") as PointsFile;
  t.strictSame(points.map(({ pod }) => pod).toSorted(), ["shop/cart", "shop/client", "shop/web"]);
});

t.test("another one of the same name, after the first has gone, has a file of its own", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start();
  run.agents[0]?.say("ended node-a.point.shop_client.eth0 1700000003 network namespace is gone");
  run.running.set("client", "uid-new");
  for (let tries = 0; tries < 5 && run.agents.length < 2; tries += 1) await run.look();
  t.equal(run.agents[1]?.words[8], "node-a.point.shop_client.eth0.2");
  await run.finish();
  t.strictSame(await outputs, { joined: ["shop/client"], leftOut: [] });
});

t.test("a pod that is captured, and that the first look did not show, has not come", async (t) => {
  const run = await setUp(t);
  run.running.delete("client");
  const { outputs } = await run.start();
  run.running.set("client", "uid-a1");
  await run.look();
  await run.look();
  t.equal(run.agents.length, 1);
  await run.finish();
  t.strictSame(await outputs, { joined: [], leftOut: [] });
});

t.test("who watches sees pods that come too; by a login as many as it has sessions for", async (t) => {
  for (const via of ["local", "ssh"] as const) {
    const joined: string[] = [];
    const nothing = (): undefined => undefined;
    const feed: LiveFeed = {
      hasRoom: false,
      join: (points) => void joined.push(...points.map(({ name, filter }) => `${name} ${filter}`)),
      ...{ clock: nothing, bytes: nothing, gap: nothing, grown: nothing, counts: nothing, blind: nothing },
      end: () => Promise.resolve(),
    };
    const live: LiveView = { wantsPackets: true, countsEveryMs: null, begin: () => feed, mark: nothing };
    const run = await setUp(t, { live }, {}, via);
    const { outputs } = await run.start();
    run.running.set("cart", "uid-a2");
    await run.look();
    run.agents[0]?.say("ended node-a.point.shop_client.eth0 1700000003 network namespace is gone");
    run.running.set("client", "uid-new");
    for (let tries = 0; tries < 5 && run.agents.length < 3; tries += 1) await run.look();
    t.equal(joined[0], "cart/eth0@node-a udp port 53");
    t.equal(joined.length, via === "ssh" ? 1 : 2);
    t.equal(/client cannot be seen live: node-a's login/.test(run.notes.join()), via === "ssh");
    await run.finish();
    t.match(await outputs, { joined: ["shop/cart", "shop/client"] });
  }
});

t.test("no more are captured at once than may be", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start({ max: 2 });
  for (const [name, uid] of [
    ["web", "uid-b1"],
    ["api", "uid-b2"],
  ] as const)
    run.running.set(name, uid);
  await run.look();
  await run.look();
  t.equal(run.agents.length, 2);
  await run.finish();
  t.strictSame(await outputs, { joined: ["shop/web"], leftOut: [] });
});

t.test("what is not granted is not joined, and said once", async (t) => {
  const run = await setUp(t, {
    demand: (request) => {
      if ("node" in request && request.node === "node-b")
        throw new HopbookError("PERMISSION_DENIED", "not granted");
    },
  });
  const { outputs } = await run.start();
  run.running.set("web", "uid-b1");
  await run.look();
  await run.look();
  t.equal(run.agents.length, 1);
  await run.finish();
  t.strictSame(await outputs, { joined: [], leftOut: ["shop/web"] });
  t.match(run.marks(), [
    { kind: "left-out", text: /pod shop\/web on node-b came, and is not captured: not granted/ },
  ]);
});

t.test("where nothing can join it says so or what is meant, and looks for nothing", async (t) => {
  const alone = await setUp(t);
  const named: Input = { capture: "captures", pods: ["shop/client", "node/node-a"] };
  const { notes } = await captureJoin.plan(named, alone.context);
  t.match(notes, [/looks for no pods/]);
  t.strictSame(await (await alone.start(named)).outputs, { joined: [], leftOut: [] });
  await alone.finish();

  const ring = await setUp(t, {}, { ring: "2x1MiB" });
  t.strictSame(await (await ring.start()).outputs, { joined: [], leftOut: [] });
  t.match(ring.notes.join(), /pods that come meanwhile are not captured: the rings have all the room/);
  await ring.finish();
  t.throws(() => captureJoin.check?.({ capture: "captures", pods: "a b c" }));
});
