/**
 * What both probe scripts share: clock, the local port of a socket, and one attempt with its deadline. An attempt
 * runs `work PAYLOAD` in a process of its own, hears what it says (see below), and prints one line:
 * `attempt SEQ SENT_US PORT|- RTT_US|- none|connected|reply REPLY|- TEXT`
 *
 * RTT is the handshake's for DNS over TCP (curl's telnet looks at its stdin ten times a second), else the answer's;
 * processes are started in between, so it is 1 to 5 ms too long.
 *
 * A worker says `sent`, `port N`, `connected`, `reply HEX`, curl's own verbose lines, or an error's text.
 *
 * bash, for /dev/udp and /dev/tcp, which nodes without nc or python have. `read` and `printf` of bash are not
 * used on datagrams: `read` takes one byte at a time and `printf` flushes at each 0x0a, so dd does both.
 */
export const SCRIPT_BASE = `
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
mode=$1 ip=$2 port=$3 interval_ms=$4 timeout_ms=$5
shift 5
timeout_us=$((timeout_ms * 1000))
GRACE_US=250000

# NOW: Unix time in microseconds. SECS: microseconds as seconds.
now() {
  if [[ -n \${EPOCHREALTIME-} ]]; then NOW=\${EPOCHREALTIME/[^0-9]/}; else NOW=$(date +%s%N); NOW=\${NOW%???}; fi
}
secs() { printf -v SECS '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)); }
timeout_s() { secs "$timeout_us"; }

# PORT: the local port of a process's socket of that protocol, also while it connects.
find_port() {
  local pid=$1 proto=$2 fd link table at line row rows
  PORT=
  for fd in /proc/"$pid"/fd/*; do
    link=$(readlink "$fd" 2>/dev/null) || continue
    [[ $link == 'socket:['*']' ]] || continue
    link=\${link#socket:[}
    for table in "$proto" "\${proto}6"; do
      [[ -r /proc/$pid/net/$table ]] || continue
      # All at once: read line by line, bash goes back in the file, and a table that changes loses lines.
      mapfile -t -n 50000 rows <"/proc/$pid/net/$table"
      for line in "\${rows[@]}"; do
        [[ $line == *" \${link%]} "* ]] || continue
        read -r -a row <<<"$line"
        [[ \${row[9]-} == "\${link%]}" ]] || continue
        at=\${row[1]##*:}
        PORT=$((16#$at))
        ((PORT == 0)) || return 0
      done
    done
  done
  return 1
}

attempt() {
  local seq=$1 payload=$2 line partial= text= local_port= reply= rtt= state=none looked=0 start sent left out worker code
  now; start=$NOW sent=$NOW
  exec {out}< <(work "$payload" 2>&1)
  worker=$!
  while :; do
    now
    left=$((start + timeout_us + GRACE_US - NOW))
    ((left > 0)) || break
    if [[ -z $local_port ]] && ((looked < 6 && left > 40000)); then left=40000; fi
    secs "$left"
    if IFS= read -r -t "$SECS" line <&"$out"; then line=$partial$line partial=; else
      code=$? partial=$partial$line
      ((code > 128)) || break
      if [[ -z $local_port ]] && ((looked++ < 6)); then find_port "$worker" "$proto" && local_port=$PORT; fi
      continue
    fi
    case $line in
      sent | '*   Trying '*) now; sent=$NOW ;;
      'port '*) local_port=\${line#port } ;;
      '* Local port: '*) local_port=\${line##* } ;;
      connected | '* Connected to '*)
        now; state=connected; [[ -n $rtt ]] || rtt=$((NOW - sent))
        [[ $mode != connect ]] || break ;;
      'reply 000') ;;
      'reply '*)
        now; [[ $mode == dns && -n $rtt ]] || rtt=$((NOW - sent))
        reply=\${line#reply } state=reply
        break ;;
      '* connect to '*' failed: '*) [[ -n $text ]] || text=\${line##* failed: } ;;
      '* Immediate connect fail for '*) [[ -n $text ]] || text=\${line##*: } ;;
      '* '* | '> '* | '< '* | '{ '* | '} '* | '') ;;
      *) [[ -n $text ]] || text=$line ;;
    esac
  done
  kill -TERM "$worker" 2>/dev/null
  text=\${text//[^[:print:]]/?}
  reply=\${reply:0:200}
  printf 'attempt %s %s %s %s %s %s %s\\n' "$seq" "$sent" "\${local_port:--}" "\${rtt:--}" "$state" "\${reply:--}" "\${text:0:200}"
}

run_attempts() {
  local seq=0 payload
  secs $((interval_ms * 1000))
  local pause=$SECS
  for payload in "$@"; do
    ((seq == 0)) || sleep "$pause"
    seq=$((seq + 1))
    attempt "$seq" "$payload" </dev/null &
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
