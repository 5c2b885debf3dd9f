import { KEPT_TIME } from "../model/kept-time.js";
import { CAPTURE_AGENT } from "./agent.js";
import { RING_GATHER } from "./ring-gather.js";

/** What ps shows beside the scripts. */
export const DETACHED_NAME = "hopbook-capture-detached";
export const DETACHED_LIST_NAME = "hopbook-detached-list";

/** A text as one word of POSIX sh. */
function quoteScript(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * What both scripts know of a state folder. It is taken for ours only where its owner is who asks: any user of the
 * node can make a folder of that name in /var/tmp.
 */
const STATE_BASE = `${KEPT_TIME}
umask 077
LC_ALL=C; export LC_ALL
trap '' PIPE
me=$(id -u)
owned() {
  [ -d "$1" ] && [ ! -L "$1" ] && ls -ldn "$1" | { read -r mode links uid rest; [ "$uid" = "$me" ]; }
}
birth() {
  read -r stat <"/proc/$1/stat" || return 1
  set -- \${stat##*) }
  # One that nobody has waited for yet is over.
  [ "$1" = Z ] && return 1
  shift 19
  echo "$1"
} 2>/dev/null
# By what lies in the folder that was entered, and no more by its name: that may be a link of any user by then.
enter() {
  owned "$1" && cd -P "$1" && owned . && case $(pwd -P) in */"\${1##*/}") ;; *) false ;; esac
} 2>/dev/null
alive() {
  [ -f "$1" ] && read -r p born <"$1" && [ -n "$p" ] && [ "$(birth "$p")" = "$born" ]
}
`;

/** Runs the capture agent where nobody holds its stdin, and takes away the state folder after it. */
const KEEPER = `${KEPT_TIME}
state=$1; agent=$2
shift 2
sh -c "$agent" hopbook-capture "$@" <>in >>out 2>>err
[ -e kept ] || exit 0
case $(tail -n 1 out 2>/dev/null) in
  removed|'bye lease') ;;
  *) while [ -d "$state" ] && time_left expires && [ "$LEFT" -gt 0 ]; do sleep 5; done ;;
esac
rm -rf "$state"
`;

/**
 * A capture agent that goes on without its client, constant POSIX sh; every value is a positional argument:
 *   start STATE DIR SECONDS META AGENT-ARGUMENTS…   starts it, and follows it; it is kept for so long
 *   attach STATE DIR                              follows one that was started, from its first line on
 *   keep STATE DIR                                stores stdin beside it (what a later client needs to collect it)
 * To follow is to print what the agent says and to pass on \`stop\` and \`remove\`. After \`leave\` it goes on alone, until
 * its own limits, and keeps what it captured until its lease ends. Before that a client that is lost ends it.
 * An agent that has died (the node was restarted) is spoken for: what it wrote can be had all the same.
 */
export const DETACHED_AGENT = `${STATE_BASE}
mode=$1; state=$2; dir=$3
shift 3
agent=${quoteScript(CAPTURE_AGENT)}
keeper=${quoteScript(KEEPER)}
nap=0.1; sleep 0.01 2>/dev/null || nap=1
tell() { echo "$1" 1<>in; } 2>/dev/null
follow() {
  tail -n +1 -f out 2>/dev/null &
  tailer=$!
}
drop() {
  [ -n "$guard" ] && kill -TERM "$guard" 2>/dev/null
  [ -n "$tailer" ] && kill -TERM "$tailer" 2>/dev/null
  [ -n "$locked" ] && rm -rf lock
}
gone() {
  tell remove
  n=0
  while [ $n -lt 40 ] && alive pid; do n=$((n + 1)); sleep "$nap"; done
  sleep "$nap"
  rm -rf "$dir" "$state"
  locked=
  drop
  echo removed
  exit 0
}
away() {
  if [ "$mode" = start ]; then gone; fi
  drop
  echo 'bye client'
  exit 0
}

if [ "$mode" = keep ]; then
  enter "$state" || { echo "error gone $state"; exit 3; }
  cat >bundle.part && mv bundle.part bundle && echo kept && exit 0
  exit 4
fi
tailer=; guard=; locked=
if [ "$mode" = start ]; then
  seconds=$1; meta=$2
  shift 2
  [ -e "$state" ] && { echo "error exists $state"; exit 3; }
  mkdir "$state" 2>/dev/null && enter "$state" || { echo "error dir $state"; exit 3; }
  mkfifo in 2>/dev/null || { rmdir "$state"; echo 'error tool mkfifo'; exit 3; }
  printf '%s\\n' "$meta" >meta
  keep_for "$seconds" >expires
  echo "$$ \${HOPBOOK_OWNER:--}" >agent
  : >out
  own=
  command -v setsid >/dev/null 2>&1 && own=setsid
  $own sh -c "$keeper" hopbook-keeper "$state" "$agent" "$@" </dev/null >/dev/null 2>&1 &
  echo "$! $(birth $!)" >pid
  dead=
else
  enter "$state" || { echo "error gone $state"; exit 3; }
  if ! mkdir lock 2>/dev/null; then
    alive lock/pid && { echo "error locked $state"; exit 3; }
    rm -rf lock
    mkdir lock 2>/dev/null || { echo "error locked $state"; exit 3; }
  fi
  echo "$$ $(birth $$)" >lock/pid
  locked=1
  dead=1
  alive pid && dead=
fi
trap away TERM HUP INT

# A connection that is lost without a word does not end stdin: whoever follows has to give a sign of life.
( idle=0
  trap 'idle=0' USR1
  trap - TERM HUP INT
  while [ "$idle" -lt 25 ] && kill -0 $$ 2>/dev/null; do sleep 1; idle=$((idle + 1)); done
  kill -TERM $$ ) </dev/null >/dev/null 2>&1 &
guard=$!

${RING_GATHER}
# Of one whose agent died: all files that a ring left. How many it was to have is not known, so that packets may be missing.
whole() {
  owned "$dir" || return
  sed -n 's/^listening \\([^ ]*\\) .*/\\1/p' out | while read -r id; do
    case $id in */*|'') ;; *) ( cd -P "$dir" && gather "$id" 1; echo "$since" >"$id.since" ) ;; esac
  done
}
each() { for f in "$dir"/*.pcap; do [ -f "$f" ] && { id=\${f##*/}; "$1" "\${id%.pcap}" "$f"; }; done; }
said() { grep -q "^$1 $2 " out 2>/dev/null; }
lost() { said ended "$1" || echo "ended $1 - $why"; }
size() {
  since=-; [ -f "$dir/$1.since" ] && read -r since <"$dir/$1.since"
  said closed "$1" || echo "closed $1 - - - - - $(ls -ln "$2" | { read -r a b c d s e; echo "$s"; }) $since"
}
why='the capture died before it was ended: was the node or its pod restarted?'
if [ -z "$dead" ]; then follow
else
  cat out
  if [ -f why ] && IFS= read -r why <why; then each lost
  else grep -q '^stopped' out || each lost; fi
fi

while IFS= read -r word; do
  kill -USR1 "$guard" 2>/dev/null
  case $word in
    stop) if [ -z "$dead" ]; then tell stop; else whole; each size; echo stopped; fi ;;
    remove) gone ;;
    leave)
      : >kept
      drop
      echo left
      exit 0 ;;
  esac
done
away
`;

/**
 * What goes on without a client on this node, constant POSIX sh that only reads:
 *   list FOLDER…   a line each: \`run STATE live|over|dead|stopped BYTES META\`
 *   bundle STATE   what was stored beside it
 */
export const DETACHED_LIST = `${STATE_BASE}
mode=$1
shift
if [ "$mode" = bundle ]; then
  enter "$1" && [ -f bundle ] && exec cat bundle
  exit 3
fi
for folder; do
  for state in "$folder"/hopbook-*.detached; do
    ( enter "$state" && [ -f meta ] && [ -e kept ] || exit
    how=dead
    if alive pid; then
      how=live
      up=$(grep -c '^listening ' out 2>/dev/null)
      [ "\${up:-0}" -gt 0 ] && [ "$(grep -c '^ended ' out 2>/dev/null)" = "$up" ] && how=over
    fi
    grep -q '^stopped' out 2>/dev/null && how=stopped
    bytes=0
    for size in $(ls -ln "\${state%.detached}" 2>/dev/null |
      while read -r a b c d size e; do case $e in *.pcap*) echo "$size" ;; esac; done); do
      bytes=$((bytes + size))
    done
    IFS= read -r meta <meta
    printf 'run %s %s %s %s\\n' "$state" "$how" "$bytes" "$meta" )
  done
done
`;
