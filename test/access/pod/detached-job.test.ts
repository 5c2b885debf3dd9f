import t from "tap";
import { buildDetachedJob } from "../../../lib/access/pod/detached-job.js";
import { buildDebugPod, SPEC_LABEL, type DebugPodPlan } from "../../../lib/access/pod/spec.js";

const lease = { runId: "0123456789ab", owner: "me@here", durationMs: 90_000_500 };
const plan: DebugPodPlan = {
  ...{ node: "node-a", namespace: "debug", lease, now: Date.UTC(2026, 0, 1) },
  config: { via: "debugPod", kube: {}, image: "registry.example/tools:1", pullSecrets: ["a"] },
};

t.test(
  "the pod that Kubernetes runs is the debug pod, but for its first process and its time to end",
  async (t) => {
    const { spec } = buildDebugPod(plan, null, { hasVolumes: true });
    const job = buildDetachedJob(plan, { workDir: "/var/tmp" });
    const { template } = job.spec as { template: { spec: Record<string, unknown>; metadata: object } };
    const [theirs] = spec["containers"] as Record<string, unknown>[];
    const [ours] = template.spec["containers"] as Record<string, unknown>[];
    t.strictSame({ ...ours, command: null }, { ...theirs, command: null });
    t.strictSame(
      { ...template.spec, containers: null, terminationGracePeriodSeconds: null },
      { ...spec, containers: null, terminationGracePeriodSeconds: null },
    );
    t.ok((template.spec["terminationGracePeriodSeconds"] as number) > 5, "captures are ended in good order");
    const command = ours?.["command"] as readonly string[];
    t.strictSame(command.slice(3, 6), ["hopbook-hold", "0123456789ab", "/var/tmp"], "values are arguments");
    t.notMatch(command[2], /0123456789ab|var\/tmp/);
  },
);

t.test("its lease, and whose it is, stand on the Job and on its pods", async (t) => {
  const job = buildDetachedJob(plan, { workDir: "/var/tmp" });
  t.match(job.spec, {
    ...{ parallelism: 1, completions: 1, podReplacementPolicy: "Failed" },
    ...{ activeDeadlineSeconds: 90_001, ttlSecondsAfterFinished: 0 },
  });
  const { metadata } = (job.spec as { template: { metadata: Record<string, object> } }).template;
  t.match(job.metadata.labels, {
    "app.kubernetes.io/managed-by": "hopbook",
    "hopbook.dev/run": "0123456789ab",
    "hopbook.dev/detached": "true",
  });
  t.strictSame(metadata, { labels: job.metadata.labels, annotations: job.metadata.annotations });
  t.notOk(SPEC_LABEL in job.metadata.labels, "no later run takes it for a warm one");
});
