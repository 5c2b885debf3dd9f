import { createHash } from "node:crypto";
import { leaseAnnotations, leaseLabels, runLabel } from "../../kube/index.js";
import type { DebugPodAccessConfig } from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { POD_GRACE_SECONDS, POD_INIT, POD_INIT_NAME } from "./init.js";

/** The container of a debug pod. */
export const DEBUG_CONTAINER = "hopbook";
/** Where the profile names no `images.tools`: sh and nsenter are enough for a node that has tcpdump itself. */
export const DEFAULT_IMAGE = "docker.io/library/busybox:1.37";
/** A hash of what a pod is made of, so that a pod of other making is not taken for a warm one. */
export const SPEC_LABEL = "hopbook.dev/spec";

/**
 * Folders that can be written where the image's programs are used (nodeplace-scripts.ts); the rest of the pod's file
 * system is read-only. They are no volumes: for a pod that has any, a kubelet looks again after 300 ms only.
 */
export const WORK_DIR = "/var/tmp";
export const RUN_DIR = "/run";
export const CNI_DIR = "/var/lib/cni";
/** Captures lie there where the node's tools are not used; the kubelet evicts a pod that has more. */
const WORK_LIMIT = "8Gi";

/**
 * What entering the node's namespaces and using its tools needs; found by trying without each:
 * SYS_ADMIN, SYS_CHROOT setns into a mount namespace, tracefs; SYS_PTRACE /proc/1/ns; NET_ADMIN, NET_RAW tcpdump, iptables,
 * nft; DAC_OVERRIDE, DAC_READ_SEARCH files of other users; SETUID, SETGID `tcpdump -Z root`; KILL agents end what they
 * started after it changed its user.
 */
const CAPABILITIES = [
  "SYS_ADMIN",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "NET_ADMIN",
  "NET_RAW",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "SETUID",
  "SETGID",
  "KILL",
] as const;

/** How many warm times a pod lives at most. */
const WARM_USES = 8;

export interface DebugPodPlan {
  readonly node: string;
  readonly config: DebugPodAccessConfig;
  readonly namespace: string;
  readonly lease: Lease;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Makes the name one of its own: a run may open its way to a node again. */
  readonly nonce?: string;
}

export interface ObjectRef {
  readonly name: string;
  readonly uid: string;
}

interface PodMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly Record<string, unknown>[];
}

export interface PodManifest {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: PodMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface LeaseJobManifest {
  readonly apiVersion: "batch/v1";
  readonly kind: "Job";
  readonly metadata: PodMeta;
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * The pod with the node's PID and network namespaces. It goes to its node directly: no scheduler, cordon or taint is asked.
 * `hasVolumes`: its folders can be written from its first process on.
 */
export function buildDebugPod(
  plan: DebugPodPlan,
  leaseJob: ObjectRef | null,
  { hasVolumes = false }: { readonly hasVolumes?: boolean } = {},
): PodManifest {
  const { config, node, lease } = plan;
  const spec = buildSpec(config, node);
  const [container] = spec.containers;
  // The Job ends a warm pod in time; this cannot be put off later, so it leaves room for the uses to come.
  const seconds = leaseSeconds(lease) + Math.ceil(((config.keepWarmMs ?? 0) * WARM_USES) / 1000);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...buildMeta(plan),
      labels: { ...leaseLabels(lease), [SPEC_LABEL]: hashOf(spec) },
      ...(leaseJob === null
        ? {}
        : { ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", ...leaseJob }] }),
    },
    spec: {
      ...spec,
      activeDeadlineSeconds: seconds,
      containers: [
        {
          ...container,
          // The run is no part of what makes a pod fit for the next one.
          command: [...container.command, runLabel(lease.runId)],
          ...(hasVolumes ? { volumeMounts: VOLUME_MOUNTS } : {}),
        },
      ],
      ...(hasVolumes ? { volumes: VOLUMES } : {}),
    },
  };
}

const VOLUME_MOUNTS = [
  { name: "run", mountPath: RUN_DIR },
  { name: "cni", mountPath: CNI_DIR },
  { name: "work", mountPath: WORK_DIR },
];
const VOLUMES = [
  { name: "run", emptyDir: { medium: "Memory", sizeLimit: "4Mi" } },
  { name: "cni", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
  { name: "work", emptyDir: { sizeLimit: WORK_LIMIT } },
];

/**
 * A Job of no pods, which Kubernetes itself ends and removes when the lease is over; what it owns goes with it. A pod
 * alone would end at its deadline, but its object would stay.
 */
export function buildLeaseJob(plan: DebugPodPlan): LeaseJobManifest {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: buildMeta(plan),
    spec: {
      parallelism: 0,
      completions: 1,
      backoffLimit: 0,
      activeDeadlineSeconds: leaseSeconds(plan.lease),
      ttlSecondsAfterFinished: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [{ name: DEBUG_CONTAINER, image: imageOf(plan.config) }],
        },
      },
    },
  };
}

