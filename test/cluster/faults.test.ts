import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api } from "@kubernetes/client-node";
import t from "tap";
import { reap } from "../../lib/reap/reap.js";
import type { Findings } from "../../lib/model/findings.js";
import type { RunEvent } from "../../lib/model/steps.js";
import { mostMs } from "../fixtures/patience.js";
import { readEvidence, startClient, type ClientEnd, type ClientRun } from "./faults-client.js";
import {
  asSupervisor,
  begins,
  ends,
  isLong,
  judge,
  signalApi,
  TRAFFIC,
  useFaults,
  type Way,
} from "./faults-harness.js";
import { waitUntilNothingLeft } from "./left-behind.js";
import { TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import { onNode, pidOnNode } from "./use.js";

/** What a run makes of clients, nodes and an API that die half way: evidence is kept, it says so, and nothing stays. */

const NAMESPACE = "hopbook-faults";
const faults = await useFaults(NAMESPACE);
const { api, breakRun, cli, config, look, mkHome, nodes, own, profiles, start, work } = faults;
const batch = config.makeApiClient(BatchV1Api);

/** Debug pods have no shorter lease than a run takes on a busy machine. */
const LEASE_MS = 75_000;
/** And Kubernetes takes its time to see that it is over. */
const KUBE_SLACK_MS = 45_000;
/** For a run that is to end soon. */
const SHORT = { count: "6" };

interface Phase {
  readonly name: string;
  readonly at: (event: RunEvent) => boolean;
  readonly afterMs: number;
  /** What has to be there besides; false where the run ended without it. */
  readonly until?: (run: ClientRun) => Promise<boolean>;
}

/** Looks until it is there, or the run has ended. */
async function whileRunning(run: ClientRun, look: () => boolean | Promise<boolean>): Promise<boolean> {
  for (;;) {
    if (await look()) return true;
    if (run.child.exitCode !== null || run.child.signalCode !== null) return false;
    await sleep(5);
  }
}

const isWritten = (run: ClientRun, file: string): boolean =>
  existsSync(run.outDir) && readdirSync(run.outDir).some((dir) => existsSync(join(run.outDir, dir, file)));
/** Captures come one after the other: with the first one here, the others are on their way. */
const hasPulled = (run: ClientRun): boolean =>
  existsSync(run.outDir) &&
  readdirSync(run.outDir).some((dir) => {
    const captures = join(run.outDir, dir, "captures");
    return existsSync(captures) && readdirSync(captures, { recursive: true }).length > 0;
  });
const PHASES: readonly Phase[] = [
  { name: "connecting", at: (event) => event.type === "phase" && event.phase === "connect", afterMs: 400 },
  { name: "discovering", at: begins("path"), afterMs: 2500 },
  { name: "starting captures", at: begins("capture"), afterMs: 300 },
  { name: "making traffic", at: begins("traffic"), afterMs: 1000 },
  { name: "stopping", at: begins("stop"), afterMs: 200 },
  {
    name: "pulling",
    at: begins("stop"),
    afterMs: 0,
    until: (run) => whileRunning(run, () => hasPulled(run)),
  },
  { name: "reading state", at: begins("state"), afterMs: 50 },
  { name: "cleaning up", at: ends("state"), afterMs: 100 },
  {
    name: "reporting",
    at: ends("state"),
    afterMs: 0,
    until: (run) => whileRunning(run, () => isWritten(run, "evidence/run.json")),
  },
];
/** One at a time, as it is not to be told whose it is: a Job, whose pod may not be there. */
const JOB_MADE: Phase = {
  name: "its first Job is made",
  at: begins("path"),
  afterMs: 0,
  until: (run) =>
    whileRunning(run, async () => {
      const { items } = await batch.listNamespacedJob({ namespace: NAMESPACE });
      return items.some(({ metadata }) => !jobsBefore.has(metadata?.uid ?? ""));
    }),
};
const jobsBefore = new Set<string>();

/** Some at a time: each has a client and two nodes' agents to run. */
async function inParallel<T, R>(items: readonly T[], body: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await body(next[1]);
    }
  };
  await Promise.all([work(), work(), work()]);
  return results;
}

