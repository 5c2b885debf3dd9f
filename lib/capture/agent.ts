import { AGENT_BASE } from "./agent-base.js";
import { RING_GATHER } from "./ring-gather.js";
import {
  enterWords,
  IMMEDIATE,
  MOST_IMMEDIATE_BYTES,
  NOT_PROMISCUOUS,
  ringWords,
  tcpdumpWords,
} from "./tcpdump.js";

/** What ps shows beside the script. */
export const AGENT_NAME = "hopbook-capture";

const [ENTER, ENTERED] = enterWords("$2");
const RING_WORDS = ringWords({ files: "$rings", megabytes: "$ringmb" }).join(" ");
const TCPDUMP = tcpdumpWords({
  ...{ flags: ["$flag"], interface: '"$3"', snaplenBytes: '"$4"', bufferKiB: '"$buffer"' },
  ...{ file: '"$1.pcap"', filter: '"$6"' },
}).join(" ");

/**
 * The capture agent of one node, constant POSIX sh; every value is a positional argument:
 *   DIR MAX_SECONDS MAX_KIB MIN_FREE_KIB LEASE_SECONDS BUFFER_KIB RING_FILES RING_MB, then for each hop
 *   ID NETNS_PATH|- INTERFACE SNAPLEN PROMISCUOUS(y|n) FILTER
 * It reads `beat`, `stop`, `remove`, `freeze [SECONDS]` on stdin and writes lines on stdout, times in Unix seconds:
 *   listening ID TIME · failed ID TEXT · ready · ended ID TIME TEXT · closed ID TIME CAPTURED RECEIVED
 *   DROPPED IFDROPPED BYTES SINCE (`-`: unknown) · frozen NUMBER TIME FILES · stopped · removed · bye TEXT · error KIND TEXT
 * Of a ring (RING_FILES is not 0) each tcpdump goes round in so many files of so many 10^6 bytes, and overwrites the oldest;
 * they are one file when it is closed, of which SINCE is the first packet where older ones may have been overwritten.
 * Each tcpdump runs under `timeout`, so that it ends even where nobody is left to end it.
 */
