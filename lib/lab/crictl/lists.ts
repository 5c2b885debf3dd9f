import {
  CONTAINER_NAME,
  TOOLS_IMAGE,
  containerAnnotations,
  containerLabels,
  imageId,
  podAnnotations,
  podLabels,
  stampNanoseconds,
  type RuntimePod,
} from "./ids.js";

/** One entry of `crictl pods -o json`'s `items`. */
export function renderPodItem(pod: RuntimePod): object {
  const { spec, ids } = pod;
  return {
    id: ids.sandboxId,
    metadata: { name: spec.name, uid: ids.uid, namespace: spec.namespace, attempt: 0 },
    state: "SANDBOX_READY",
    createdAt: stampNanoseconds(pod.createdAtMs),
    labels: podLabels(pod),
    annotations: podAnnotations(pod),
    runtimeHandler: "",
  };
}

/** One entry of `crictl ps -o json`'s `containers`. */
export function renderContainerItem(pod: RuntimePod): object {
  const image = imageId(TOOLS_IMAGE);
  return {
    id: pod.ids.containerId,
    podSandboxId: pod.ids.sandboxId,
    metadata: { name: CONTAINER_NAME, attempt: 0 },
    image: { image, annotations: {}, userSpecifiedImage: TOOLS_IMAGE, runtimeHandler: "", imageRef: "" },
    imageRef: image,
    state: "CONTAINER_RUNNING",
    createdAt: stampNanoseconds(pod.createdAtMs),
    labels: containerLabels(pod),
    annotations: containerAnnotations(pod),
    imageId: image,
  };
}

/**
 * The stand-in's index, one line a pod: sandbox id, namespace, name, uid, container id, container name, image,
 * creation time in seconds. None of the fields holds a blank.
 */
export function renderIndexLine({ spec, ids, createdAtMs }: RuntimePod): string {
  return [
    ids.sandboxId,
    spec.namespace,
    spec.name,
    ids.uid,
    ids.containerId,
    CONTAINER_NAME,
    imageId(TOOLS_IMAGE).slice("sha256:".length),
    String(Math.floor(createdAtMs / 1000)),
  ].join(" ");
}
