import type { Argv } from "../../model/access.js";
import { WATCHED_CHILD } from "../../model/watched-child.js";

/** What ps shows beside the script. */
export const POD_LOG_NAME = "hopbook-pod-log";
/** Where kubelet has a folder a pod: NAMESPACE_NAME_UID/CONTAINER/0.log. */
const POD_LOGS = "/var/log/pods";

/**
 * Follows the logs of a pod's containers on its node from now on, or (`all`) from their start, constant POSIX sh; every value is a positional argument:
 *   LEASE_SECONDS SECONDS FOLDER NAMESPACE POD CONTAINER|- [all]
 * It prints `ready`, and then the lines as they stand in the files; `none` where there is no log. A file that is made anew when
 * the log is rotated is followed as well.
 */
export const POD_LOG = `
lease=$1; seconds=$2
${WATCHED_CHILD}
container=*
[ "$6" = - ] || container=$6
from=0
[ "\${7:-}" != all ] || from=+1
cd "$3" 2>/dev/null || { echo none; exit 3; }
for place in "$4_$5"_*; do latest=$place; done
set --
for place in "$latest"/$container; do
  last=
  for file in "$place"/[0-9]*.log; do
    [ -f "$file" ] || continue
    if [ -z "$last" ] || [ "$file" -nt "$last" ]; then last=$file; fi
  done
  [ -z "$last" ] || set -- "$@" "$last"
done
[ $# -gt 0 ] || { echo none; exit 3; }
( sleep 0.2 2>/dev/null || sleep 1; echo ready ) 3<&- &
watched tail -q -n "$from" -F "$@"
`;

interface LogTime {
  readonly leaseSeconds: number;
  readonly seconds: number;
  /** Also what it holds already. */
  readonly fromStart?: boolean;
}

/** Follows a pod's log; `container` null: those of all its containers. */
export function planPodLog(
  pod: { readonly namespace: string; readonly name: string; readonly container: string | null },
  { leaseSeconds, seconds, fromStart = false }: LogTime,
): Argv {
  const times = [String(leaseSeconds), String(Math.ceil(seconds))];
  const words = [...times, POD_LOGS, pod.namespace, pod.name, pod.container ?? "-"];
  if (fromStart) words.push("all");
  return ["sh", "-c", POD_LOG, POD_LOG_NAME, ...words];
}

/** A line of a log without what the runtime put before it: `2026-01-01T00:00:00.0Z stdout F text`. */
export function textOfLogLine(line: string): string {
  return /^[0-9T:.+Z-]+ (?:stdout|stderr) [FP] (.*)$/s.exec(line)?.[1] ?? line;
}
