import { PROGRAM_FOLDERS } from "./places.js";
import { isRuntimeId } from "../names.js";
import { isKubernetesName, type SeenPod } from "./pod-summary.js";
import { asList, fieldOf, integerOf, parseJson, textEntries, textOf } from "../../linux/json.js";

/**
 * The sandboxes of cri-dockerd (and of the kubelet's dockershim before it) by the docker client: the pause containers.
 * $2, $3: namespace and name of a pod, or empty for all. Constant POSIX sh.
 */
export const DOCKER_SCRIPT = `
PATH=$PATH:${PROGRAM_FOLDERS}
command -v docker >/dev/null 2>&1 || { echo "docker: not found" >&2; exit 127; }
namespace=$2 name=$3
set -- --filter label=io.kubernetes.docker.type=podsandbox
if [ -n "$name" ]; then
  set -- "$@" --filter "label=io.kubernetes.pod.namespace=$namespace" --filter "label=io.kubernetes.pod.name=$name"
fi
ids=$(docker ps -q --no-trunc "$@") || exit $?
if [ -z "$ids" ]; then echo '[]'; exit 0; fi
docker inspect --type container $ids
exit 0
`;

/** `docker inspect` of pause containers; what is none, or does not run, is left out. */
export function parseDocker(text: string, node: string): SeenPod[] {
  return asList(parseJson(text)).flatMap((value) => {
    const seen = parseContainer(value, node);
    return seen === null ? [] : [seen];
  });
}

function parseContainer(value: unknown, node: string): SeenPod | null {
  const labels = textEntries(fieldOf(value, "Config", "Labels"));
  const sandboxId = textOf(value, "Id");
  const pid = integerOf(value, "State", "Pid");
  const namespace = textOf(labels, "io.kubernetes.pod.namespace");
  const name = textOf(labels, "io.kubernetes.pod.name");
  if (sandboxId === null || !isRuntimeId(sandboxId) || pid === null || pid <= 0) return null;
  if (textOf(labels, "io.kubernetes.docker.type") !== "podsandbox") return null;
  if (namespace === null || name === null || !isKubernetesName(namespace) || !isKubernetesName(name))
    return null;
  const hostNetwork = textOf(value, "HostConfig", "NetworkMode") === "host";
  const uid = textOf(labels, "io.kubernetes.pod.uid") ?? "";
  const createdAtMs = Date.parse(textOf(value, "Created") ?? "");
  // k8s_POD_NAME_NAMESPACE_UID_ATTEMPT
  const attempt = Number(/_([0-9]{1,6})$/.exec(textOf(value, "Name") ?? "")?.[1] ?? 0);
  const createdAtNs = Number.isFinite(createdAtMs) && createdAtMs > 0 ? `${createdAtMs}000000` : "0";
  return {
    summary: { namespace, name, uid, node, sandboxId, attempt, createdAtNs, labels, source: "docker" },
    pod: {
      ...{ namespace, name, uid, node, sandboxId, pid, hostNetwork, labels },
      netns: hostNetwork ? { kind: "host" } : { kind: "path", path: `/proc/${pid}/ns/net` },
      ips: [], // the CNI's, of which docker knows nothing
      containers: [],
      cniHostInterfaces: [],
    },
  };
}
