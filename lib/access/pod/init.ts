/** What ps shows beside the script. */
export const POD_INIT_NAME = "hopbook-pod";
/** The script takes twelve at most when it is told to end; a node may be slow. */
export const POD_GRACE_SECONDS = 16;

/**
 * The first process of a debug pod, constant POSIX sh: RUN. It waits; when the pod is ended from outside (deleted,
 * evicted, over its deadline) it lets the agents in it end in good order, for the runtime kills all of it right after, and
 * what they made among the node's files would stay.
 *
 * Captures that go on are given up with all they wrote: once the pod is gone nobody can fetch them, and whoever
 * deletes a pod may leave it a second only, which it cannot see. Captures that were stopped are being fetched: that may
 * go on for five seconds more.
 *
 * Ours is what is in this container's cgroup and has a run's mark in its environment. Where cgroups don't tell containers
 * apart, it has to be this run's own mark.
 */
export const POD_INIT = `
run=$1
ours() {
  [ "$(cat "/proc/$1/cgroup" 2>/dev/null)" = "$own" ] && grep -qsF "$mark" "/proc/$1/environ"
}
pick() {
  pids=
  for file; do
    file=\${file#/proc/}
    ours "\${file%%/*}" && pids="$pids \${file%%/*}"
  done
  [ -n "$pids" ]
}
agents() { pick $(grep -lsF -e hopbook-capture -e hopbook-droptrace /proc/[0-9]*/cmdline); }
captures() { pick $(grep -lsx tcpdump /proc/[0-9]*/comm); }
before() { [ $(($(date +%s) - since)) -lt "$1" ]; }
end() {
  trap '' TERM HUP INT
  nap=0.1
  sleep 0.01 2>/dev/null || nap=1
  since=$(date +%s)
  own=$(cat /proc/self/cgroup 2>/dev/null)
  mark=HOPBOOK_RUN=
  [ "$own" = "$(cat /proc/1/cgroup 2>/dev/null)" ] && mark="HOPBOOK_RUN=$run"
  while before 5 && agents && ! captures; do sleep "$nap"; done
  agents && kill -TERM $pids 2>/dev/null
  while before 12 && agents; do sleep "$nap"; done
  kill -KILL "$waiting" 2>/dev/null
  exit 0
}
trap end TERM HUP INT
while :; do
  sleep 2147483 &
  waiting=$!
  wait "$waiting"
done
`;