const WAYS: readonly Way[] = isLong ? ["debugPod", "ssh", "kubectlDebug"] : ["debugPod", "ssh"];
const each = WAYS.flatMap((way) => PHASES.map((phase) => ({ way, phase })));

/** Kills a client in this phase. */
async function killIn({ way, phase }: { readonly way: Way; readonly phase: Phase }): Promise<Killed> {
  const run = start(way, { raw: SHORT, leaseMs: LEASE_MS });
  const begun = await run.reached(phase.at);
  const reached = begun && (phase.until === undefined || (await phase.until(run)));
  await sleep(phase.afterMs);
  run.child.kill("SIGKILL");
  const ended = await run.done;
  return { label: `${way}, ${phase.name}`, reached, ended, tmpDir: run.tmpDir };
}

interface Killed {
  readonly label: string;
  readonly reached: boolean;
  readonly ended: ClientEnd;
  readonly tmpDir: string;
}

t.test("a client that is killed, in each phase, by each way", async (t) => {
  const killed: Killed[] = [];
  for (const way of WAYS.filter((each) => each !== "ssh")) {
    const { items } = await batch.listNamespacedJob({ namespace: NAMESPACE });
    for (const { metadata } of items) jobsBefore.add(metadata?.uid ?? "");
    killed.push(await killIn({ way, phase: JOB_MADE }));
  }
  killed.push(...(await inParallel(each, killIn)));
  const lastMs = performance.now();
  for (const { label, reached, ended } of killed) {
    const isKilled = reached && ended.signal === "SIGKILL";
    t.ok(isKilled, isKilled ? label : `${label} ${ended.said}`);
  }
  await t.test("meanwhile reap tells what is there, and leaves what may be in use", async (t) => {
    const run = start("debugPod", { leaseMs: LEASE_MS });
    t.ok(await run.reached(begins("traffic")));
    run.child.kill("SIGKILL");
    await run.done;
    const report = await reap({
      ...{ cluster: profiles.debugPod, cwd: work, grants: { yes: true } },
      ...{ signal: AbortSignal.timeout(mostMs(60_000)), dryRun: true },
    });
    const jobs = report.items.filter(({ kind }) => kind === "job" || kind === "pod");
    t.ok(jobs.length > 0, "what was made in the cluster is listed");
    t.ok(
      jobs.every(({ mine, expiresAt }) => mine && expiresAt !== null),
      JSON.stringify(jobs),
    );
    t.strictSame(report.unseen, []);
    // The last one's: what others left may be gone by itself before it is asked for.
    const one = jobs
      .filter(({ state }) => state === "inUse")
      .toSorted((a, b) => (a.expiresAt ?? "").localeCompare(b.expiresAt ?? ""))
      .at(-1);
    const ofRun = await reap({
      ...{ cluster: profiles.debugPod, cwd: work, grants: { yes: true }, runId: one?.runId },
      signal: AbortSignal.timeout(mostMs(60_000)),
    });
    t.equal(ofRun.exitCode, 0, JSON.stringify(ofRun.items.filter(({ outcome }) => outcome === "failed")));
    const mine = ofRun.items.filter(({ runId }) => runId === one?.runId);
    t.ok(
      mine.length > 0 && mine.every(({ outcome }) => outcome === "removed"),
      "a run that is named goes at once",
    );
  });
  const { left } = await waitUntilNothingLeft({
    ...look(),
    withinMs: LEASE_MS + KUBE_SLACK_MS,
  });
  t.comment(`clean ${Math.round((performance.now() - lastMs) / 1000)} s after the last kill`);
  t.strictSame(left, [], "nothing is left when the leases are over");
  for (const { label, tmpDir } of killed) {
    const here = await waitUntilNothingLeft({ ...look(tmpDir), withinMs: 0, runs: ["here: process"] });
    t.strictSame(here.left, [], `no process of the client's: ${label}`);
  }
});

/** A signal that comes with the last word is too late to be one. */
const SIGNALLED = isLong
  ? each.filter(
      ({ way, phase: { name } }) => way !== "kubectlDebug" && !/^(cleaning up|reporting)$/.test(name),
    )
  : each.filter(({ phase: { name } }) => /^(connecting|starting captures|making traffic)$/.test(name));

