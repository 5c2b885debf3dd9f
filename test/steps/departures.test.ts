import t from "tap";
import { EventEmitter, once } from "node:events";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import { holdToPlan } from "../../lib/engine/held-to-plan.js";
import { HopbookError } from "../../lib/errors.js";
import type { NodeAccess, StreamEnd } from "../../lib/model/access.js";
import { systemClock } from "../../lib/model/clock.js";
import type { CapturesFile, CaptureRecord } from "../../lib/model/evidence.js";
import type { KubeReader } from "../../lib/model/kube.js";
import type { PointsFile } from "../../lib/model/points.js";
import type { StepContext } from "../../lib/model/steps.js";
import { captureStart } from "../../lib/steps/capture-start.js";
import { captureStop } from "../../lib/steps/capture-stop.js";
import { HELD_CAPTURE, planSession } from "../../lib/steps/capture-session.js";
import { isPodAway, planAsking } from "../../lib/steps/shared/away.js";
import { Departures } from "../../lib/steps/shared/departures.js";
import { fakeContext, fakeNode } from "./samples.js";

type Point = PointsFile["points"][number];

const pointOf = (pod: string, node = "node-a"): Point => ({
  ...{ id: `${node}.point.${pod}`, node, role: "pod", interface: "eth0", mtuBytes: null, evidence: [] },
  ...{ netns: { kind: "path", path: `/run/netns/${pod}` }, encapsulation: { kind: "none" } },
  ...{ pod: `shop/${pod}`, ips: [], name: `${pod}/eth0@${node}`, filter: "udp" },
  pcap: `captures/${node}/${node}.point.${pod}.pcap`,
});

const POINTS = [pointOf("web-1"), pointOf("web-2")];

/** A node whose agent says what the test has it say; `log` has what was asked of it, in order. */
function talkingNode(points: readonly Point[], pods: () => readonly string[] | null = () => null) {
  const log: string[] = [];
  const lines = new PassThrough();
  const pulls = new EventEmitter();
  const say = (...said: string[]): void => void lines.write(said.map((line) => `${line}\n`).join(""));
  const { access } = fakeNode("node-a", (argv) => {
    if (!argv.includes("pods")) return { exitCode: 127 };
    log.push("pods");
    const names = pods();
    if (names === null) return new Error("not allowed");
    const items = names.map((name, index) => ({
      ...{ id: `abcdef012345${index}`, state: "SANDBOX_READY", createdAt: "1700000000000000000" },
      metadata: { name, namespace: "shop", uid: `00000000-0000-0000-0000-00000000000${index}` },
    }));
    return { stdout: Buffer.from(JSON.stringify({ items })) };
  });
  const node: NodeAccess = {
    ...access,
    stream(argv) {
      const done = new Promise<StreamEnd>((resolve) => {
        lines.once("close", () => resolve({ exitCode: 0, signal: null, transportLost: false }));
      });
      say(...points.map(({ id }) => `listening ${id} 1700000000.5`), "ready");
      return {
        ...{ node: "node-a", argv, done, stderrText: () => "" },
        stdoutLines: createInterface({ input: lines }),
        write(text) {
          if (text === "stop\n") log.push("stop");
          if (text === "stop\n")
            say(...points.map(({ id }) => `closed ${id} 1700000009 4 4 0 0 400`), "stopped");
          if (text === "remove\n") say("removed");
        },
        end: () => lines.end(() => lines.destroy()),
        kill: () => {
          lines.destroy();
          return done;
        },
      };
    },
    pull: (path) => {
      log.push(`pull ${path.split("/").at(-1) ?? ""}`);
      pulls.emit("pull");
      return Promise.resolve({ bytes: 400, sha256: "ab" });
    },
  };
  return { node, log, say, pulled: once(pulls, "pull"), die: () => lines.end(() => lines.destroy()) };
}

