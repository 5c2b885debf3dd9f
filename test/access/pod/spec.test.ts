import t from "tap";
import {
  buildDebugPod,
  buildLeaseJob,
  CNI_DIR,
  DEFAULT_IMAGE,
  RUN_DIR,
  SPEC_LABEL,
  specHash,
  WORK_DIR,
} from "../../../lib/access/pod/spec.js";
import { POD_GRACE_SECONDS } from "../../../lib/access/pod/init.js";
import type { DebugPodAccessConfig } from "../../../lib/model/access.js";

const NOW = Date.UTC(2026, 0, 1);
const config: DebugPodAccessConfig = { via: "debugPod", kube: {}, image: "registry.example/tools:1" };
const lease = { runId: "4f2a", owner: "me@here", durationMs: 1_799_500 };
const plan = { node: "node-a", config, namespace: "debug", lease, now: NOW };

t.test(
  "a pod goes to its node past scheduler, cordon and taint, with no more rights than it needs",
  async (t) => {
    const { metadata, spec } = buildDebugPod(plan, null);
    t.match(spec, {
      nodeName: "node-a",
      tolerations: [{ operator: "Exists" }],
      hostPID: true,
      hostNetwork: true,
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: POD_GRACE_SECONDS,
      activeDeadlineSeconds: 1_800,
    });
    t.notOk("volumes" in spec, "each costs the kubelet 300 ms");
    t.notOk("hostIPC" in spec || "imagePullSecrets" in spec || "serviceAccountName" in spec);
    const [container] = spec["containers"] as { securityContext: object; resources: object; image: string }[];
    t.match(container, {
      image: "registry.example/tools:1",
      resources: { requests: { cpu: String, memory: String }, limits: { cpu: String, memory: String } },
      securityContext: { readOnlyRootFilesystem: true, runAsUser: 0, capabilities: { drop: ["ALL"] } },
    });
    t.notOk("privileged" in container!.securityContext);
    t.match(metadata.labels, {
      "app.kubernetes.io/managed-by": "hopbook",
      "hopbook.dev/run": "4f2a",
      [SPEC_LABEL]: specHash(config, "node-a"),
    });
    t.equal(metadata.annotations["hopbook.dev/expires"], "2026-01-01T00:29:59.500Z");
    t.notOk("ownerReferences" in metadata);
  },
);

t.test("what the profile says is in it", async (t) => {
  const wanted = {
    ...config,
    privileged: true,
    serviceAccount: "debugger",
    pullSecrets: ["a", "b"],
    keepWarmMs: 60_000,
  };
  const { spec, metadata } = buildDebugPod({ ...plan, config: wanted }, { name: "lease", uid: "u-1" });
  t.match(spec, {
    serviceAccountName: "debugger",
    imagePullSecrets: [{ name: "a" }, { name: "b" }],
    activeDeadlineSeconds: 1_800 + 480,
    containers: [{ securityContext: { privileged: true, readOnlyRootFilesystem: true } }],
  });
  const [container] = spec["containers"] as { securityContext: object }[];
  t.notOk("capabilities" in container!.securityContext, "privileged stands alone");
  t.same(metadata.ownerReferences, [{ apiVersion: "batch/v1", kind: "Job", name: "lease", uid: "u-1" }]);
  const bare: DebugPodAccessConfig = { via: "debugPod", kube: {} };
  t.match(buildDebugPod({ ...plan, config: bare }, null).spec, { containers: [{ image: DEFAULT_IMAGE }] });
});

t.test("with volumes its folders can be written from the first process on", async (t) => {
  const { spec } = buildDebugPod(plan, null, { hasVolumes: true });
  const [container] = spec["containers"] as { volumeMounts: { name: string; mountPath: string }[] }[];
  t.same(
    container?.volumeMounts.map(({ mountPath }) => mountPath).sort(),
    [CNI_DIR, RUN_DIR, WORK_DIR].sort(),
  );
  t.same(
    container?.volumeMounts.map(({ name }) => name),
    (spec["volumes"] as { name: string }[]).map(({ name }) => name),
  );
});

t.test("the Job makes no pod, and Kubernetes removes it when the lease is over", async (t) => {
  t.match(buildLeaseJob(plan).spec, {
    parallelism: 0,
    completions: 1,
    activeDeadlineSeconds: 1_800,
    ttlSecondsAfterFinished: 0,
  });
  t.equal(buildLeaseJob(plan).metadata.name, buildDebugPod(plan, null).metadata.name);
});

t.test("names are DNS labels, one for each node, run and opening", async (t) => {
  const nameOf = (node: string, runId = "4f2a", nonce?: string): string =>
    buildLeaseJob({ ...plan, node, lease: { ...lease, runId }, ...(nonce === undefined ? {} : { nonce }) })
      .metadata.name;
  const names = [
    nameOf("ip-10-0-0-1.eu-central-1.compute.internal"),
    nameOf("n".repeat(253)),
    nameOf("a", "Ümläut/../x_"),
    nameOf("a", "r".repeat(200)),
    nameOf("a", ""),
    nameOf("a", "-"),
    nameOf("a", "x", "1"),
    nameOf("a", "x", "2"),
  ];
  for (const name of names) t.match(name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, name);
  t.equal(new Set(names).size, names.length);
});

t.test("the hash is of what a pod is made of, and of nothing else", async (t) => {
  const same = { ...config, keepWarmMs: 5, namespace: "other" };
  t.equal(specHash(same, "node-a"), specHash(config, "node-a"));
  for (const other of [
    { ...config, image: "x:2" },
    { ...config, privileged: true },
    { ...config, serviceAccount: "s" },
  ]) {
    t.not(specHash(other, "node-a"), specHash(config, "node-a"));
  }
  t.not(specHash(config, "node-b"), specHash(config, "node-a"));
  const other = buildDebugPod({ ...plan, lease: { ...lease, runId: "other" } }, null);
  t.equal(other.metadata.labels[SPEC_LABEL], specHash(config, "node-a"), "a warm pod is another run's");
});
