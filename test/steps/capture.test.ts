import t, { type Test } from "tap";
import { PassThrough } from "node:stream";
import { createInterface } from "node:readline";
import type { CaptureSession } from "../../lib/capture/index.js";
import { HopbookError } from "../../lib/errors.js";
import type { NodeAccess, StreamEnd } from "../../lib/model/access.js";
import type { CapturesFile, FlowEvidence } from "../../lib/model/evidence.js";
import type { LimitRequest, StepPlan } from "../../lib/model/steps.js";
import { captureStart } from "../../lib/steps/capture-start.js";
import { countPackets, HELD_CAPTURE } from "../../lib/steps/capture-session.js";
import { HeldCaptures } from "../../lib/steps/shared/held-captures.js";
import { captureStop } from "../../lib/steps/capture-stop.js";
import { captureWatch } from "../../lib/steps/capture-watch.js";
import { fakeContext, fakeNode, makeFlow } from "./samples.js";

const flows = [makeFlow()];
const NO_PLAN: StepPlan<{ capture: string; hops: number }> = {
  ...{ commands: [], outputs: { capture: HELD_CAPTURE, hops: 0 }, notes: [] },
};

t.test("the plan has one command a node and says its limits", async (t) => {
  const plan = await captureStart.plan(
    { flows, maxBytes: "2MiB", maxDuration: 90_000 },
    fakeContext().context,
  );
  t.strictSame(
    plan.commands.map(({ node, effect }) => [node, effect]),
    [
      ["node-a", "capture"],
      ["node-b", "capture"],
    ],
  );
  t.equal(plan.outputs.hops, 8);
  t.match(plan.notes[0], /8 captures on 2 nodes, each at most 1 min 30 s, 2\.0 MiB a node/);
});

t.test("a limit without a unit is refused", async (t) => {
  await t.rejects(async () => captureStart.plan({ flows, maxBytes: "64" }, fakeContext().context), {
    code: "INPUT_INVALID",
    hint: "Write it as 64MiB",
  });
});

t.test("every hop's limits are demanded before anything starts; a refusal starts nothing", async (t) => {
  const node = fakeNode("node-a");
  const asked: LimitRequest[] = [];
  const fake = fakeContext([node.access], {
    demand: (request) => {
      asked.push(request);
      if ("node" in request && request.node === "node-b") throw new HopbookError("PERMISSION_DENIED", "no");
    },
  });
  await t.rejects(captureStart.run?.({ flows, payload: true }, fake.context, NO_PLAN) as Promise<unknown>, {
    code: "PERMISSION_DENIED",
  });
  t.equal(asked.length, 5, "four hops on node-a, the first on node-b");
  t.match(asked[0], {
    kind: "capture",
    node: "node-a",
    durationMs: 600_000,
    bytes: 67_108_864,
    payload: "full",
  });
  t.ok(asked.every((request) => request.kind === "capture" && request.filter !== ""));
  t.strictSame(node.calls, []);
  t.equal(fake.files.size, 0);
});

t.test("where no capture begins there are no flows to judge, and nothing is held", async (t) => {
  const nodes = [fakeNode("node-a"), fakeNode("node-b")];
  const fake = fakeContext(nodes.map((node) => node.access));
  await t.rejects(captureStart.run?.({ flows }, fake.context, NO_PLAN) as Promise<unknown>, {
    code: "CAPTURE_FAILED",
  });
  t.equal(fake.files.size, 0);
  t.equal(fake.held.size, 0);
});

/** A node whose capture agent says that all of its hops listen, and obeys. */
function listeningNode(name: string): NodeAccess {
  const ids = makeFlow()
    .path.hops.filter((hop) => hop.node === name)
    .map((hop) => hop.id);
  const { access } = fakeNode(name);
  return {
    ...access,
    stream(argv) {
      const lines = new PassThrough();
      const say = (...said: string[]): void => void lines.write(said.map((line) => `${line}\n`).join(""));
      const done = new Promise<StreamEnd>((resolve) => {
        lines.once("close", () => resolve({ exitCode: 0, signal: null, transportLost: false }));
      });
      say(...ids.map((id) => `listening ${id} 1700000000.5`), "ready");
      return {
        ...{ node: name, argv, done, stderrText: () => "" },
        stdoutLines: createInterface({ input: lines }),
        write(text) {
          if (text === "stop\n") say(...ids.map((id) => `closed ${id} 1700000002 4 4 0 0 400`), "stopped");
          if (text === "remove\n") say("removed");
        },
        end: () => lines.end(() => lines.destroy()),
        kill: () => {
          lines.destroy();
          return done;
        },
      };
    },
    pull: () => Promise.resolve({ bytes: 400, sha256: "ab" }),
  };
}