/** Captures at the points, on a clock that does not wait; `until` a note of that text came. */
async function capture(node: NodeAccess, dir: string) {
  const waiting = new Map<RegExp, () => void>();
  const notes: string[] = [];
  const more: Partial<StepContext> = {
    clock: { ...systemClock, sleep: () => Promise.resolve() },
    note: (level, text) => {
      notes.push(`${level}: ${text}`);
      for (const [pattern, resolve] of waiting) if (pattern.test(text)) resolve();
    },
  };
  const fake = fakeContext([node], more);
  const free = { ...fake.context, sink: { ...fake.context.sink, dir } };
  const found = { filter: "udp", points: POINTS, tools: {} };
  const input = { points: "app=web", filter: "udp" };
  const { commands } = planSession(input, free, { maxMs: 1000, marginMs: 0, found });
  const plan = { commands, outputs: { capture: HELD_CAPTURE, hops: 0 }, notes: [], kept: found };
  // As the engine does: nothing runs on a node but what the plan says.
  const context = holdToPlan(free, commands);
  await captureStart.run?.({ ...input, maxDuration: 1000 }, context, plan);
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(pattern, resolve);
      if (notes.some((text) => pattern.test(text))) resolve();
    });
  const stop = async (): Promise<readonly CaptureRecord[]> => {
    const stopped = { commands: [], outputs: { packets: 0 }, notes: [] };
    await captureStop.run?.({ capture: HELD_CAPTURE }, context, stopped);
    return (fake.files.get("evidence/captures.json") as CapturesFile).captures;
  };
  const marks = (): unknown =>
    (fake.files.get("evidence/marks.json") as { marks: unknown } | undefined)?.marks;
  return { ...fake, commands, notes, until, stop, marks };
}

t.test("a pod that ends is said at once, and what its capture has is brought before the end", async (t) => {
  const { node, log, say, pulled } = talkingNode(POINTS);
  const run = await capture(node, t.testdir());
  say("ended node-a.point.web-1 1700000005 network namespace is gone");
  await pulled;
  await run.until(
    /pod shop\/web-1 on node-a ended at \d\d:\d\d:\d\d; its capture has what passed until then/,
  );
  const records = await run.stop();
  t.strictSame(log, ["pull node-a.point.web-1.pcap", "stop", "pull node-a.point.web-2.pcap"]);
  t.strictSame(run.incomplete, [], "it has all that there was");
  t.match(records, [
    { pcap: POINTS[0]?.pcap, sha256: "ab", endedEarly: "network namespace is gone", captured: 4 },
    { pcap: POINTS[1]?.pcap, endedEarly: null },
  ]);
  t.match(run.marks(), [
    { kind: "gone", step: "step", text: /pod shop\/web-1 on node-a ended; its capture/ },
  ]);
  t.equal(run.notes.filter((text) => text.includes("ended at")).length, 1);
});

t.test("an interface that went is a pod's end where its node's runtime has the pod no more", async (t) => {
  const went = "ended node-a.point.web-1 1700000005 tcpdump: pcap_loop: The interface disappeared";
  const answers = [["web-1", "web-2"], ["web-2"]];
  const ended = talkingNode(POINTS, () => answers.shift() ?? []);
  const run = await capture(ended.node, t.testdir());
  ended.say(went);
  await ended.pulled;
  await run.until(/web-1 on node-a ended at/);
  await run.stop();
  t.match(run.commands.at(-1), {
    action: "runtime/pods",
    condition: /only where the interface of a pod goes/,
  });
  t.strictSame(ended.log.slice(0, 3), ["pods", "pods", "pull node-a.point.web-1.pcap"]);
  t.strictSame(run.incomplete, []);

  for (const pods of [() => ["web-1"], () => null]) {
    const there = talkingNode(POINTS, pods);
    const other = await capture(there.node, t.testdir());
    there.say(went);
    await other.stop();
    t.match(other.incomplete, [/web-1 ended early: tcpdump: pcap_loop: The interface disappeared/]);
    t.equal(other.marks(), undefined, "what is not known is not said");
    t.equal(
      other.notes.some((text) => /whether shop\/web-1 is gone is not known/.test(text)),
      pods() === null,
    );
  }
});

