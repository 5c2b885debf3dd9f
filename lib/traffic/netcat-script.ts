/**
 * TCP probes by netcat, busybox's or another, in POSIX sh: for a node that has no bash. The same arguments and lines as
 * the other scripts (script-base.ts), with what netcat cannot tell left open: the local port, how long it took, and
 * whether all of an answer came. Its words of an error are told as `nc HEX`: they come on the pipe of the answer's bytes.
 * No datagrams and no DNS: busybox's need not have -u, and dash's printf has no \xHH.
 */
export const NETCAT_SCRIPT = `
mode=$1 ip=$2 port=$3 interval_ms=$4 timeout_ms=$5
shift 5
for tool in od tr timeout sleep date head; do
  command -v "$tool" >/dev/null 2>&1 || { printf 'missing %s\\n' "$tool"; exit 3; }
done
if command -v nc >/dev/null 2>&1; then netcat=nc
elif busybox nc --help 2>&1 | grep -q Usage; then netcat='busybox nc'
else printf 'missing bash\\n'; exit 3; fi
case $mode in connect | http) printf 'way netcat\\n' ;; *) printf 'missing bash\\n'; exit 3 ;; esac
wait_s=$(((timeout_ms + 999) / 1000))

# CS: hundredths of a second since the node's start, without the zeros that would make it octal.
uptime_cs() { read -r CS _ </proc/uptime; CS=\${CS%.*}\${CS#*.}; CS=\${CS#"\${CS%%[!0]*}"}; CS=\${CS:-0}; }
uptime_cs
start_s=$(date +%s) start_cs=$CS

say_request() {
  rest=\${1#* }
  tag=\${rest%% *} rest=\${rest#* }
  printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: hopbook\\r\\nX-Hopbook-Tag: %s\\r\\nConnection: close\\r\\n\\r\\n' \\
    "\${rest%% *}" "\${rest#* }" "$tag"
  # Some end with their input, and the answer is then not waited for.
  sleep "$wait_s"
}

attempt() {
  uptime_cs
  sent_us=$(((start_s * 100 + CS - start_cs) * 10000))
  heard=$(
    {
      { [ "$mode" = connect ] || say_request "$2"; } |
        timeout "$((wait_s + 1))" $netcat -w "$wait_s" "$ip" "$port" && [ "$mode" = connect ] && printf connected
    } 2>&1 | head -c 96 | od -An -v -tx1 | tr -d ' \\n'
  )
  case $heard in
    '') printf 'attempt %s %s - - none - \\n' "$1" "$sent_us" ;;
    636f6e6e6563746564) printf 'attempt %s %s - - connected - \\n' "$1" "$sent_us" ;;
    48545450*) printf 'attempt %s %s - - reply %.26s \\n' "$1" "$sent_us" "$heard" ;;
    *) printf 'attempt %s %s - - none - nc %s\\n' "$1" "$sent_us" "$heard" ;;
  esac
}

seq=0
for payload; do
  [ "$seq" -eq 0 ] || sleep "$((interval_ms / 1000)).$(printf %03d "$((interval_ms % 1000))")"
  seq=$((seq + 1))
  attempt "$seq" "$payload" </dev/null &
done
wait
printf 'done\\n'
`;
