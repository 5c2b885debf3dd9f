import type { Argv, ExecResult } from "../../model/access.js";
import { CONTAINER_EXEC_NAME } from "../../model/exec/container-exec.js";
import { CHOOSE_ENDPOINT, CONTAINERD_SOCKETS, PROGRAM_FOLDERS } from "./places.js";

/**
 * Runs a command in a container of a pod by the node's runtime, so that it has the container's user, limits and files and no
 * more. Constant POSIX sh; every value is a positional argument:
 *   SECONDS ENDPOINT|'' NAMESPACE POD SANDBOX CONTAINER|'' WORD…
 * by crictl, else ctr or docker. After SECONDS the command is ended: the runtime's client goes away and leaves it, so what it
 * started is found by the container's cgroup, its words and its start, and killed. The last line on stderr says how it went:
 * `hopbook-exec BY CODE`, where BY is `crictl|ctr|docker` or `none`, `several` (containers that fit).
 */
export const CONTAINER_EXEC = `
PATH=$PATH:${PROGRAM_FOLDERS}
seconds=$1 endpoint=$2 namespace=$3 pod=$4 sandbox=$5 container=$6; shift 6
tell() { echo >&2; echo "hopbook-exec $1 $2" >&2; exit 0; }
root=/proc/1/root
[ -d "$root/run" ] || root=
label=io.kubernetes.container.name
if command -v crictl >/dev/null 2>&1; then
  by=crictl
${CHOOSE_ENDPOINT}  ids=$(crictl ps -q --pod "$sandbox" \${container:+--name "^$container$"}) || tell crictl 125
elif command -v ctr >/dev/null 2>&1; then
  by=ctr address=\${endpoint#unix://}
  if [ -z "$address" ]; then
    for socket in ${CONTAINERD_SOCKETS}; do
      if [ -S "$root$socket" ]; then address=$socket; break; fi
    done
  fi
  filter="labels.\\"io.cri-containerd.kind\\"==container,labels.\\"io.kubernetes.pod.namespace\\"==\\"$namespace\\""
  filter="$filter,labels.\\"io.kubernetes.pod.name\\"==\\"$pod\\""
  [ -z "$container" ] || filter="$filter,labels.\\"$label\\"==\\"$container\\""
  all=$(ctr -a "$address" --connect-timeout 2s -n k8s.io containers ls -q "$filter") || tell ctr 125
  ids=
  for id in $all; do
    ctr -a "$address" -n k8s.io tasks ls | grep -q "^$id .*RUNNING" && ids="$ids $id"
  done
elif command -v docker >/dev/null 2>&1; then
  by=docker
  ids=$(docker ps -q --no-trunc --filter "label=io.kubernetes.pod.namespace=$namespace" \\
    --filter "label=io.kubernetes.pod.name=$pod" --filter label=io.kubernetes.docker.type=container \\
    \${container:+--filter "label=$label=$container"}) || tell docker 125
else
  tell none 127
fi
set -f
count=0
for id in $ids; do count=$((count + 1)); done
set +f
[ $count -gt 0 ] || tell none 1
[ $count -eq 1 ] || tell several $count
since=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)
end_left() {
  case $by in
    crictl) first=$(crictl inspect "$id" | sed -n 's/^    "pid": *\\([0-9]*\\),*$/\\1/p' | head -n 1) ;;
    ctr) ctr -a "$address" -n k8s.io tasks kill --exec-id "hopbook-$$" -s KILL "$id" >/dev/null 2>&1; return ;;
    docker) first=$(docker inspect -f '{{.State.Pid}}' "$id") ;;
  esac
  group=$(cat "/proc/$first/cgroup") || return
  words=$(printf '%s\\n' "$@")
  for place in /proc/[0-9]*; do
    [ "$(cat "$place/cgroup" 2>/dev/null)" = "$group" ] || continue
    [ "$(tr '\\0' '\\n' <"$place/cmdline" 2>/dev/null)" = "$words" ] || continue
    began=$(sed 's/.*) //' "$place/stat" 2>/dev/null | cut -d' ' -f20)
    [ "\${began:-0}" -ge "$since" ] && kill -KILL "\${place#/proc/}" 2>/dev/null
  done
}
case $by in
  crictl) crictl exec "$id" "$@" </dev/null & ;;
  ctr) ctr -a "$address" -n k8s.io tasks exec --exec-id "hopbook-$$" "$id" "$@" </dev/null & ;;
  docker) docker exec "$id" "$@" </dev/null & ;;
esac
client=$!
late=
trap 'late=1; kill -TERM $client 2>/dev/null' TERM HUP INT ALRM
( sleep "$seconds" & rest=$!
  trap 'kill $rest; exit' TERM
  wait $rest
  kill -ALRM $$ ) >/dev/null 2>&1 </dev/null &
clock=$!
wait $client; rc=$?
while kill -0 $client 2>/dev/null; do
  kill -KILL $client 2>/dev/null
  wait $client
done
kill $clock 2>/dev/null
if [ -n "$late" ]; then end_left "$@"; tell "$by" 124; fi
tell "$by" "$rc"
`;

