import type { NetnsRef } from "../../model/cluster.js";
import { isNetnsPath, isRuntimeId } from "../names.js";
import { asList, asRecord, fieldOf, integerOf, parseJson, textEntries, textOf } from "../../linux/json.js";
import { distinctAddresses } from "./cni-cache.js";
import { isolationBy } from "./isolation.js";
import { PROGRAM_FOLDERS } from "./places.js";
import { isKubernetesName, type SeenPod } from "./pod-summary.js";

/** Podman's pods have a name and no namespace. */
const NAMESPACE = "podman";

/**
 * Pods of Podman, on a machine without Kubernetes: their infra containers. $2, $3: namespace and name of a pod, or empty
 * for all. Prints `POD NAME INFRA` lines, then `podman inspect` after an ASCII record separator. Constant POSIX sh.
 */
export const PODMAN_SCRIPT = `
PATH=$PATH:${PROGRAM_FOLDERS}
command -v podman >/dev/null 2>&1 || { echo "podman: not found" >&2; exit 127; }
if [ -n "$3" ] && [ "$2" != ${NAMESPACE} ]; then exit 0; fi
pods=$(podman pod ps --no-trunc --filter status=running --filter status=degraded --format '{{.Id}} {{.Name}} {{.InfraId}}') || exit $?
ids=
while read -r pod name infra; do
  [ -n "$infra" ] || continue
  [ -z "$3" ] || [ "$name" = "$3" ] || continue
  printf '%s %s %s\\n' "$pod" "$name" "$infra"
  ids="$ids $infra"
done <<END
$pods
END
[ -n "$ids" ] || exit 0
printf '\\036'
podman inspect --type container $ids
exit 0
`;

/** What PODMAN_SCRIPT printed: the pods whose infra container runs. */
export function parsePodman(text: string, node: string): SeenPod[] {
  const [list = "", inspected = ""] = text.split("\u001e");
  const containers = asList(parseJson(inspected));
  return list.split("\n").flatMap((line) => {
    const [, uid, name, infra] = /^([0-9a-f]{12,64}) (\S{1,253}) ([0-9a-f]{12,64})$/.exec(line) ?? [];
    if (uid === undefined || name === undefined || infra === undefined || !isKubernetesName(name)) return [];
    const value = containers.find((container) => textOf(container, "Id") === infra);
    const seen = value === undefined ? null : parseInfra(value, { uid, name, node });
    return seen === null ? [] : [seen];
  });
}

function parseInfra(
  value: unknown,
  of: { readonly uid: string; readonly name: string; readonly node: string },
): SeenPod | null {
  const sandboxId = textOf(value, "Id");
  const pid = integerOf(value, "State", "Pid");
  if (sandboxId === null || !isRuntimeId(sandboxId) || pid === null || pid <= 0) return null;
  const netns = findNetns(value, pid);
  const hostNetwork = netns.kind === "host";
  const isolation = isolationBy([textOf(value, "OCIRuntime")]);
  const createdAtMs = Date.parse(textOf(value, "Created") ?? "");
  const known = {
    ...of,
    namespace: NAMESPACE,
    sandboxId,
    labels: textEntries(fieldOf(value, "Config", "Labels")),
  };
  const createdAtNs = Number.isFinite(createdAtMs) && createdAtMs > 0 ? `${createdAtMs}000000` : "0";
  return {
    summary: { ...known, attempt: 0, createdAtNs, source: "podman" },
    pod: {
      ...{ ...known, pid, netns, hostNetwork },
      ips: hostNetwork ? [] : findAddresses(value),
      containers: [],
      cniHostInterfaces: [],
      ...(isolation === undefined ? {} : { isolation }),
    },
  };
}

function findNetns(value: unknown, pid: number): NetnsRef {
  if (textOf(value, "HostConfig", "NetworkMode") === "host") return { kind: "host" };
  const path = textOf(value, "NetworkSettings", "SandboxKey") ?? "";
  return { kind: "path", path: isNetnsPath(path) ? path : `/proc/${pid}/ns/net` };
}

function findAddresses(value: unknown): string[] {
  const networks = Object.values(asRecord(fieldOf(value, "NetworkSettings", "Networks")));
  return distinctAddresses([
    textOf(value, "NetworkSettings", "IPAddress"),
    ...networks.flatMap((network) => [textOf(network, "IPAddress"), textOf(network, "GlobalIPv6Address")]),
  ]);
}