/** The hash in the label by which a warm pod is found. */
export function specHash(config: DebugPodAccessConfig, node: string): string {
  return hashOf(buildSpec(config, node));
}

export function imageOf(config: Pick<DebugPodAccessConfig, "image">): string {
  return config.image ?? DEFAULT_IMAGE;
}

function buildMeta({ namespace, lease, node, now, nonce }: DebugPodPlan): PodMeta {
  return {
    name: nameOf(lease.runId, [node, ...(nonce === undefined ? [] : [nonce])]),
    namespace,
    labels: leaseLabels(lease),
    annotations: leaseAnnotations(lease, now),
  };
}

function buildSpec(config: DebugPodAccessConfig, node: string) {
  const container = {
    name: DEBUG_CONTAINER,
    image: imageOf(config),
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", POD_INIT, POD_INIT_NAME],
    // A quota may ask for all of them. The processor's limit is wide: a throttled tcpdump loses packets. Of disk nothing is
    // requested, as a node that does not count it has none to give.
    resources: {
      requests: { cpu: "10m", memory: "32Mi", "ephemeral-storage": "0" },
      limits: { cpu: "2", memory: "512Mi", "ephemeral-storage": WORK_LIMIT },
    },
    securityContext: securityOf(config),
  };
  return {
    nodeName: node,
    tolerations: [{ operator: "Exists" }],
    hostPID: true,
    hostNetwork: true,
    restartPolicy: "Never",
    terminationGracePeriodSeconds: POD_GRACE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(config.serviceAccount === undefined ? {} : { serviceAccountName: config.serviceAccount }),
    ...(config.pullSecrets === undefined
      ? {}
      : { imagePullSecrets: config.pullSecrets.map((name) => ({ name })) }),
    containers: [container] as const,
  };
}

function securityOf({ privileged }: DebugPodAccessConfig): Record<string, unknown> {
  const always = { runAsUser: 0, runAsNonRoot: false, readOnlyRootFilesystem: true };
  if (privileged === true) return { ...always, privileged: true };
  return {
    ...always,
    capabilities: { drop: ["ALL"], add: [...CAPABILITIES] },
    // The default profiles refuse mount(2) and ptrace to whoever is not privileged.
    seccompProfile: { type: "Unconfined" },
    appArmorProfile: { type: "Unconfined" },
  };
}

function leaseSeconds(lease: Lease): number {
  return Math.max(1, Math.ceil(lease.durationMs / 1000));
}

/** Node names may be longer than a pod's may be, and hold dots. */
function nameOf(runId: string, others: readonly string[]): string {
  const run = runId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return [
    "hopbook",
    ...(run === "" ? [] : [run.replace(/-+$/, "")]),
    hashOf([runId, ...others]).slice(0, 8),
  ].join("-");
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