t.test("a node without crictl is asked by what it has, which the plan says too", async (t) => {
  const { node, log, say, pulled } = talkingNode(POINTS);
  const asked: string[] = [];
  const run = await capture(
    {
      ...node,
      exec: (argv, options) => {
        asked.push(argv[3] ?? "");
        const result = { exitCode: 127, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.from("none") };
        const isProc = argv[3] === "hopbook-runtime-proc";
        const flags = { timedOut: false, canceled: false, truncated: false, durationMs: 1 };
        return Promise.resolve({
          ...{ node: "node-a", argv, ...result, ...flags, startedAt: "2026-01-01T00:00:00.000Z" },
          ...(isProc ? { exitCode: 0 } : {}),
          ...(options.action === "runtime/pods" ? {} : { exitCode: 1 }),
        });
      },
    },
    t.testdir(),
  );
  say("ended node-a.point.web-1 1700000005 tcpdump: pcap_loop: The interface disappeared");
  await pulled;
  await run.until(/web-1 on node-a ended at/);
  await run.stop();
  t.ok(asked.includes("hopbook-runtime-proc"), asked.join(" "));
  t.equal(log[0], "pull node-a.point.web-1.pcap");
  t.strictSame(run.incomplete, []);
});

t.test("where there is an API it says whether a pod is gone, and no node is asked", async (t) => {
  const away = (items: readonly object[], refused?: HopbookError) => {
    const kube = {
      namespace: "shop",
      request: () => Promise.reject(refused ?? new HopbookError("KUBE_NOT_FOUND", "no such pod")),
      list: () => Promise.resolve(items),
    } as unknown as KubeReader;
    return isPodAway(POINTS[0]!, fakeContext([], { kube }).context);
  };
  t.equal(await away([]), true);
  await t.rejects(away([], new HopbookError("KUBE_FORBIDDEN", "not allowed")), { code: "KUBE_FORBIDDEN" });
  const { context } = fakeContext([], { kube: {} as KubeReader });
  t.strictSame(planAsking(POINTS, context), []);
});

t.test("any other end is none of its pod's", async (t) => {
  const { node, say } = talkingNode(POINTS);
  const run = await capture(node, t.testdir());
  say("ended node-a.point.web-1 1700000005 size limit", "ended unknown 1700000005 network namespace is gone");
  await run.stop();
  t.match(run.incomplete, [/web-1 ended early: size limit/]);
  t.equal(run.marks(), undefined);
});

t.test("a node that is lost is said; what was brought before stays", async (t) => {
  const { node, say, die, pulled } = talkingNode(POINTS);
  const run = await capture(node, t.testdir());
  say("ended node-a.point.web-1 1700000005 network namespace is gone");
  await pulled;
  await run.until(/web-1 on node-a ended at/);
  die();
  await run.until(
    /node node-a was lost at \d\d:\d\d:\d\d; what it captured and was not brought before is lost/,
  );
  const records = await run.stop();
  t.match(records, [
    { pcap: POINTS[0]?.pcap, stoppedAtSec: 1700000005, endedEarly: "network namespace is gone" },
    { pcap: null, endedEarly: /^node lost/ },
  ]);
  t.equal(run.incomplete.filter((text) => text.includes("web-1")).length, 0);
  t.match(run.incomplete, [/web-2 ended early: node lost/]);
  t.match(run.marks(), [{ kind: "gone" }, { kind: "lost", text: /^node node-a was lost; / }]);
});

t.test("of captures that went on without a client the node's own time is said", async (t) => {
  const fake = fakeContext();
  const record = (hop: number, more: Partial<CaptureRecord> = {}): CaptureRecord => ({
    ...{ hopId: POINTS[hop]?.id ?? "", node: "node-a", interface: "eth0", argv: ["tcpdump"], filter: "" },
    ...{ snaplenBytes: 128, pcap: "captures/x.pcap", sizeBytes: 1, sha256: null, listeningAtSec: 1 },
    ...{ stoppedAtSec: 1700000005, captured: 1, received: 1, droppedByKernel: 0, droppedByInterface: 0 },
    endedEarly: "network namespace is gone",
    ...more,
  });
  const records = [record(0), record(1, { pcap: null }), record(1, { endedEarly: null }), record(2)];
  const gone = await new Departures(POINTS, fake.context).amongst(records);
  t.strictSame(gone, [records[0]]);
  t.match(fake.files.get("evidence/marks.json"), { marks: [{ at: "2023-11-14T22:13:25.000Z" }] });
  const unknown = await new Departures(POINTS, fake.context).amongst([record(1, { stoppedAtSec: null })]);
  t.equal(unknown.length, 1);
});
