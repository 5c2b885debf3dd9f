import { KEPT_TIME } from "../../model/kept-time.js";

/** What ps shows beside the script. */
export const LEFTOVERS_NAME = "hopbook-leftovers";

/**
 * What runs of hopbook left on a node, and its removal: constant POSIX sh (dash, bash, busybox sh), run as
 *   list WORK_DIR OWN_RUN                          or
 *   remove WORK_DIR OWN_RUN FORCE(y|n) ITEM…       with an ITEM of folder:NAME, relay:PATH, trace:NAME, process:PID:START
 * `list` says, one a line, names of other characters left out:
 *   folder NAME UID OWNER_HASH|- idle|live|young
 *   folder NAME UID OWNER_HASH|- kept SECONDS     captures that wait to be collected, until then (since 1970)
 *   relay PATH UID
 *   trace NAME idle|live|young
 *   process PID START RUN OWNER_HASH|- PROGRAM
 *   end
 * and `remove`: `removed ITEM`, `kept ITEM WHY`, at last `end`.
 *
 * A folder or trace is live while an agent for it runs, for that ends and removes it by itself. What is so new that its
 * agent may just be starting is young; so is a trace of the last half hour, since nodes that share a kernel share its
 * traces, and the agent may be another node's. A relay's folder is told of where nobody has its pipe open, or it has none. Processes are known by HOPBOOK_RUN in their environment. Folders are
 * looked at before the processes, so that an agent that begins in between is seen.
 */
