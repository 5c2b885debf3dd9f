/**
 * What the agents on a node share: constant POSIX sh (dash, bash, busybox sh). One loop reads events from a
 * pipe: a tick each second, what the client says on stdin, what its own children report. So it never
 * blocks, and every way out goes through `leave`, which stops and removes everything:
 *   the client's stdin ends · the lease runs out · TERM, HUP or INT · an error · the agent itself is killed
 *   (then the ticker, which can no longer write to the pipe, does it in its place).
 * All is done from within the folder, by names without a path: once it is removed nothing is written any more, be the
 * name by then a link of any user of the node. The process ids are moved away before that, so that what is just about to
 * start cannot note its own any more, and does not.
 * Who it is and whose stands in the folder's file `agent`, for `reap`.
 * An agent defines `undo` (kill what was started; must be safe twice) before it calls `begin`.
 */
export const AGENT_BASE = `
umask 077
LC_ALL=C; export LC_ALL
trap '' PIPE
nap=0.1
now() { t=$(date +%s.%N 2>/dev/null); case $t in *[!0-9.]*|'') t=$(date +%s) ;; esac; }
clean() { printf '%s' "$1" | tr -c '[:print:]' ' ' | cut -c1-300; }
leave() {
  trap '' TERM HUP INT
  mv pids ending 2>/dev/null
  undo
  # What was just starting may have opened a file meanwhile.
  rm -rf "$dir" 2>/dev/null || { sleep "$nap"; rm -rf "$dir" 2>/dev/null; }
  [ -n "$reader" ] && kill -TERM "$reader" 2>/dev/null
  [ -n "$ticker" ] && [ "$2" != ticker ] && kill -TERM "$ticker" 2>/dev/null
  echo "$1" 2>/dev/null
  exit 0
}
begin() {
  reader=; ticker=
  sleep 0.01 2>/dev/null || nap=1
  [ -e "$dir" ] && { echo "error exists $dir"; exit 3; }
  # Until what is made can be taken away again: who meant it ends the stdin as well.
  trap '' TERM HUP INT
  mkdir "$dir" 2>/dev/null && cd "$dir" && mkdir pids 2>/dev/null || { echo "error dir $dir"; exit 3; }
  echo "$$ \${HOPBOOK_OWNER:--}" >agent
  mkfifo events 2>/dev/null || { rm -rf "$dir"; echo "error tool mkfifo"; exit 3; }
  trap 'leave "bye signal"' TERM HUP INT
  exec 3<&0 4<>events 5>events </dev/null
  ( trap - TERM HUP INT
    exec 4<&- >/dev/null 2>&1
    while IFS= read -r word <&3; do
      case $word in
        beat|stop|remove|freeze) echo "$word" >&5 || exit 0 ;;
        'freeze '*) case \${word#freeze } in *[!0-9]*) ;; *) echo "$word" >&5 || exit 0 ;; esac ;;
      esac
    done
    echo eof >&5 ) &
  reader=$!
  ( trap - TERM HUP INT
    exec 3<&- 4<&- >/dev/null 2>&1
    while sleep 1; do echo tick >&5 || leave gone ticker; done ) &
  ticker=$!
  exec 3<&-
  idle=0; misses=0
}
next() {
  if IFS= read -r event <&4; then misses=0; else
    event=none; misses=$((misses + 1)); [ "$misses" -gt 100 ] && leave "bye pipe"
  fi
  case $event in
    beat) idle=0 ;;
    tick) idle=$((idle + 1)); [ "$idle" -gt "$lease" ] && leave "bye lease" ;;
    eof) leave "bye client" ;;
    remove) leave removed ;;
  esac
}
`;