t.test("evidence/flows.json has what analysis reads, and no namespaces", async (t) => {
  const fake = fakeContext([listeningNode("node-a"), listeningNode("node-b")]);
  const context = { ...fake.context, sink: { ...fake.context.sink, dir: t.testdir() } };
  const outputs = await captureStart.run?.({ flows }, context, NO_PLAN);
  t.strictSame(outputs, { capture: HELD_CAPTURE, hops: 8 });
  t.match(fake.notes, [/^info: 8 hops listening within \d+ ms of each other$/]);
  const file = fake.files.get("evidence/flows.json") as { flows: FlowEvidence[] };
  const [flow] = file.flows;
  t.match(flow, {
    ...{ id: "f0-http", protocol: "tcp", probe: "http", replyHops: null },
    from: { pod: "shop/client", node: "node-a", ip: "10.1.0.5", port: null },
    to: { pod: "shop/web", addresses: [{ ip: "10.1.1.7", port: 8080 }] },
  });
  t.strictSame(flow?.hops[3], {
    ...{ index: 3, id: "node-a.nic.ens4", node: "node-a", role: "nic", interface: "ens4", mtuBytes: 1450 },
    encapsulation: { kind: "vxlan", port: 4789, vni: 4096, outer: 4 },
    pcap: "captures/node-a/node-a.nic.ens4.pcap",
  });
  t.strictSame(Object.keys(flow?.from ?? {}).sort(), ["addresses", "ip", "node", "pod", "port"]);

  const [release] = fake.releases;
  await release?.({ interrupted: true });
  const { captures } = fake.files.get("evidence/captures.json") as CapturesFile;
  t.strictSame(
    captures.map((capture) => capture.pcap),
    flow?.hops.map((hop) => hop.pcap),
    "captures lie where the flows say",
  );
  t.strictSame(fake.incomplete, []);
});

const LISTENING = [listeningNode("node-a"), listeningNode("node-b")];

t.test("a run has one set of captures: the second step is refused before it starts anything", async (t) => {
  const fake = fakeContext(LISTENING);
  const context = { ...fake.context, sink: { ...fake.context.sink, dir: t.testdir() } };
  await captureStart.run?.({ flows }, context, NO_PLAN);
  await t.rejects(captureStart.run?.({ flows }, context, NO_PLAN) as Promise<unknown>, {
    ...{ code: "CAPTURE_FAILED", message: /has captures already/, hint: /one capture step/ },
  });
  for (const release of fake.releases) await release({ interrupted: false });
});

/** capture/watch on nodes that listen; what ends it is the test's business. */
async function watch(
  t: Test,
  more: { readonly duration?: string; readonly cancelled?: AbortSignal; readonly signal?: AbortSignal },
): Promise<{ fake: ReturnType<typeof fakeContext>; said: string[]; outputs: Promise<unknown> }> {
  const said: string[] = [];
  const { duration = "1h", ...signals } = more;
  const fake = fakeContext(LISTENING, { ready: () => void said.push("ready"), ...signals });
  const context = { ...fake.context, sink: { ...fake.context.sink, dir: t.testdir() } };
  const plan = await captureWatch.plan({ flows, duration }, context);
  t.equal(plan.commands.length, 2);
  const outputs = Promise.resolve(captureWatch.run?.({ flows, duration }, context, plan)).finally(() =>
    said.push("over"),
  );
  outputs.catch(() => undefined);
  return { fake, said, outputs };
}

const WATCHED = {
  packets: 32,
  captures: [
    {
      ...{ pcap: "captures/node-a/node-a.pod.eth0.pcap", node: "node-a", interface: "eth0" },
      ...{ packets: 4, droppedByKernel: 0 },
    },
  ],
};

t.test("capture/watch goes on for its duration, and says when the next step may begin", async (t) => {
  const { fake, said, outputs } = await watch(t, { duration: "20ms" });
  const found = (await outputs) as typeof WATCHED;
  t.strictSame(said, ["ready", "over"]);
  t.equal(found.packets, WATCHED.packets);
  t.strictSame(found.captures[0], WATCHED.captures[0]);
  t.ok(fake.files.has("evidence/flows.json") && fake.files.has("evidence/captures.json"));
  t.equal(fake.demands[0]?.kind === "capture" && fake.demands[0].durationMs, 20);
});