export const LEFTOVERS_SCRIPT = `${KEPT_TIME}
umask 077
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
mode=$1 work=$2 own=$3
shift 3
me=$(id -u)
traces=
for place in /sys/kernel/tracing /sys/kernel/debug/tracing; do
  [ -d "$place/instances" ] && { traces=$place/instances; break; }
done
plain() { case $1 in hopbook-*[!0-9A-Za-z._@+-]*) return 1 ;; hopbook-?*) return 0 ;; esac; return 1; }
young() { [ -n "$(find "$1" -maxdepth 0 -mmin "-$2" 2>/dev/null)" ]; }
words() { tr '\\0\\n' '  ' <"/proc/$1/cmdline" 2>/dev/null; }
find_agents() {
  agents=
  for p in $(printf '%s\\n' /proc/[0-9]*/cmdline | xargs grep -lsF -e hopbook-capture -e hopbook-droptrace 2>/dev/null); do
    p=\${p#/proc/}
    agents="$agents \${p%/cmdline}"
  done
}
live() {
  for p in $agents; do case "$(words "$p")" in *" $1 $2 "*) return 0 ;; esac; done
  return 1
}
idle_relay() {
  case \${1##*/} in hopbook-*[!0-9A-Za-z-]*) return 1 ;; hopbook-relay-?* | hopbook-look-?*) ;; *) return 1 ;; esac
  [ -d "$1" ] && [ ! -L "$1" ] && ! young "$1" 1 || return 1
  # A look's has a name while it is made only, and a relay takes its pipe away at its end.
  [ -p "$1/done" ] || return 0
  for p in /proc/[0-9]*/fd/3; do [ "$p" -ef "$1/done" ] && return 1; done
  return 0
}
started() {
  state=Z
  IFS= read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  set -- \${stat##*) }
  state=$1; start=\${20}
}
same() { started "$1" && [ "$state" != Z ] && [ "$start" = "$2" ]; }
uid_of() { ls -ldn "$1" 2>/dev/null | { read -r a b c d; echo "\${c:--}"; }; }

kept_until() {
  held=\${1%.detached}.detached
  [ -d "$held" ] && [ ! -L "$held" ] && [ -f "$held/expires" ] && [ ! -L "$held/expires" ] || return 1
  [ "$(uid_of "$held")" = "$me" ] && time_left "$held/expires" && [ "$LEFT" -gt 0 ]
}

list_all() {
  folders= instances=
  for f in "$work"/hopbook-*; do [ -d "$f" ] && [ ! -L "$f" ] && plain "\${f##*/}" && folders="$folders \${f##*/}"; done
  if [ -n "$traces" ]; then
    for f in "$traces"/hopbook-*; do [ -d "$f" ] && plain "\${f##*/}" && instances="$instances \${f##*/}"; done
  fi
  find_agents
  for name in $folders; do
    owner=-
    f=$work/$name/agent
    [ -f "$f" ] && [ ! -L "$f" ] && read -r a owner b <"$f"
    case $owner in ''|*[!0-9a-f]*) owner=- ;; esac
    state=idle
    young "$work/$name" 1 && state=young
    live hopbook-capture "$work/$name" && state=live
    kept_until "$work/$name" && state="kept $UNTIL"
    echo "folder $name $(uid_of "$work/$name") $owner $state"
  done
  for f in /dev/shm/hopbook-look-* /dev/shm/hopbook-relay-* /var/tmp/hopbook-relay-* /tmp/hopbook-relay-*; do
    idle_relay "$f" && echo "relay $f $(uid_of "$f")"
  done
  for name in $instances; do
    state=idle
    young "$traces/$name" 30 && state=young
    live hopbook-droptrace "$name" && state=live
    echo "trace $name $state"
  done
  for p in $(printf '%s\\n' /proc/[0-9]*/environ | xargs grep -ls HOPBOOK_RUN= 2>/dev/null); do
    pid=\${p#/proc/}; pid=\${pid%/environ}
    run= owner=-
    for word in $(tr '\\0\\n' '\\n ' <"$p" 2>/dev/null | grep -E '^HOPBOOK_(RUN|OWNER)=[0-9A-Za-z._-]+$'); do
      case $word in HOPBOOK_RUN=*) run=\${word#*=} ;; HOPBOOK_OWNER=*) owner=\${word#*=} ;; esac
    done
    [ -n "$run" ] && [ "$run" != "$own" ] && started "$pid" && [ "$state" != Z ] || continue
    IFS= read -r program 2>/dev/null <"/proc/$pid/comm" || continue
    case $program in ''|*[!0-9A-Za-z._-]*) program=- ;; esac
    echo "process $pid $start $run $owner $program"
  done
}

remove_all() {
  force=$1
  shift
  for item; do
    case $item in process:*:*)
      rest=\${item#process:}
      same "\${rest%:*}" "\${rest#*:}" && kill -TERM "\${rest%:*}" 2>/dev/null ;;
    esac
  done
  tries=0
  while [ $tries -lt 6 ]; do
    left=0
    for item; do
      case $item in process:*:*) rest=\${item#process:}; same "\${rest%:*}" "\${rest#*:}" && left=1 ;; esac
    done
    [ $left -eq 0 ] && break
    sleep 0.5 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
  for item; do
    case $item in process:*:*)
      rest=\${item#process:}
      same "\${rest%:*}" "\${rest#*:}" && { kill -KILL "\${rest%:*}" 2>/dev/null; sleep 0.2 2>/dev/null || sleep 1; }
      if same "\${rest%:*}" "\${rest#*:}"; then echo "kept $item it did not end"; else echo "removed $item"; fi ;;
    esac
  done
  find_agents
  for item; do
    name=\${item#*:}
    case $item in
    process:*) continue ;;
    folder:*)
      path=$work/$name
      if ! plain "$name"; then echo "kept $item it is none of hopbook's"; continue; fi
      if [ -L "$path" ]; then echo "kept $item it is a symbolic link"; continue; fi
      if [ ! -d "$path" ]; then echo "removed $item"; continue; fi
      if [ "$(uid_of "$path")" != "$me" ]; then echo "kept $item it is another user's"; continue; fi
      if [ "$force" != y ] && live hopbook-capture "$path"; then echo "kept $item it is in use"; continue; fi
      if [ "$force" != y ] && kept_until "$path"; then echo "kept $item it waits to be collected"; continue; fi
      rm -rf -- "$path" 2>/dev/null ;;
    relay:*)
      path=$name
      if [ ! -d "$path" ]; then echo "removed $item"; continue; fi
      if ! idle_relay "$path"; then echo "kept $item it is in use"; continue; fi
      if [ "$(uid_of "$path")" != "$me" ]; then echo "kept $item it is another user's"; continue; fi
      rm -rf -- "$path" 2>/dev/null ;;
    trace:*)
      path=$traces/$name
      if ! plain "$name"; then echo "kept $item it is none of hopbook's"; continue; fi
      if [ -z "$traces" ] || [ ! -d "$path" ]; then echo "removed $item"; continue; fi
      if [ "$force" != y ] && live hopbook-droptrace "$name"; then echo "kept $item it is in use"; continue; fi
      { echo 0 >"$path/tracing_on"; echo 0 >"$path/events/enable"; } 2>/dev/null
      tries=0
      while [ -d "$path" ] && [ $tries -lt 10 ]; do
        rmdir "$path" 2>/dev/null || sleep 0.1 2>/dev/null || sleep 1
        tries=$((tries + 1))
      done ;;
    *) continue ;;
    esac
    if [ -e "$path" ]; then echo "kept $item it cannot be removed"; else echo "removed $item"; fi
  done
}

case $mode in list) list_all ;; remove) remove_all "$@" ;; esac
echo end
`;
