/**
 * The drop-trace agent of one node: a constant POSIX sh script that makes a trace instance of its own in tracefs
 * (Documentation/trace/ftrace.rst), lets the kernel write each freed packet with its location and reason
 * (the event skb:kfree_skb), prints it when asked, and removes the instance on every way out. It runs as
 * `sh -c SCRIPT hopbook-droptrace NAME LEASE_SECONDS BUFFER_KIB MAX_BYTES FILTER`, FILTER for the event
 * net:netif_receive_skb, by which a packet is tied to its device and length; empty: none.
 *
 * It says `unavailable WHY`, or `ready`; on `stop`: `begin`, the trace, `end`. It hears `beat` and `stop`. The clock is
 * CLOCK_TAI, which is a whole number of seconds off Unix time: the marker at the start tells how many.
 * PIPE is ignored: a client that is killed before it reads `ready` must not end the script with its instance there.
 */
export const DROPTRACE_SCRIPT = `
umask 077
trap '' PIPE
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
name=$1 lease=$2 buffer=$3 maxbytes=$4 filter=$5
main=$$ monitor= instance=

pause() { sleep "$1" </dev/null >/dev/null 2>&1; }
drop_instance() {
  [ -n "$instance" ] || return 0
  { echo 0 >"$instance/tracing_on"; echo 0 >"$instance/events/enable"; } 2>/dev/null
  tries=0
  while [ -d "$instance" ] && [ $tries -lt 20 ]; do
    rmdir "$instance" 2>/dev/null || pause 0.1
    tries=$((tries + 1))
  done
}
leave() {
  trap '' TERM HUP INT
  [ -z "$monitor" ] || kill -KILL "$monitor" 2>/dev/null
  drop_instance
  exit "$1"
}
refuse() { printf 'unavailable %s\\n' "$1"; leave 0; }
trap 'leave 143' TERM HUP INT

root=
for place in /sys/kernel/tracing /sys/kernel/debug/tracing; do
  if [ -d "$place/instances" ] && [ -d "$place/events/skb/kfree_skb" ]; then root=$place; break; fi
done
[ -n "$root" ] || refuse 'tracefs is not mounted, or its events cannot be read'
mkdir "$root/instances/$name" 2>/dev/null || refuse 'no trace instance can be made'
instance=$root/instances/$name

# At once, so that whoever kills this shell leaves no instance behind.
(
  idle=0
  trap 'idle=0' USR1
  while [ -d "/proc/$main" ]; do
    pause 1
    idle=$((idle + 1))
    [ $idle -gt "$lease" ] && break
  done
  drop_instance
  kill -KILL "$main" 2>/dev/null
) </dev/null >/dev/null 2>&1 &
monitor=$!

echo tai >"$instance/trace_clock" 2>/dev/null || refuse 'the kernel has no trace clock tai'
echo "$buffer" >"$instance/buffer_size_kb" 2>/dev/null || refuse 'the trace buffer cannot be sized'
echo 'protocol == 0x0800 || protocol == 0x86dd' >"$instance/events/skb/kfree_skb/filter" 2>/dev/null ||
  refuse 'the event kfree_skb takes no filter'
echo 1 >"$instance/events/skb/kfree_skb/enable" 2>/dev/null || refuse 'the event kfree_skb cannot be enabled'
if [ -n "$filter" ] && echo "$filter" >"$instance/events/net/netif_receive_skb/filter" 2>/dev/null; then
  echo 1 >"$instance/events/net/netif_receive_skb/enable" 2>/dev/null
fi
echo "hopbook-clock $(date +%s.%N)" >"$instance/trace_marker" 2>/dev/null
printf 'ready\\n'

while read -r word; do
  case $word in
    beat) kill -USR1 "$monitor" 2>/dev/null ;;
    stop)
      echo 0 >"$instance/tracing_on" 2>/dev/null
      printf 'begin\\n'
      head -c "$maxbytes" <"$instance/trace"
      printf '\\nend\\n'
      leave 0
      ;;
  esac
done
leave 0
`;