t.test("a cancel ends it early, and what it has is kept", async (t) => {
  const cancel = new AbortController();
  const { fake, outputs } = await watch(t, { cancelled: cancel.signal });
  setTimeout(() => cancel.abort(), 30);
  t.match(await outputs, { packets: 32 });
  t.ok(fake.files.has("evidence/captures.json"));
  t.ok(fake.notes.includes("info: ended before its 60 min were over"), fake.notes.join());
  t.strictSame(fake.incomplete, []);
});

t.test("the harder word leaves it to what holds the session", async (t) => {
  const abort = new AbortController();
  const { fake, outputs } = await watch(t, { signal: abort.signal });
  setTimeout(() => abort.abort(), 30);
  await t.rejects(outputs);
  t.notOk(fake.files.has("evidence/captures.json"));
  for (const release of fake.releases) await release({ interrupted: true });
  t.match(fake.files.get("evidence/captures.json"), { captures: [{ captured: 4 }] });
});

interface FakeSession {
  readonly session: CaptureSession;
  readonly log: string[];
}

function fakeSession(more: { endedEarly?: string; left?: string[]; pullFails?: boolean } = {}): FakeSession {
  const log: string[] = [];
  const record = { hopId: "h", node: "node-a", argv: ["tcpdump"], sha256: null, sizeBytes: 24, captured: 3 };
  const session = {
    barrier: { skewMs: 1, readyAfterMs: 2 },
    unstarted: new Map(),
    stop: ({ settleMs }: { settleMs?: number }) =>
      Promise.resolve(void log.push(`stop ${JSON.stringify({ settleMs })}`)),
    pull: () => {
      log.push("pull");
      if (more.pullFails === true) return Promise.reject(new Error("the node is gone"));
      const endedEarly = more.endedEarly ?? null;
      return Promise.resolve([
        { ...record, pcap: "captures/a.pcap", endedEarly },
        { ...record, pcap: null, captured: null, endedEarly: null },
      ]);
    },
    remove: () => {
      log.push("remove");
      return Promise.resolve(more.left ?? []);
    },
    folderOn: (node: string) => `/var/tmp/hopbook-${node}`,
  } as unknown as CaptureSession;
  return { session, log };
}

t.test("capture/stop stops, pulls and removes, once", async (t) => {
  const { session, log } = fakeSession();
  const fake = fakeContext();
  const captures = new HeldCaptures(session);
  fake.held.set(HELD_CAPTURE, captures);
  const plan = await captureStop.plan({ capture: HELD_CAPTURE }, fake.context);
  const outputs = await captureStop.run?.({ capture: HELD_CAPTURE }, fake.context, plan);
  t.strictSame(outputs, { packets: 3 });
  t.strictSame(log, ["stop {}", "pull", "remove"]);
  t.match(fake.files.get("evidence/captures.json"), { captures: [{}, {}], barrier: { skewMs: 1 } });
  const again = await captures.finish(fake.context);
  t.equal(countPackets(again), 3, "who asks again gets the same captures");
  t.equal(log.length, 3, "letting go of it later does nothing more");
});

t.test("what is held under another name is no capture", async (t) => {
  const fake = fakeContext();
  fake.held.set("drops", { collect: () => Promise.resolve([]) });
  const plan = await captureStop.plan({ capture: "drops" }, fake.context);
  const stopped = (async (): Promise<void> =>
    void (await captureStop.run?.({ capture: "drops" }, fake.context, plan)))();
  await t.rejects(stopped, { code: "CAPTURE_FAILED", message: /no capture of that name/ });
});

t.test(
  "after an interruption it waits as long: cut off at different packets, hops show a loss that was none",
  async (t) => {
    const { session, log } = fakeSession();
    await new HeldCaptures(session).finish(fakeContext().context);
    t.equal(log[0], "stop {}");
  },
);

t.test("what ended early or was left behind makes the evidence incomplete", async (t) => {
  const fake = fakeContext();
  const { session } = fakeSession({ endedEarly: "size limit", left: ["node-b"] });
  await new HeldCaptures(session).finish(fake.context);
  t.match(fake.incomplete, [/h ended early: size limit/, /node-b did not confirm/]);
});

t.test("files are removed from the nodes also where they could not be brought", async (t) => {
  const { session, log } = fakeSession({ pullFails: true });
  await t.rejects(new HeldCaptures(session).finish(fakeContext().context), /the node is gone/);
  t.strictSame(log, ["stop {}", "pull", "remove"]);
});

t.test("a capture that does not run cannot be stopped", async (t) => {
  const plan = await captureStop.plan({ capture: "x" }, fakeContext().context);
  await t.rejects(captureStop.run?.({ capture: "x" }, fakeContext().context, plan) as Promise<unknown>, {
    code: "CAPTURE_FAILED",
  });
});
