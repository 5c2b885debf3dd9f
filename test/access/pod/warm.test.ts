import t from "tap";
import { buildDebugPod, buildLeaseJob, type DebugPodPlan } from "../../../lib/access/pod/spec.js";
import { leaveWarm, takeWarmPod } from "../../../lib/access/pod/warm.js";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeApi, KubeRequest, MadeObjects } from "../../../lib/model/kube.js";

const NOW = Date.parse("2026-01-01T00:00:10Z");
const BEFORE = new Date(NOW - 10_000).toISOString();

function memory(keys: readonly string[], canRemember = true): MadeObjects & { readonly keys: Set<string> } {
  const known = new Set(keys);
  return {
    keys: known,
    remember(key) {
      if (canRemember) known.add(key);
      return Promise.resolve(canRemember);
    },
    isMine: (key) => Promise.resolve(known.has(key)),
  };
}

function planOf(made?: MadeObjects): DebugPodPlan {
  return {
    ...{ node: "node-a", namespace: "ops", now: NOW },
    config: { via: "debugPod", kube: {}, keepWarmMs: 600_000 },
    lease: { runId: "0123456789ab", owner: "ann@desk", durationMs: 60_000, ...(made && { made }) },
  };
}

interface Thing {
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** A pod that an earlier run left, and its Job; `uid` of each. */
function left(pod: string, job: string): { readonly pod: Thing; readonly job: Thing } {
  const plan = planOf();
  const manifest = buildDebugPod({ ...plan, nonce: pod }, { name: "x", uid: job });
  const status = {
    ...{ phase: "Running", startTime: BEFORE },
    containerStatuses: [{ name: "hopbook", ready: true, state: { running: {} } }],
  };
  return {
    pod: { ...manifest, metadata: { ...manifest.metadata, uid: pod }, status } as Thing,
    job: {
      ...buildLeaseJob({ ...plan, nonce: pod }),
      metadata: { name: manifest.metadata.name, uid: job },
      status: { startTime: BEFORE },
    } as Thing,
  };
}

/** An API with these, which judges UIDs in patches and preconditions as the real one does. */
function fakeApi(all: readonly { readonly pod: Thing; readonly job: Thing }[]) {
  const done: string[] = [];
  const find = ({ resource, name }: KubeRequest): Thing | undefined =>
    all
      .map((each) => (resource === "jobs" ? each.job : each.pod))
      .find(({ metadata }) => metadata.name === name);
  const api = {
    nowMs: () => NOW,
    list: () => Promise.resolve(all.map(({ pod }) => pod)),
    request(request: KubeRequest) {
      const { verb, resource, body } = request;
      const found = find(request);
      if (found === undefined || done.includes(`delete ${resource} ${found.metadata.uid}`))
        return Promise.reject(new HopbookError("KUBE_NOT_FOUND", "not found"));
      if (verb === "get") return Promise.resolve(found);
      const { metadata, preconditions } = body as {
        readonly metadata?: { readonly uid?: string };
        readonly preconditions?: { readonly uid?: string };
      };
      const uid = verb === "patch" ? metadata?.uid : preconditions?.uid;
      if (uid !== found.metadata.uid)
        return Promise.reject(new HopbookError("KUBE_REFUSED", "UID precondition"));
      done.push(`${verb} ${resource} ${uid}`);
      return Promise.resolve({});
    },
  };
  return { api: api as unknown as KubeApi, done };
}

const MINE = left("pod-1", "job-1");
const TWIN = left("pod-0", "job-0");

t.test("a warm pod is taken by the UIDs that this user's own runs remembered", async (t) => {
  const { api, done } = fakeApi([TWIN, MINE]);
  const taken = await takeWarmPod(api, planOf(memory(["uid pod-1", "uid job-1"])));
  t.strictSame(taken, { name: MINE.pod.metadata.name, uids: { pod: "pod-1", job: "job-1" } });
  t.strictSame(done, ["patch jobs job-1", "patch pods pod-1"]);
});

for (const [what, made] of [
  ["it only looks like one", memory([])],
  ["its Job is another's", memory(["uid pod-1"])],
  ["nothing is remembered", undefined],
] as const) {
  t.test(`not taken: ${what}`, async (t) => {
    const { api, done } = fakeApi([TWIN, MINE]);
    t.equal(await takeWarmPod(api, planOf(made)), null);
    t.strictSame(done, [], "and left alone");
  });
}

t.test("a pod is left warm where it can be remembered, and removed by its UIDs where not", async (t) => {
  const ref = { name: MINE.pod.metadata.name, uids: { pod: "pod-1", job: "job-1" } };
  const made = memory([]);
  const kept = fakeApi([MINE]);
  t.strictSame(await leaveWarm(kept.api, { plan: planOf(made), ...ref }), []);
  t.strictSame([...made.keys], ["uid pod-1", "uid job-1"]);
  t.strictSame(kept.done, ["patch jobs job-1", "patch pods pod-1"]);
  const gone = fakeApi([MINE]);
  t.strictSame(await leaveWarm(gone.api, { plan: planOf(memory([], false)), ...ref }), []);
  t.strictSame(gone.done.sort(), ["delete jobs job-1", "delete pods pod-1"]);
  const another = fakeApi([{ ...left("pod-9", "job-9"), pod: { ...TWIN.pod, metadata: MINE.pod.metadata } }]);
  await leaveWarm(another.api, { plan: planOf(memory([])), ...ref });
  t.notOk(another.done.includes("patch jobs job-9"), "a Job that has the name by now stays as it is");
});
