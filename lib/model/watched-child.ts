/**
 * A program that prints until its client has seen enough, POSIX sh: `watched PROGRAM…` runs it for at most `$seconds`, and ends
 * it when stdin ends (fd 3), or brings no line for `$lease` seconds. What it says on stderr comes on stdout as well.
 */
export const WATCHED_CHILD = `
LC_ALL=C; export LC_ALL
exec 3<&0 </dev/null
# In the group of this shell, so that whoever ends that ends it too. busybox has no group of its own for it.
opts='--foreground -k 5'
timeout $opts 1 true 2>/dev/null || opts='-k 5'
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
  kill -TERM "$guard" "$reader" 2>/dev/null
  exit "$rc"
}
`;