t.test("a signal, in each phase: clean at once, exit code 130", async (t) => {
  const signalled = await inParallel(SIGNALLED, async ({ way, phase }) => {
    const run = start(way);
    const begun = await run.reached(phase.at);
    const reached = begun && (phase.until === undefined || (await phase.until(run)));
    await sleep(phase.afterMs);
    const sentMs = performance.now();
    run.child.kill(phase.name === "pulling" ? "SIGTERM" : "SIGINT");
    const ended = await run.done;
    const tookMs = Math.round(performance.now() - sentMs);
    return { label: `${way}, ${phase.name}`, reached, ended, tookMs, tmpDir: run.tmpDir };
  });
  for (const { label, reached, ended, tookMs, tmpDir } of signalled) {
    t.ok(reached, label);
    t.equal(ended.exitCode, 130, `${label}: ${ended.said}`);
    t.comment(`${label}: ended after ${tookMs} ms`);
    const { left } = await waitUntilNothingLeft({ ...look(tmpDir), withinMs: 10_000 });
    t.strictSame(left, [], `nothing is left: ${label}`);
  }
});

t.test("the API stands still for 20 s in mid-capture", async (t) => {
  const broken = await breakRun(t, {
    way: "debugPod",
    raw: { count: "50" },
    act: async () => {
      await signalApi(own, "STOP");
      await sleep(20_000);
    },
    mend: () => signalApi(own, "CONT"),
  });
  judge(t, broken);
});

t.test("a kubelet is killed and started again in mid-capture", async (t) => {
  const [near] = nodes;
  const pid = await pidOnNode(own, near, "kubelet");
  const shown = await onNode(own, near, {
    argv: ["sh", "-c", 'tr "\\0" "\\n" <"/proc/$1/cmdline"', "words", pid],
  });
  const argv = shown.stdout.trimEnd().split("\n");
  const restart =
    'export PATH="$1"; shift; setsid "$@" </dev/null >>/run/cluster/log/again.kubelet 2>&1 & echo $! >/run/kubelet.pid';
  const path = (
    await onNode(own, near, {
      argv: ["sh", "-c", 'tr "\\0" "\\n" <"/proc/$1/environ" | sed -n s/^PATH=//p', "path", pid],
    })
  ).stdout.trim();
  const broken = await breakRun(t, {
    way: "debugPod",
    raw: { count: "30" },
    act: async () => {
      await onNode(own, near, { argv: ["kill", "-KILL", pid] });
      await sleep(1000);
      const again = await onNode(own, near, { argv: ["sh", "-c", restart, "restart", path, ...argv] });
      t.equal(again.exitCode, 0, again.stderr);
    },
  });
  judge(t, broken);
  await until("the node is Ready", 60_000, async () => {
    const node = await api.readNode({ name: near });
    return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") || null;
  });
});

for (const way of isLong ? (["debugPod", "ssh"] as const) : []) {
  t.test(`a node's network is cut in mid-capture, by ${way}`, async (t) => {
    const [, far] = nodes;
    const port = (...words: string[]) =>
      asSupervisor(own, ["ip", "-n", "underlay", "link", "set", `to-${far}`, ...words]);
    const { findings } = await breakRun(t, {
      way,
      act: async () => {
        await port("nomaster");
        await sleep(35_000);
      },
      mend: () => port("master", "br0"),
      // A pod that was deleted meanwhile is killed with its agent when the node is back.
      ...(way === "debugPod" ? { needsReap: "perhaps" as const } : { withinMs: 90_000 }),
    });
    // What was sent meanwhile is lost in truth, so that the verdict may say so.
    t.equal(findings?.run.complete, false, findings?.run.incomplete.join("; ") ?? "");
    const near = findings?.flows[0]?.hops.filter(({ node }) => node === nodes[0]) ?? [];
    t.ok(
      near.some(({ request }) => request.packets > 0),
      "the other node's evidence is kept",
    );
  });
}