/** Where a command runs: a container of a pod, as the node's runtime knows it. */
interface ContainerPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly sandboxId: string;
  /** null: the only one that runs. */
  readonly container: string | null;
}

interface ExecLimits {
  readonly seconds: number;
  /** `unix:///…`, or absent: found on the node. */
  readonly endpoint?: string | undefined;
}

/** The command of the node that runs `words` in the container. */
export function planContainerExec(
  place: ContainerPlace,
  words: Argv,
  { seconds, endpoint }: ExecLimits,
): Argv {
  const { namespace, pod, sandboxId, container } = place;
  const values = [String(Math.ceil(seconds)), endpoint ?? "", namespace, pod, sandboxId, container ?? ""];
  return ["sh", "-c", CONTAINER_EXEC, CONTAINER_EXEC_NAME, ...values, ...words];
}

/** How a command in a container went. */
type ContainerExecEnd =
  | { readonly kind: "ended"; readonly exitCode: number; readonly stderr: string }
  | { readonly kind: "timedOut"; readonly stderr: string }
  /** It did not run; `isMissing`: the container has no such program. */
  | { readonly kind: "refused"; readonly why: string; readonly isMissing: boolean };

const LAST_LINE = /\n?\nhopbook-exec ([a-z]+) ([0-9]{1,3})\n$/;
/** crictl's own last words where a command ended by another code than 0. */
const CRICTL_CODE = /[^\n]*command terminated with exit code ([0-9]{1,3})[^\n]*\n?$/;
const NO_PROGRAM = /executable file not found|no such file or directory/i;

/** What CONTAINER_EXEC said at its end. */
export function readContainerExec({ stderr: raw }: Pick<ExecResult, "stderr">): ContainerExecEnd {
  const text = raw.toString("utf8");
  const [last, by, digits] = LAST_LINE.exec(text) ?? [];
  if (last === undefined) return refused(text, "it did not come to its end");
  const stderr = text.slice(0, -last.length);
  const code = Number(digits);
  if (by === "several") return refused(stderr, `the pod runs ${code} containers: name one`);
  if (by === "none") {
    return refused(
      stderr,
      code === 127
        ? "the node has no crictl, ctr or docker to ask its runtime by"
        : "the pod runs no such container",
    );
  }
  if (code === 124) return { kind: "timedOut", stderr };
  if (by === "crictl") return endOfCrictl(stderr, code);
  if (code !== 0 && NO_PROGRAM.test(stderr) && (code === 1 || code >= 125)) return refused(stderr, "");
  return { kind: "ended", exitCode: code, stderr };
}

/** Its own exit code is 1 for whatever is not 0. */
function endOfCrictl(stderr: string, code: number): ContainerExecEnd {
  if (code === 0) return { kind: "ended", exitCode: 0, stderr };
  const [line, exitCode] = CRICTL_CODE.exec(stderr) ?? [];
  if (line === undefined) return refused(stderr, "");
  return { kind: "ended", exitCode: Number(exitCode), stderr: stderr.slice(0, -line.length) };
}

function refused(stderr: string, reason: string): ContainerExecEnd {
  const lines = stderr.trim().split("\n");
  const why = reason !== "" ? reason : (lines.at(-1) ?? "");
  return { kind: "refused", why: why.slice(0, 500), isMissing: reason === "" && NO_PROGRAM.test(stderr) };
}
