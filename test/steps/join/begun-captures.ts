import type { Test } from "tap";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import { validateValue } from "../../../lib/document/index.js";
import type { NodeAccess, NodeStream, StreamEnd } from "../../../lib/model/access.js";
import { systemClock } from "../../../lib/model/clock.js";
import type { CapturesFile } from "../../../lib/model/evidence.js";
import type { PointsFile } from "../../../lib/model/points.js";
import type { StepContext, StepKind } from "../../../lib/model/steps.js";
import type { FoundPoints } from "../../../lib/steps/capture-points.js";
import { beginSession } from "../../../lib/steps/capture-session.js";
import { keyOf, replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext } from "../samples.js";

/** Captures of recorded nodes that go on, for steps that have others join them. */

const ROOT = join(import.meta.dirname, "../../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const LIST = "hopbook-crictl  pods -o json";

interface Listed {
  items: { metadata: { name: string; uid: string } }[];
}

const textOf = (recorded: Recording[string] | undefined): string =>
  (typeof recorded === "string" ? recorded : recorded?.stdout) ?? "";

/** Agents by folder, with what their pods are: each says that it listens, and obeys. */
interface Agent {
  readonly dir: string;
  readonly words: readonly string[];
  /** What it was told, line by line. */
  readonly told: readonly string[];
  say(...lines: string[]): void;
}

interface Begun {
  readonly more?: Partial<StepContext>;
  readonly input?: object;
  readonly via?: NodeAccess["via"];
  readonly filter?: string;
  /** Beside that of shop/client. */
  readonly points?: PointsFile["points"];
  readonly tools?: FoundPoints["tools"];
  /** What a node says to a command; null: as it is recorded. */
  readonly answer?: (key: string, node: string) => string | null;
}

/** Captures at shop/client of recorded nodes, on which the pods of `running` run; each wait of the step is the test's to end. */
export async function beginCaptures(
  t: Test,
  {
    more = {},
    input = {},
    via = "local",
    filter = "udp port 53",
    points: others = [],
    tools = {},
    answer = () => null,
  }: Begun = {},
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
    const told: string[] = [];
    if (isAgent) agents.push({ dir, words, told, say });
    const done = new Promise<StreamEnd>((resolve) => {
      lines.once("close", () => resolve({ exitCode: 0, signal: null, transportLost: false }));
    });
    if (isAgent && !silent.has(node)) say(...ids.map((id) => `listening ${id} 1700000000.5`), "ready");
    return {
      ...{ node, argv: ["sh"], done, stderrText: () => "", stdoutLines: createInterface({ input: lines }) },
      write(text) {
        told.push(text.trim());
        if (text === "stop\n") say(...ids.map((id) => `closed ${id} 1700000009 4 4 0 0 400`), "stopped");
        if (text === "remove\n") say("removed");
        if (text === "freeze\n") say("frozen 1 1700000003 2");
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
        const own = answer(keyOf(argv), node);
        if (own !== null) return replayNode(node, { [keyOf(argv)]: own }).exec(argv, options);
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
    ...{ pod: "shop/client", ips: [], name: "client/eth0@node-a", filter, pcap: "c.pcap" },
  };
  const found = { filter, points: [point, ...others], tools };
  const begin = { points: "app=x", filter, ...input };
  const { captures } = await beginSession(begin, context, { maxMs: 60_000, marginMs: 0, found });
  const start = async <I>(kind: StepKind<I>, wanted: I): Promise<{ outputs: Promise<unknown> }> => {
    const looked = once(waits, "looked");
    t.strictSame(validateValue(wanted, kind.inputSchema), []);
    const plan = await kind.plan(wanted, context);
    const outputs = Promise.resolve(kind.run?.(wanted, context, plan));
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
  return { ...fake, captures, running, silent, waits, agents, start, look, finish, marks };
}
