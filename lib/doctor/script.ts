import {
  CRI_SOCKETS,
  IS_TRACEFS,
  LOOK_FREE,
  LOOK_PATH,
  LOOK_SELF,
  LOOK_UP,
  lookForPrograms,
  TOOL_NAMES,
  TRACEFS_PLACES,
} from "../cluster/index.js";
import { SECTION_FUNCTION } from "../linux/snapshot.js";

/** The name in the script's `$0`, by which the permission guard knows it. */
export const DOCTOR_NAME = "hopbook-doctor";
export const DOCTOR_ACTION = "node/doctor";

/** What a run may want of a node, and what tells of its pods where crictl does not. */
export const DOCTOR_TOOLS = [...TOOL_NAMES, "ctr", "docker"] as const;

/**
 * Everything that is looked at on a node, in one command: `key value` lines, then the devices and routes as sections. $1:
 * work folder; $2: the runtime's endpoint or empty; $3…: namespace, name and UID (or -) of pods. Changes nothing and never
 * fails. Constant POSIX sh, for busybox as well.
 */
export const DOCTOR_SCRIPT = `${SECTION_FUNCTION}
${LOOK_PATH}
root=/proc/1/root
[ -d "$root/proc" ] || root=
work=$1 endpoint=$2
shift 2
${LOOK_SELF}
folder=$work
${LOOK_UP}
if [ -w "$folder" ]; then printf 'writable %s\\n' "$folder"; fi
${LOOK_FREE}
${lookForPrograms(DOCTOR_TOOLS.join(" "))}
for socket in ${CRI_SOCKETS} /var/run/docker.sock; do
  if [ -S "$socket" ] || [ -S "$root$socket" ]; then
    printf 'socket %s\\n' "$socket"
    [ -n "$endpoint" ] || [ "$socket" = /var/run/docker.sock ] || found=\${found:-unix://$socket}
  fi
done
listed=
if command -v crictl >/dev/null 2>&1; then
  if [ -z "$endpoint" ] && [ -z "$CONTAINER_RUNTIME_ENDPOINT" ] &&
    ! grep -q '^[[:space:]]*runtime-endpoint:[[:space:]]*[^[:space:]]' /etc/crictl.yaml "$root/etc/crictl.yaml" 2>/dev/null; then
    endpoint=$found
  fi
  if [ -n "$endpoint" ]; then CONTAINER_RUNTIME_ENDPOINT=$endpoint; export CONTAINER_RUNTIME_ENDPOINT; fi
  listed=$(timeout 5 crictl pods -o json 2>&1)
  status=$?
  printf 'crictl %s\\n' "$status"
  if [ "$status" -ne 0 ]; then printf 'crictlError %s\\n' "$(printf '%s' "$listed" | head -n 1)"; listed=; fi
fi
if command -v tcpdump >/dev/null 2>&1; then
  tcpdump --version 2>&1 | head -n 3 | while IFS= read -r line; do printf 'tcpdump %s\\n' "$line"; done
fi
for place in ${TRACEFS_PLACES}; do
  if ${IS_TRACEFS}; then
    printf 'tracefs %s\\n' "$place"
    if grep -q ' reason;' "$place/events/skb/kfree_skb/format" 2>/dev/null; then printf 'dropReasons yes\\n'; fi
    break
  fi
done
for name in count max; do
  if read -r value 2>/dev/null </proc/sys/net/netfilter/nf_conntrack_$name; then
    printf 'conntrack %s %s\\n' "$name" "$value"
  fi
done
printf 'hostNetns %s\\n' "$(readlink /proc/1/ns/net 2>/dev/null)"
while [ $# -ge 3 ]; do
  uid=$3 seen=no pid=- netns=
  case $listed in *"\\"$2\\""*) seen=yes ;; esac
  if [ "$uid" = - ]; then
    for logs in "$root/var/log/pods/$1_$2_"*; do
      if [ -d "$logs" ]; then uid=\${logs##*_}; fi
    done
  fi
  if [ "$uid" != - ]; then
    under=$(printf '%s' "$uid" | tr - _)
    # A process that has ended shows no namespaces, and is listed all the same until its parent has looked.
    for file in $(grep -l -e "pod$uid" -e "pod$under" /proc/[0-9]*/cgroup 2>/dev/null | head -n 50); do
      pid=\${file#/proc/}
      pid=\${pid%/cgroup}
      netns=$(readlink "/proc/$pid/ns/net" 2>/dev/null)
      [ -z "$netns" ] || break
    done
  fi
  printf 'pod %s %s %s %s %s\\n' "$1" "$2" "\${pid:--}" "$netns" "$seen"
  shift 3
done
section links ip -d -j address show
section routes ip -j route show
exit 0
`;
