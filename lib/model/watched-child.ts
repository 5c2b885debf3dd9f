/** POSIX sh, a condition: timeout(1) is here and knows `-k`. coreutils' says so by itself, which takes one process in place of two. */
export const HAS_TIMEOUT = "timeout --version >/dev/null 2>&1 || timeout -k 1 1 true 2>/dev/null";

/**
 * POSIX sh, for after the `wait` for a `timeout … &` that was told to end: `end_group PID EXIT_CODE`. A timeout(1) that a signal meets
 * between its fork(2) and the moment when it knows of its child ends alone, and the child, in its process group, goes on. Not
 * before it was waited for: a signal of the group that comes while the same one is pending at the parent does not reach a
 * child that is being made (kernel/signal.c, legacy_queue). dash and busybox take no `--` here.
 */
export const END_GROUP = `end_group() { [ "$2" -ne 143 ] || kill -TERM "-$1" 2>/dev/null; }`;

/**
 * A program that prints until its client has seen enough, POSIX sh: `watched PROGRAM…` runs it for at most `$seconds`, and ends
 * it when stdin ends (fd 3), or brings no line for `$lease` seconds. What it says on stderr comes on stdout as well.
 */
export const WATCHED_CHILD = `
LC_ALL=C; export LC_ALL
${END_GROUP}
exec 3<&0 </dev/null
opts='-k 5'
timeout $opts 1 true 2>/dev/null || opts=-t
watched() {
  timeout $opts "$seconds" "$@" 2>&1 3<&- &
  p=$!
  ( exec 3<&-
    idle=0
    trap 'idle=0' USR1
    while [ "$idle" -lt "$lease" ] && kill -0 "$p"; do sleep 1; idle=$((idle + 1)); done
    kill -TERM "$p" ) >/dev/null 2>&1 &
  guard=$!
  ( while IFS= read -r word <&3; do kill -USR1 "$guard"; done
    kill -TERM "$p" ) >/dev/null 2>&1 &
  reader=$!
  exec 3<&-
  trap 'kill -TERM "$p"' TERM HUP INT
  wait "$p"
  rc=$?
  while kill -0 "$p" 2>/dev/null; do wait "$p"; rc=$?; done
  end_group "$p" "$rc"
  kill -TERM "$guard" "$reader" 2>/dev/null
  exit "$rc"
}
`;
