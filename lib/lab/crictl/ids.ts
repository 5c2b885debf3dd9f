import { createHash } from "node:crypto";
import { derivePodIds, type PodIds } from "../cluster/ids.js";
import type { NodeSpec, PodSpec } from "../cluster/types.js";

/** What crictl's answers are made from. */
export interface RuntimePod {
  readonly spec: PodSpec;
  readonly ids: PodIds;
  readonly node: NodeSpec;
  /** In the node's PID namespace: the pause process and the container's. */
  readonly pid: number;
  readonly containerPid: number;
  readonly createdAtMs: number;
}

export const PAUSE_IMAGE = "registry.example/pause:1";
export const TOOLS_IMAGE = "registry.example/tools:1";
export const CONTAINER_NAME = "c";

export function imageId(image: string): string {
  return `sha256:${createHash("sha256").update(image).digest("hex")}`;
}

export function makeRuntimePod(
  node: NodeSpec,
  spec: PodSpec,
  facts: Pick<RuntimePod, "pid" | "containerPid" | "createdAtMs">,
): RuntimePod {
  return { spec, node, ids: derivePodIds(spec), ...facts };
}

/** RFC 3339 with nanoseconds, as the runtime writes it; the digits below a millisecond are zero. */
export function stampTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("Z", "000000Z");
}

/** Nanoseconds since 1970 as a string, as the lists write it. */
export function stampNanoseconds(timeMs: number): string {
  return `${String(timeMs)}000000`;
}

export function podLabels({ spec, ids }: RuntimePod): Record<string, string> {
  return {
    app: spec.name,
    "io.kubernetes.pod.name": spec.name,
    "io.kubernetes.pod.namespace": spec.namespace,
    "io.kubernetes.pod.uid": ids.uid,
  };
}

export function podAnnotations(pod: RuntimePod): Record<string, string> {
  const { spec, node, createdAtMs } = pod;
  const manifest = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { annotations: {}, labels: { app: spec.name }, name: spec.name, namespace: spec.namespace },
    spec: {
      containers: [{ command: COMMANDS[spec.serves], image: TOOLS_IMAGE, name: CONTAINER_NAME }],
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
    },
  };
  return {
    "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(manifest)}\n`,
    "kubernetes.io/config.seen": stampTime(createdAtMs),
    "kubernetes.io/config.source": "api",
  };
}

export function containerLabels({ spec, ids }: RuntimePod): Record<string, string> {
  return {
    "io.kubernetes.container.name": CONTAINER_NAME,
    "io.kubernetes.pod.name": spec.name,
    "io.kubernetes.pod.namespace": spec.namespace,
    "io.kubernetes.pod.uid": ids.uid,
  };
}

export function containerAnnotations({ ids }: RuntimePod): Record<string, string> {
  return {
    "io.kubernetes.container.hash": ids.containerId.slice(0, 8),
    "io.kubernetes.container.restartCount": "0",
    "io.kubernetes.container.terminationMessagePath": "/dev/termination-log",
    "io.kubernetes.container.terminationMessagePolicy": "File",
    "io.kubernetes.pod.terminationGracePeriod": "0",
  };
}

/** The container's command, by what it serves. */
export const COMMANDS: Readonly<Record<PodSpec["serves"], string[]>> = {
  nothing: ["sleep", "infinity"],
  http: ["httpd", "-f", "-p", "8080"],
  dns: ["dnsmasq", "--keep-in-foreground"],
};

export function cgroupParent({ node, ids }: RuntimePod): string {
  return `/${node.name}/kubepods/besteffort/pod${ids.uid}`;
}
