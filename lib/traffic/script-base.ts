/**
 * What both probe scripts share: clock, the local port of a socket, and one attempt with its deadline. An attempt
 * runs `work PAYLOAD` in a process of its own, hears what it says (see below), and prints one line:
 * `attempt SEQ SENT_US PORT|- RTT_US|- none|connected|reply REPLY|- TEXT`
 *
 * RTT is the answer's, of its first bytes; processes are started in between, so it may be 1 to 5 ms too long.
 *
 * A worker says `flight HEX` of what came in all, where that is looked at.
 * A worker says `sent`, `port N`, `connected`, and `reply HEX`, or of an answer with a body `first HEX` and, when all of it
 * came, `body BYTES`; or an error's text.
 *
 * Nothing here needs /dev/fd, /dev/shm or a folder that can be written: no process substitution, no here-document.
 *
 * bash, for /dev/udp and /dev/tcp, which nodes without nc or python have. `read` and `printf` of bash are not
 * used on datagrams: `read` takes one byte at a time and `printf` flushes at each 0x0a, so dd does both.
 */
export const SCRIPT_BASE = `
mode=$1 ip=$2 port=$3 interval_ms=$4 timeout_ms=$5
shift 5
timeout_us=$((timeout_ms * 1000))
MOST_HEX=200
[[ $mode != tls ]] || MOST_HEX=16384
# What a worker may take to start, and a word of it to be heard.
GRACE_US=250000 HEARD_US=50000

# NOW: Unix time in microseconds. SECS: microseconds as seconds.
now() {
  if [[ -n \${EPOCHREALTIME-} ]]; then NOW=\${EPOCHREALTIME/[^0-9]/}; else NOW=$(date +%s%N); NOW=\${NOW%???}; fi
}
# UP: microseconds since the node's start, by hundredths of a second: the other clock may be set at any time.
up() {
  if read -r UP _ </proc/uptime; then UP=$((10#\${UP/./} * 10000)); else now; UP=$NOW; fi
} 2>/dev/null
secs() { printf -v SECS '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)); }
timeout_s() { secs "$timeout_us"; }

# PORT: the local port of a process's socket of that protocol, also while it connects.
find_port() {
  local pid=$1 proto=$2 fd link table at line row rows
  PORT=
  for fd in /proc/"$pid"/fd/*; do
    [[ -S $fd ]] && link=$(readlink "$fd" 2>/dev/null) || continue
    [[ $link == 'socket:['*']' ]] || continue
    link=\${link#socket:[}
    for table in "$proto" "\${proto}6"; do
      [[ -r /proc/$pid/net/$table ]] || continue
      # All at once: read line by line, bash goes back in the file, and a table that changes loses lines.
      mapfile -t -n 50000 rows <"/proc/$pid/net/$table"
      for line in "\${rows[@]}"; do
        [[ $line == *" \${link%]} "* ]] || continue
        row=($line)
        [[ \${row[9]-} == "\${link%]}" ]] || continue
        at=\${row[1]##*:}
        PORT=$((16#$at))
        ((PORT == 0)) || return 0
      done
    done
  done
  return 1
}

hear() {
  local seq=$1 line partial= text= local_port= reply= rtt= state=none looked=0 start sent sent_up left worker= code grace=$GRACE_US
  now; up; start=$UP sent=$NOW sent_up=$UP
  # Since it was sent; where the clock was set meanwhile, by the coarser one.
  took() {
    now; up
    rtt=$((NOW - sent))
    local apart=$((rtt - UP + sent_up))
    ((apart < -50000 || apart > 50000)) && rtt=$((UP - sent_up))
    :
  }
  while :; do
    up
    left=$((start + timeout_us + grace - UP))
    ((left > 0)) || break
    if [[ -z $local_port ]] && ((looked < 6 && left > 40000)); then left=40000; fi
    secs "$left"
    if IFS= read -r -t "$SECS" line; then line=$partial$line partial=; else
      code=$? partial=$partial$line
      ((code > 128)) || break
      if [[ -z $local_port ]] && ((looked++ < 6)); then find_port "$worker" "$proto" && local_port=$PORT; fi
      continue
    fi
    case $line in
      'pid '*) worker=\${line#pid } ;;
      sent) now; up; sent=$NOW sent_up=$UP start=$UP grace=$HEARD_US ;;
      'port '*) local_port=\${line#port } ;;
      connected)
        took; state=connected
        [[ $mode != connect ]] || break ;;
      'first '*) took; reply=\${line#first } state=reply ;;
      'reply '*)
        took; reply=\${line#reply } state=reply
        break ;;
      'flight '*) reply=\${line#flight }; break ;;
      'body '*) text=$line; break ;;
      '') ;;
      *) [[ -n $text ]] || text=$line ;;
    esac
  done
  [[ -z $worker ]] || kill -TERM "$worker" 2>/dev/null
  text=\${text//[^[:print:]]/?}
  reply=\${reply:0:MOST_HEX}
  printf 'attempt %s %s %s %s %s %s %s\\n' "$seq" "$sent" "\${local_port:--}" "\${rtt:--}" "$state" "\${reply:--}" "\${text:0:200}"
}

# Its worker is in the pipe's first half, whose end closes the pipe.
attempt() { { printf 'pid %s\\n' "$BASHPID"; work "$2" 2>&1 </dev/null; } | hear "$1"; }

run_attempts() {
  local seq=0 payload
  secs $((interval_ms * 1000))
  local pause=$SECS
  for payload in "$@"; do
    ((seq == 0)) || sleep "$pause"
    seq=$((seq + 1))
    attempt "$seq" "$payload" &
  done
  wait
  printf 'done\\n'
}

need() {
  command -v "$1" >/dev/null 2>&1 && return
  printf 'missing %s\\n' "$1"
  exit 3
}
for tool in dd od tr timeout sleep readlink; do need "$tool"; done
`;
