/** What ps shows beside the script. */
export const FOLLOW_NAME = "hopbook-follow";

/** In which a capture file is read. */
export const BLOCK_BYTES = 4096;

/**
 * Shows a node's captures while they grow, constant POSIX sh: DIR ID… It only reads, and asks tcpdump for its numbers. On
 * stdin, a line each, and what it answers:
 *   look                   at TIME · size ID BYTES … · looked
 *   read ID BLOCK COUNT    data ID BLOCK BASE64: so many blocks of the file from that one on, or as many as there are
 *   count                  count ID CAPTURED RECEIVED DROPPED IFDROPPED … (\`-\`: unknown) · counted
 * It ends with its stdin, and when the capture agent has put its folder away.
 */
export const FOLLOW_SCRIPT = `LC_ALL=C; export LC_ALL
trap '' PIPE
dir=$1; shift
cd "$dir" 2>/dev/null || { echo "error dir $dir"; exit 3; }
for tool in dd base64 tr ls tail date; do
  command -v $tool >/dev/null 2>&1 || { echo "error tool $tool"; exit 3; }
done
ids=" $* "
now() { t=$(date +%s.%N 2>/dev/null); case $t in *[!0-9.]*|'') t=$(date +%s) ;; esac; }
nap=0.05; sleep 0.01 2>/dev/null || nap=1
( exec </dev/null >/dev/null 2>&1; while [ -d pids ] && sleep 1; do :; done; kill -TERM $$ ) &
watch=$!
ask() {
  p=; [ -f "pids/$1.pid" ] && read -r p <"pids/$1.pid" || return
  for q in $p $(cat "/proc/$p/task/$p/children" 2>/dev/null); do
    # Any other program would be ended by it.
    c=; read -r c <"/proc/$q/comm" && [ "$c" = tcpdump ] && [ -f "$1.up" ] && kill -USR1 "$q"
  done 2>/dev/null
}
told() {
  cap=-; rec=-; drop=-; ifdrop=-
  [ -f "$1.err" ] || return
  # Asked for, it says it in one line; at its end in one for each.
  tail -n 4 "$1.err" | tr , '\\n' | {
    while read -r n line; do
      case $n in *tcpdump:) n=\${line%% *}; line=\${line#* } ;; esac
      case $n in ''|*[!0-9]*) continue ;; esac
      case $line in
        *' captured'|*' captured'?) cap=$n ;; *'received by filter'*) rec=$n ;;
        *'dropped by kernel'*) drop=$n ;; *'dropped by interface'*) ifdrop=$n ;;
      esac
    done
    echo "count $1 $cap $rec $drop $ifdrop"
  }
}
while read -r word id block count; do
  case $word in
    look)
      now; echo "at $t"
      ls -ln . | while read -r a b c d size e; do
        e=\${e##* }
        case $e in *.pcap) case $ids in *" \${e%.pcap} "*) echo "size \${e%.pcap} $size" ;; esac ;; esac
      done
      echo looked ;;
    read)
      case $ids in *" $id "*) ;; *) continue ;; esac
      case $block$count in ''|*[!0-9]*) continue ;; esac
      printf 'data %s %s ' "$id" "$block"
      dd if="$id.pcap" bs=${BLOCK_BYTES} skip="$block" count="$count" 2>/dev/null | base64 | tr -d '\\n'
      echo ;;
    count)
      for id in $ids; do ask "$id"; done
      sleep "$nap"
      for id in $ids; do told "$id"; done
      echo counted ;;
  esac
done
kill "$watch" 2>/dev/null
`;