export const CAPTURE_AGENT = `${AGENT_BASE}
dir=$1; seconds=$2; maxkib=$3; floor=$4; lease=$5; buffer=$6; rings=$7; ringmb=$8
shift 8
undo() {
  for f in ending/*.pid; do
    [ -f "$f" ] || continue
    p=; n=0
    # Whoever had opened it before the folder was moved writes now.
    while ! read -r p <"$f" && [ $n -lt 10 ]; do n=$((n + 1)); sleep "$nap"; done
    [ -n "$p" ] || continue
    kill -TERM "$p" 2>/dev/null || continue
    n=0
    while [ $n -lt 5 ] && kill -0 "$p" 2>/dev/null; do n=$((n + 1)); sleep "$nap"; done
    # Its group, for timeout(1) may end before it knows of its child; dash and busybox take no -- here.
    kill -KILL "-$p" 2>/dev/null; kill -KILL "$p" 2>/dev/null
  done
}
avail() { df -Pk "$1" 2>/dev/null | { read -r a; read -r a b c kib e; echo "$kib"; }; }
quit() { echo "error $1"; exit 3; }
${RING_GATHER}for tool in tcpdump timeout mkfifo df date tr cut; do command -v $tool >/dev/null 2>&1 || quit "tool $tool"; done
[ "$rings" -eq 0 ] || for tool in od sort tail; do command -v $tool >/dev/null 2>&1 || quit "tool $tool"; done
opts='-s INT -k 5'
timeout $opts 1 true 2>/dev/null || { opts='-s INT -t'; timeout $opts 1 true 2>/dev/null || quit 'tool timeout'; }
free=$(avail "\${dir%/*}")
case $free in ''|*[!0-9]*) quit "dir $dir" ;; esac
[ "$free" -lt $((floor + maxkib)) ] && quit "disk $free $((floor + maxkib))"

hop() {
  trap - TERM HUP INT
  exec 4<&- >/dev/null
  ulimit -f $((maxkib * 2 + 2048)) 2>/dev/null
  enter=
  [ "$2" != - ] && enter="${ENTER} ${ENTERED}"
  flag=${NOT_PROMISCUOUS}
  [ "$5" = y ] && flag=
  [ "$4" -le ${MOST_IMMEDIATE_BYTES} ] && flag="$flag ${IMMEDIATE}"
  [ "$rings" -eq 0 ] || flag="$flag ${RING_WORDS}"
  sh -c 'echo $$ >"$1" || exit 1; shift; exec 5>&-; exec "$@"' hopbook-hop "pids/$1.pid" \\
    timeout $opts $((seconds + 10)) \${enter:+${ENTER}} \${enter:+"${ENTERED}"} \\
    ${TCPDUMP} </dev/null 2>"$1.err" &
  p=$!
  n=0
  # It listens within a few hundredths of a second, for which the whole run waits.
  soon=$nap; [ "$nap" = 0.1 ] && soon=0.02
  while [ $n -lt 150 ] && kill -0 $p 2>/dev/null; do
    while IFS= read -r line; do
      case $line in *'listening on '*) now; echo "up $1 $t" >&5; n=999; break ;; esac
    done <"$1.err"
    [ $n -lt 150 ] && sleep "$soon"
    n=$((n + 1))
    [ $n -eq 10 ] && soon=$nap
  done 2>/dev/null
  wait $p
  rc=$?
  rm -f "pids/$1.pid"
  now
  echo "end $1 $rc $t" >&5
}

begin
count=0
for word; do
  i=$((count % 6)); count=$((count + 1))
  case $i in 0) h1=$word ;; 1) h2=$word ;; 2) h3=$word ;; 3) h4=$word ;; 4) h5=$word ;;
  5)
    if [ "$h2" != - ]; then
      command -v nsenter >/dev/null 2>&1 || leave 'error tool nsenter'
      [ -e "$h2" ] || leave "error netns $h1 $h2"
    fi
    ( hop "$h1" "$h2" "$h3" "$h4" "$h5" "$word" ) &
    ids="$ids $h1"; echo "$h2" >"$h1.ns" ;;
  esac
done

total=$((count / 6)); up=0; left=$total; age=0; stopping=0; stopped=0; because=; freezes=0
tell() {
  text=
  while IFS= read -r line; do
    case $line in
      ''|*'listening on '*|*' packet'*|*'data link type'*|'tcpdump: WARNING: '*) ;;
      *': '*) text=$line ;;
      *) text=\${text:-$line} ;;
    esac
  done <"$1.err"
  clean "\${text:-exit code $2}"
}
halt() {
  for f in pids/*.pid; do [ -f "$f" ] && read -r p <"$f" && kill -"$1" "$p" 2>/dev/null; done
}
limit() { [ -z "$because" ] && { because=$1; halt INT; }; }
watch() {
  age=$((age + 1))
  [ "$left" -eq 0 ] && return
  [ "$age" -ge "$seconds" ] && limit 'time limit'
  free=$(avail .)
  [ "\${free:-0}" -lt "$floor" ] && limit 'free disk floor'
  bytes=0
  for word in $(ls -ln . | while read -r a b c d size e; do case $e in *.pcap*) echo "$size" ;; esac; done); do
    bytes=$((bytes + word))
  done
  [ $((bytes / 1024)) -ge "$maxkib" ] && limit 'size limit'
  for id in $ids; do
    read -r ns <"$id.ns"
    [ "$ns" = - ] || [ -e "$ns" ] || [ ! -f "pids/$id.pid" ] || {
      # The kernel may still hold its last packets back: a second and more until they are in the file.
      n=0; [ -f "$id.gone" ] && read -r n <"$id.gone"
      echo $((n + 1)) >"$id.gone"
      [ "$n" -ge 2 ] || continue
      echo 'network namespace is gone' >"$id.why"; read -r p <"pids/$id.pid"; kill -INT "$p" 2>/dev/null; }
  done
}
close() {
  cap=-; rec=-; drop=-; ifdrop=-; at=-
  [ -f "$1.end" ] && read -r at <"$1.end"
  while read -r n line; do
    case $n in ''|*[!0-9]*) continue ;; esac
    case $line in
      *' captured'|*' captured'?) cap=$n ;; *'received by filter'*) rec=$n ;;
      *'dropped by kernel'*) drop=$n ;; *'dropped by interface'*) ifdrop=$n ;;
    esac
  done <"$1.err"
  since=-
  [ "$rings" -eq 0 ] || gather "$1" "$rings"
  size=$(ls -ln "$1.pcap" 2>/dev/null | { read -r a b c d s e; echo "\${s:-0}"; })
  echo "closed $1 $at $cap $rec $drop $ifdrop $size $since"
}
# tcpdump goes on with a file whose name it no longer knows, and makes a new one in its turn.
freeze() {
  freezes=$((freezes + 1)); kept=0; now
  rm -f before
  [ -z "$1" ] || touch -d "@$((\${t%.*} - $1))" before 2>/dev/null
  for id in $ids; do
    ring=0; dropped=
    for f in "$id".pcap[0-9]*; do
      case \${f##*.pcap} in *.k*) continue ;; esac
      [ -f "$f" ] || continue
      ring=$((ring + 1))
      if [ -f before ] && [ before -nt "$f" ]; then rm -f "$f"; dropped=1
      else mv "$f" "$f.k$freezes" && kept=$((kept + 1)); fi
    done
    [ -z "$dropped" ] && [ "$ring" -lt "$rings" ] || echo "$freezes" >"$id.from"
  done
  now; echo "frozen $freezes $t $kept"
}
finish() {
  [ "$stopping" -eq 1 ] && [ "$stopped" -eq 0 ] && [ "$left" -eq 0 ] || return
  stopped=1
  for id in $ids; do close "$id"; done
  echo stopped
}
while :; do
  next
  case $event in
    tick)
      watch
      if [ "$stopping" -gt 0 ] && [ "$left" -gt 0 ]; then
        waited=$((waited + 1))
        case $waited in 2) halt TERM ;; 4) for f in pids/*.pid; do
          [ -f "$f" ] && read -r p <"$f" && { kill -KILL "-$p"; kill -KILL "$p"; } 2>/dev/null; done ;; esac
      fi ;;
    'up '*)
      set -- $event; up=$((up + 1)); echo "listening $2 $3"; : >"$2.up"
      [ "$up" -eq "$total" ] && echo ready ;;
    'end '*)
      set -- $event; left=$((left - 1)); echo "$4" >"$2.end"
      why=$because
      [ -f "$2.why" ] && read -r why <"$2.why"
      if [ ! -f "$2.up" ]; then echo "failed $2 $(tell "$2" "$3")"
      elif [ "$stopping" -eq 0 ] || [ -n "$why" ]; then
        [ "$3" = 153 ] && why='size limit'
        # The ticks of a long capture fall behind the clock of timeout(1).
        [ "$3" = 124 ] && why=\${why:-time limit}
        echo "ended $2 $4 \${why:-$(tell "$2" "$3")}"
      fi
      finish ;;
    freeze*) [ "$rings" -eq 0 ] || freeze \${event#freeze} ;;
    stop) [ "$stopping" -eq 0 ] && { stopping=1; waited=0; halt INT; finish; } ;;
  esac
done
`;
