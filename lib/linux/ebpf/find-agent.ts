/**
 * Shell functions, behind `set -f`. `agent_of COMM` prints the process of an agent by its name, or nothing; `within PID COMMAND…`
 * runs a program of the agent's container for 10 s at most.
 */
export const FIND_AGENT = String.raw`
agent_of() {
  for pid in $(ls /proc); do
    case $pid in *[!0-9]*) continue ;; esac
    name=
    read -r name 2>/dev/null <"/proc/$pid/comm" || continue
    [ "$name" = "$1" ] && echo "$pid" && return
  done
}
within() { agent=$1; shift; timeout 10 nsenter -t "$agent" -m -- "$@"; }
`;
