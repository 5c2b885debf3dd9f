import { HAS_TIMEOUT } from "../../model/watched-child.js";

/**
 * What the shell of a relay reads first: it runs commands side by side and gives each one's output back whole, with its
 * length, on one stdout. POSIX sh; its text comes on stdin, so that the shell itself reads the commands that follow.
 * `hopbook_run ID LIMIT_SECONDS BYTES ARGV`: no more of its stdout and of its stderr is kept. Where there was no room for
 * that much (a pod's /dev/shm has 64 MB), which their lengths tell and not every head(1), it says 999 in place of the
 * exit code, for which the room is taken beforehand.
 */
export const RELAY_PRELUDE = `umask 077
for dir in /dev/shm /var/tmp "\${TMPDIR:-/tmp}" /tmp; do
  dir=$(mktemp -d "$dir/hopbook-relay-XXXXXX" 2>/dev/null) && mkfifo "$dir/done" 2>/dev/null && break
  dir=
done
[ -n "$dir" ] || exit 97
exec 3<>"$dir/done"
if ${HAS_TIMEOUT}; then hopbook_timeout=yes; else hopbook_timeout=; fi
hopbook_write() {
  while read -r id code <&3; do
    out=$(wc -c <"$dir/$id.out")
    err=$(wc -c <"$dir/$id.err")
    printf 'hopbook-relay %s %s %s %s\\n' "$id" "$code" $((out)) $((err))
    cat "$dir/$id.out" "$dir/$id.err"
    rm -f "$dir/$id.out" "$dir/$id.err" "$dir/$id.code" "$dir/$id.cut"
  done
}
hopbook_keep() {
  came=$(head -c "$2" | tee "$dir/$1" | wc -c)
  kept=$(wc -c <"$dir/$1")
  [ "$((came))" -eq "$((kept))" ] || : >"$dir/\${1%.*}.cut"
}
hopbook_write &
writer=$!
# A command that was just starting may make its files meanwhile.
hopbook_leave() {
  kill "$writer" 2>/dev/null
  tries=0
  until rm -rf "$dir" 2>/dev/null || [ "$tries" -ge 20 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    tries=$((tries + 1))
  done
}
trap hopbook_leave EXIT
trap 'exit 0' HUP INT TERM
hopbook_run() {
  (
    id=$1 limit=$2 bytes=$3
    shift 3
    if [ -n "$hopbook_timeout" ]; then set -- timeout -k 1 "$limit" "$@"; fi
    echo 999 >"$dir/$id.code"
    {
      {
        { "$@" </dev/null 3>&- 5>&-; echo "$?" 1<>"$dir/$id.code"; } 2>&1 >&5 5>&- | hopbook_keep "$id.err" "$bytes"
      } 5>&1 | hopbook_keep "$id.out" "$bytes"
    } 3>&- 2>/dev/null
    code=
    read -r code <"$dir/$id.code"
    if [ -z "$code" ] || [ -e "$dir/$id.cut" ]; then code=999; fi
    echo "$id $code" >&3
  ) &
}
printf 'hopbook-relay ready\\n'
`;