t.test("the debug pod is evicted in mid-capture", async (t) => {
  const broken = await breakRun(t, {
    way: "debugPod",
    act: async () => {
      const { items } = await api.listNamespacedPod({ namespace: NAMESPACE });
      const pod = items.find(({ spec }) => spec?.nodeName === nodes[1]);
      const name = pod?.metadata?.name ?? "";
      await api.createNamespacedPodEviction({
        ...{ name, namespace: NAMESPACE },
        body: { metadata: { name, namespace: NAMESPACE } },
      });
    },
  });
  judge(t, broken, { complete: false });
});

if (isLong) {
  t.test("the debug pods are deleted in mid-capture", async (t) => {
    const broken = await breakRun(t, {
      way: "debugPod",
      needsReap: "perhaps",
      act: () => api.deleteCollectionNamespacedPod({ namespace: NAMESPACE, gracePeriodSeconds: 0 }),
    });
    judge(t, broken, { complete: false });
  });
}

/** Two pods of the test's own: the second one is what is taken away. */
async function makePods(names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    await api.createNamespacedPod({
      namespace: NAMESPACE,
      body: {
        metadata: { name, labels: { app: name } },
        spec: {
          ...{ nodeName: nodes[index], restartPolicy: "Never", terminationGracePeriodSeconds: 0 },
          containers: [{ name: "c", image: TOOLS_IMAGE, command: ["sleep", "3600"] }],
        },
      },
    });
  }
  for (const name of names) {
    await until(`${name} runs`, 30_000, async () => {
      const pod = await api.readNamespacedPod({ name, namespace: NAMESPACE });
      return pod.status?.phase === "Running" || null;
    });
  }
}

for (const way of isLong ? (["debugPod", "ssh"] as const) : (["debugPod"] as const)) {
  t.test(`the pod under capture is deleted, by ${way}`, async (t) => {
    const names = [`near-${way.toLowerCase()}`, `far-${way.toLowerCase()}`];
    await makePods(names);
    const [near, far] = names.map((name) => `${NAMESPACE}/${name}`);
    const broken = await breakRun(t, {
      way,
      raw: { from: near, to: [far], probe: ["ping"], count: "24" },
      act: () => api.deleteNamespacedPod({ name: names[1]!, namespace: NAMESPACE, gracePeriodSeconds: 0 }),
    });
    const { findings } = broken;
    t.equal(findings?.run.complete, false, "it is told that a capture ended early");
    t.match(findings?.run.incomplete.join("; "), /namespace is gone|ended early/);
    const seen = findings?.flows[0]?.hops.find(({ node, role }) => node === nodes[1] && role === "nic");
    t.ok((seen?.request.packets ?? 0) > 0, "what was seen before is kept");
  });
}

t.test("the node's disk fills up in mid-capture, or is full before", async (t) => {
  const [, far] = nodes;
  const dir = "/mnt";
  const small = await onNode(own, far, { argv: ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", dir] });
  t.equal(small.exitCode, 0, small.stderr);
  t.teardown(() => onNode(own, far, { argv: ["umount", "-l", dir] }));
  // It names files beside it.
  const profile = join(dirname(own.files.sshProfile), "small.yaml");
  t.teardown(() => {
    rmSync(profile, { force: true });
  });
  writeFileSync(profile, `${readFileSync(own.files.sshProfile, "utf8")}workDir: ${dir}\n`);
  const fill = () =>
    onNode(own, far, { argv: ["dd", "if=/dev/zero", `of=${dir}/fill`, "bs=1M", "count=130"] });
  const broken = await breakRun(t, { way: "ssh", profile, act: fill });
  judge(t, broken, { complete: false });
  t.match(broken.findings?.run.incomplete.join("; "), /free disk floor/);
  const full = await startClient(cli, { profile, raw: TRAFFIC, leaseMs: 60_000, home: mkHome() }).done;
  t.equal(full.exitCode, 6, "the other node's hops are captured");
  const told = full.dir === null ? null : readEvidence<Findings>(full.dir, "findings.json");
  t.match(told?.run.incomplete.join("; "), /nothing is captured on .*are free/);
  t.strictSame((await waitUntilNothingLeft({ ...look(), withinMs: 10_000 })).left, []);
});
