import t from "tap";
import { findDetachedPod, removeDetached } from "../../../lib/access/pod/detached.js";
import { buildDetachedJob } from "../../../lib/access/pod/detached-job.js";
import type { DebugPodPlan } from "../../../lib/access/pod/spec.js";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeApi, KubeRequest, MadeObjects } from "../../../lib/model/kube.js";

const PLAN: DebugPodPlan = {
  ...{ node: "node-a", namespace: "ops", now: 0, config: { via: "debugPod", kube: {} } },
  lease: { runId: "0123456789ab", owner: "ann@desk", durationMs: 60_000 },
};
const NAMESPACE = "ops";

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly status: { readonly phase: string };
}

const MADE = buildDetachedJob(PLAN, { workDir: "/var/tmp" });
const JOB = { ...MADE, metadata: { ...MADE.metadata, uid: "job-1" } };
const REF = { name: JOB.metadata.name, uid: "job-1" };

function podOf(name: string, owner?: object): Pod {
  const labels = { ...JOB.metadata.labels, "batch.kubernetes.io/job-name": JOB.metadata.name };
  const ownerReferences = owner === undefined ? {} : { ownerReferences: [owner] };
  return { metadata: { name, uid: `${name}-uid`, labels, ...ownerReferences }, status: { phase: "Running" } };
}

const OWN = podOf("own", { kind: "Job", uid: "job-1", controller: true });

function memoryOf(keys: readonly string[]): MadeObjects {
  return { remember: () => Promise.resolve(false), isMine: (key) => Promise.resolve(keys.includes(key)) };
}

/** An API with these objects, of which it selects by labels; it judges preconditions as the real one does. */
function fakeApi(jobs: readonly object[], pods: readonly Pod[]) {
  const deleted: string[] = [];
  const there = new Map<string, { readonly metadata: { readonly uid: string; readonly name: string } }>();
  for (const each of [...jobs, ...pods] as Pod[]) there.set(each.metadata.name, each);
  const api = {
    list: ({ resource, query = {} }: KubeRequest) => {
      const wanted = (query["labelSelector"] ?? "").split(",").map((pair) => pair.split("="));
      const all = (resource === "jobs" ? jobs : pods) as readonly Pod[];
      return Promise.resolve(
        all.filter(({ metadata }) => wanted.every(([key = "", value]) => metadata.labels[key] === value)),
      );
    },
    request: ({ verb, name = "", body }: KubeRequest) => {
      const found = there.get(name);
      if (found === undefined) return Promise.reject(new HopbookError("KUBE_NOT_FOUND", "not found"));
      if (verb === "get") return Promise.resolve(found);
      const { preconditions } = body as { readonly preconditions?: { readonly uid: string } };
      if (preconditions?.uid !== found.metadata.uid)
        return Promise.reject(new HopbookError("KUBE_REFUSED", "the UID in the precondition does not match"));
      there.delete(name);
      deleted.push(name);
      return Promise.resolve({});
    },
  };
  return { api: api as unknown as KubeApi, deleted };
}

t.test("the pod that the run's own Job made is found, with both UIDs", async (t) => {
  const { api } = fakeApi([JOB], [podOf("foreign"), OWN]);
  t.strictSame(await findDetachedPod(api, PLAN), { pod: { name: "own", uid: "own-uid" }, job: REF });
});

t.test("a pod that only has the labels is nobody's, and decides of no Job", async (t) => {
  const none = { pod: null, job: null };
  t.strictSame(await findDetachedPod(fakeApi([], [podOf("foreign")]).api, PLAN), none);
  for (const owner of [
    undefined,
    { kind: "Job", uid: "job-2", controller: true },
    { kind: "Job", uid: "job-1" },
  ])
    t.strictSame(await findDetachedPod(fakeApi([JOB], [podOf("foreign", owner)]).api, PLAN), {
      ...{ pod: null, job: REF },
    });
});

t.test("a Job that hopbook does not make so is not the run's", async (t) => {
  const spec = (JOB.spec["template"] as { readonly spec: { readonly containers: readonly object[] } }).spec;
  const table: readonly object[] = [
    { ...spec, nodeName: "node-b" },
    { ...spec, hostPID: false },
    { ...spec, hostNetwork: false },
    { ...spec, containers: [...spec.containers, { name: "more" }] },
    { ...spec, containers: [{ ...spec.containers[0], name: "other" }] },
    { ...spec, containers: [{ ...spec.containers[0], command: ["sh", "-c", "steal"] }] },
    {},
  ];
  for (const changed of table) {
    const job = { ...JOB, spec: { ...JOB.spec, template: { spec: changed } } };
    t.strictSame(await findDetachedPod(fakeApi([job], [OWN]).api, PLAN), { pod: null, job: null });
  }
  t.strictSame(await findDetachedPod(fakeApi([{ ...JOB, spec: undefined }], [OWN]).api, PLAN), {
    ...{ pod: null, job: null },
  });
});

t.test(
  "of a run of this user's the Job is the one that was remembered, not one that looks like it",
  async (t) => {
    const twin = { ...JOB, metadata: { ...JOB.metadata, name: "a-twin", uid: "job-0" } };
    const twinPod = podOf("twin", { kind: "Job", uid: "job-0", controller: true });
    const find = (mine: readonly string[], jobs: readonly object[]) =>
      findDetachedPod(fakeApi(jobs, [twinPod, OWN]).api, {
        ...PLAN,
        lease: { ...PLAN.lease, made: memoryOf(mine) },
      });
    const own = { pod: { name: "own", uid: "own-uid" }, job: REF };
    const none = { pod: null, job: null };
    t.strictSame(await find(["run 0123456789ab", "uid job-1"], [twin, JOB]), own);
    t.strictSame(await find(["run 0123456789ab", "uid job-1"], [twin]), none);
    t.strictSame(await find([], [JOB]), own, "another user's run, by what it is made of");
    t.strictSame(await find([], [twin, JOB]), none, "where two look alike, neither is entered or deleted");
  },
);

t.test("both go by their UIDs, and what has their names by now stays", async (t) => {
  const mine = fakeApi([JOB], [OWN, podOf("foreign")]);
  const found = { namespace: NAMESPACE, pod: { name: "own", uid: "own-uid" }, job: REF };
  t.strictSame(await removeDetached(mine.api, found), []);
  t.strictSame(mine.deleted, [REF.name, "own"]);
  const another = fakeApi([{ ...JOB, metadata: { ...JOB.metadata, uid: "job-9" } }], []);
  t.strictSame(await removeDetached(another.api, { ...found, pod: null }), []);
  t.strictSame(another.deleted, []);
});
