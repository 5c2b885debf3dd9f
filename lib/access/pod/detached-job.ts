import { KEPT_TIME } from "../../model/kept-time.js";
import { DETACHED_LABEL } from "../../model/kube.js";
import {
  buildDebugPod,
  buildLeaseJob,
  DEBUG_CONTAINER,
  RUN_DIR,
  SPEC_LABEL,
  type DebugPodPlan,
  type LeaseJobManifest,
} from "./spec.js";

/** Through it the client holds a pod until it leaves: a line now and then, and its end when the client is gone. */
const HOLD_DIR = `${RUN_DIR}/hopbook`;
/** What ps shows beside the scripts. */
export const HOLD_NAME = "hopbook-hold";
/** Longer than any pause of an API server that a run gets over. */
const HOLD_SECONDS = 45;
export const BEAT_MS = 4_000;
/** What ends captures in good order takes half of it. */
const GRACE_SECONDS = 12;
/** Times that Kubernetes puts a new pod in the place of one that was evicted, or whose node was restarted. */
const REPLACEMENTS = 6;

/**
 * What stays with captures when their client has left, constant POSIX sh: RUN WORK_DIR PLACE ENDING. PLACE is pod or
 * node: the pod's own folder is passed over at once where nothing is in it. ENDING: the pod is being ended. It ends when they were collected, or
 * once their time to be collected is over, and removes them then. Whatever its run still has there ends before it, for its
 * own end is the container's. A pod that is deleted ends them in good order: what they wrote stays where it is.
 */
const TEND_SCRIPT = `${KEPT_TIME}
umask 077
LC_ALL=C; export LC_ALL
run=$1 work=$2 place=$3 ending=$4
me=$(id -u)
owned() {
  [ -d "$1" ] && [ ! -L "$1" ] && ls -ldn "$1" | { read -r mode links uid rest; [ "$uid" = "$me" ]; }
}
kept() {
  for state in "$work/hopbook-$run"-*.detached; do owned "$state" && [ -e "$state/kept" ] && return 0; done
  return 1
}
nap() { sleep "$1" & wait $!; }
# From within, so that nothing is written through a link that has the name once the folder is removed.
tell() { ( cd -P "$state" && owned . && echo "$1" 1<>in ); } 2>/dev/null
said() { grep -q "^$1" "$state/out" 2>/dev/null; }
busy() { printf '%s\\n' /proc/[0-9]*/environ | xargs grep -lsF "HOPBOOK_RUN=$run" >/dev/null 2>&1; }
halt() {
  trap '' TERM
  kept || exit 1
  said stopped || {
    ( cd -P "$state" && owned . && echo 'its pod was deleted, or evicted from the node' >why ) 2>/dev/null
    # The kernel holds packets back for up to a second.
    sleep 1.2 2>/dev/null || sleep 2
    tell stop
    n=0
    while [ $n -lt 5 ] && ! said stopped; do n=$((n + 1)); sleep 1; done
  }
  exit 1
}
[ "$place" = pod ] && { kept || exit 0; }
trap halt TERM
[ -n "$ending" ] && halt
while kept; do
  LEFT=-1000
  time_left "$state/expires"
  over=$((0 - LEFT))
  if [ "$over" -gt 900 ] || { [ "$over" -gt 10 ] && [ ! -e "$state/lock" ]; }; then
    tell remove
    nap 5
    rm -rf "\${state%.detached}" "$state"
  else nap 2; fi
done
n=0
while [ $n -lt 40 ] && busy; do n=$((n + 1)); nap 1; done
for left in "$work/hopbook-$run"-*; do owned "$left" && rm -rf "$left"; done
exit 0
`;

/**
 * The first process of such a pod, constant POSIX sh: RUN WORK_DIR TEND. It waits while a client holds the pod, for that
 * may still be making the captures; then for what was left in the pod's own folder, and then among the node's files.
 */
const HOLD_SCRIPT = `
run=$1 work=$2 tend=$3
ending= child=
trap 'ending=1; [ -n "$child" ] && kill -TERM "$child" 2>/dev/null' TERM
mkdir -p ${HOLD_DIR} && mkfifo ${HOLD_DIR}/hold || exit 1
( while IFS= read -r word; do : >${HOLD_DIR}/beat; done <${HOLD_DIR}/hold; : >${HOLD_DIR}/over ) &
reader=$!
idle=0
while [ -z "$ending" ] && [ ! -e ${HOLD_DIR}/over ] && [ "$idle" -lt ${HOLD_SECONDS} ]; do
  sleep 1
  idle=$((idle + 1))
  [ -e ${HOLD_DIR}/beat ] && { rm -f ${HOLD_DIR}/beat; idle=0; }
done
kill -KILL $reader 2>/dev/null
sh -c "$tend" ${HOLD_NAME} "$run" "$work" pod "$ending" &
child=$!
wait "$child"
code=$?
# A wait that TERM cut short has to be done again.
[ "$code" -gt 128 ] && { wait "$child"; code=$?; }
[ -n "$ending" ] || [ "$code" -eq 0 ] || exit 1
exec nsenter -t 1 -m -- sh -c "$tend" ${HOLD_NAME} "$run" "$work" node "$ending"
`;

/**
 * Holds a pod as long as its stdin is open and says something. The pod may be about to make the pipe. The command's own
 * stdout stays open: containerd ends the stdin of one that closes it.
 */
const HOLDER_SCRIPT = `
n=0
while [ ! -p ${HOLD_DIR}/hold ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.05 2>/dev/null || sleep 1; done
[ -p ${HOLD_DIR}/hold ] && exec cat 3>&1 >${HOLD_DIR}/hold
`;

export const HOLD_ARGV = ["sh", "-c", HOLDER_SCRIPT, HOLD_NAME] as const;

/**
 * A Job whose one pod is the debug pod: Kubernetes itself runs it without the client, puts another in its place where it
 * is evicted or its node restarted, ends it when the lease is over, and removes all of it once it has ended.
 */
export function buildDetachedJob(
  plan: DebugPodPlan,
  { workDir }: { readonly workDir: string },
): LeaseJobManifest {
  const { metadata, spec } = buildDebugPod(plan, null, { hasVolumes: true });
  const job = buildLeaseJob(plan);
  const [container] = spec["containers"] as readonly Record<string, unknown>[];
  // It is no pod that a later run may take for a warm one.
  const kept = Object.entries(metadata.labels).filter(([key]) => key !== SPEC_LABEL);
  const labels = { ...Object.fromEntries(kept), [DETACHED_LABEL]: "true" };
  const command = ["sh", "-c", HOLD_SCRIPT, HOLD_NAME, plan.lease.runId, workDir, TEND_SCRIPT];
  return {
    ...job,
    metadata: { ...job.metadata, labels },
    spec: {
      ...job.spec,
      parallelism: 1,
      backoffLimit: REPLACEMENTS,
      // Two of them would tend the same captures.
      podReplacementPolicy: "Failed",
      template: {
        metadata: { labels, annotations: metadata.annotations },
        spec: {
          ...spec,
          terminationGracePeriodSeconds: GRACE_SECONDS,
          containers: [{ ...container, name: DEBUG_CONTAINER, command }],
        },
      },
    },
  };
}
