/**
 * The resident programs of a lab: constant POSIX sh, written as files into the lab's folder so that a process
 * list stays readable. Every value comes as an argument or from a file beside them.
 *
 * LAB_SCRIPT is pid 1 of the lab, NODE_SCRIPT of a node, POD_SCRIPT of a pod (the "pause" process), and
 * CONTAINER_SCRIPT the pod's container. Each notes its own pid and start time *as the level above sees it*, by
 * reading /proc/self/stat before it mounts a /proc of its own.
 */

const RECORD = String.raw`
# record FILE PROC: writes "pid startTimeTicks" of this shell by the given /proc. The name in the second field
# may hold blanks, so cut at ") "; the 20th word after that is field 22.
record() {
  out=$1
  read -r line <"$2/self/stat"
  pid=${"${line%% *}"}
  set -- ${"${line##*) }"}
  shift 19
  echo "$pid $1" >"$out"
}
`;

export const LAB_SCRIPT = String.raw`
# Arguments: the lab's folder, then the names of its nodes. Descriptor 3: where to say "ready" or "failed WHAT".
set -eu
${RECORD}
dir=$1; shift
trap 'echo "failed underlay" >&3' EXIT
record "$dir/supervisor" /proc
# Other people's namespaces, pinned on this machine's /run/netns, are not ours to keep alive.
while umount -n -l /run/netns 2>/dev/null; do :; done
# A /run of its own, with the lab's folder in it, so that nothing shows on the machine's.
mount -n -t tmpfs -o mode=755 hopbook-lab "$dir/mnt"
mkdir "$dir/mnt/netns" "$dir/mnt/lab"
mount -n --bind "$dir" "$dir/mnt/lab"
mount -n --move "$dir/mnt" /run
cd /run/lab
ip -batch underlay.batch
[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
ip -n operator -batch operator.batch
exec 4<>reports
ip -n outside -batch outside.batch
nsenter --net=/run/netns/operator sh scripts/operator.sh 3>&- 4>&- &
nsenter --net=/run/netns/outside sh scripts/outside.sh 3>&- 4>&- &
for node; do
  nsenter --net="/run/netns/$node" unshare -m -u -i -p --fork --kill-child=KILL \
    sh scripts/node.sh "$node" 3>&- &
done
for node; do
  read -r report <&4
  case $report in failed*) trap - EXIT; echo "$report" >&3; exit 1 ;; esac
done
trap - EXIT
echo ready >&3
exec 3>&- 4>&-
while :; do sleep 2147483 & wait; done
`;

export const OPERATOR_SCRIPT = String.raw`
set -eu
${RECORD}
record /run/lab/operator /proc
while read -r key value; do echo "$value" >"/proc/sys/$key"; done </run/lab/operator.sysctl
[ ! -e /run/lab/operator.whole ] || ethtool -K eth0 tx off >/dev/null
exec sleep 2147483647
`;

export const OUTSIDE_SCRIPT = String.raw`
set -eu
cd /run/lab/outside
read -r kind port table <serves
case $kind in
  busybox) exec busybox httpd -f -p "0.0.0.0:$port" -h . ;;
  *) exec "$table" http.mjs . "$port" ;;
esac
`;

export const NODE_SCRIPT = String.raw`
# Arguments: the node's name. Descriptor 4: where to report.
set -eu
${RECORD}
node=$1
src=/run/lab/nodes/$node
trap 'echo "failed $node" >&4' EXIT
record "$src/pid" /proc
hostname "$node"
mount -n -t tmpfs -o mode=755 tmpfs "$src/mnt"
mkdir "$src/mnt/netns" "$src/mnt/sshd" "$src/mnt/lock" "$src/mnt/lab" "$src/mnt/oncall"
chown 1977:1977 "$src/mnt/oncall"
mount -n --bind "$src/files" "$src/mnt/lab"
mount -n --move "$src/mnt" /run
cd /run/lab
# /etc and /usr/local/bin are the machine's with a layer of the node's own above; read-only.
mount -n -t overlay -o ro,lowerdir=/run/lab/etc:/etc overlay /etc || {
  for file in hosts resolv.conf; do mount -n --bind "etc/$file" "/etc/$file" || :; done
}
mount -n -t overlay -o ro,lowerdir=/run/lab/bin:/usr/local/bin overlay /usr/local/bin ||
  mount -n --bind bin /usr/local/bin
for folder in /root /tmp /var/tmp; do mount -n -t tmpfs -o mode=1777 tmpfs "$folder"; done
chmod 700 /root
mount -n -t proc -o nosuid,nodev,noexec proc /proc
mount -n -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -n -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || :
if [ -e tunnel/program.pl ]; then
  read -r device <tunnel/device
  perl tunnel/program.pl "$device" /run/tunnel-ready 4>&- &
  until [ -e /run/tunnel-ready ]; do kill -0 "$!"; sleep 0.01; done
fi
# Addresses that are there at once: nobody else is in these networks.
for scope in all default; do echo 0 >"/proc/sys/net/ipv6/conf/$scope/accept_dad" || :; done
[ ! -e switch ] || . switch/start.sh
ip -batch links.batch
[ ! -e switch ] || . switch/ports.sh
bridge -batch fdb.batch
while read -r key value; do
  case $key in -*) key=${"${key#-}"}; [ -e "/proc/sys/$key" ] || continue ;; esac
  echo "$value" >"/proc/sys/$key"
done <sysctl
iptables-restore <iptables &
rules=$!
[ ! -e ip6tables ] || ip6tables-restore <ip6tables
/usr/sbin/sshd -f sshd_config 4>&-
exec 5<>reports
pods=0
while read -r pod netns; do
  nsenter --net="/run/netns/$netns" unshare -m -u -i -p --fork --kill-child=KILL \
    sh scripts/pod.sh "$pod" 4>&- </dev/null &
  pods=$((pods + 1))
done <pods.list
wait "$rules"
while [ "$pods" -gt 0 ]; do
  read -r report <&5
  case $report in failed*) trap - EXIT; echo "$report" >&4; exit 1 ;; esac
  pods=$((pods - 1))
done
trap - EXIT
echo "ready $node" >&4
exec 4>&- 5>&-
while :; do sleep 2147483 & wait; done
`;

export const POD_SCRIPT = String.raw`
# Arguments: the pod's name. Descriptor 5: where to report.
set -eu
${RECORD}
pod=$1
src=/run/lab/pods/$pod
trap 'echo "failed pod $pod" >&5' EXIT
record "$src/pid" /proc
hostname "$pod"
# Addresses that are there at once: nobody else is in these networks.
for scope in all default; do echo 0 >"/proc/sys/net/ipv6/conf/$scope/accept_dad" || :; done
ip -batch "$src/net.batch"
mount -n --bind "$src/hosts" /etc/hosts || :
mount -n --bind /run/lab/pod-resolv.conf /etc/resolv.conf || :
mount -n -t tmpfs -o mode=755 tmpfs "$src/mnt"
mkdir "$src/mnt/pod"
mount -n --bind "$src" "$src/mnt/pod"
mount -n --move "$src/mnt" /run
mount -n -t sysfs -o nosuid,nodev,noexec,ro sysfs /sys
cd /proc
mount -n -t proc -o nosuid,nodev,noexec proc /proc
sh /run/pod/container.sh &
trap - EXIT
exec 5>&-
while :; do sleep 2147483 & wait; done
`;

export const CONTAINER_SCRIPT = String.raw`
# The container's first process. It starts the pod's server and obeys the lines "stop" and "start" of its
# FIFO. Its working directory is the node's /proc, which is how it knows its pid there.
set -eu
${RECORD}
trap 'echo "failed container" >&5' EXIT
record /run/pod/container-pid .
cd /run/pod
read -r kind port table address <serves
server=
# Waits until the port is bound (state 0A of /proc/net/tcp), 2 s at most.
await() {
  tries=200
  while [ "$tries" -gt 0 ]; do
    for file in tcp tcp6; do
      [ -e "/proc/net/$file" ] || continue
      while read -r _ local _ state _; do
        case $local$state in *:"$port"0A) return 0 ;; esac
      done <"/proc/net/$file"
    done
    tries=$((tries - 1))
    sleep 0.01
  done
  return 1
}
start() {
  [ -z "$server" ] || return 0
  case $kind in
    busybox) busybox httpd -f -p "$address:8080" -h /run/pod/www 5>&- & ;;
    node) "$table" /run/pod/http.mjs /run/pod/www 8080 "$address" 5>&- & ;;
    dns) dnsmasq --keep-in-foreground --conf-file=/run/pod/dnsmasq.conf 5>&- & ;;
    *) return 0 ;;
  esac
  server=$!
  await
}
stop() {
  [ -n "$server" ] || return 0
  kill "$server"
  wait "$server" || :
  server=
}
start
trap - EXIT
echo ready >&5
exec 5>&-
while :; do
  read -r order <orders || continue
  case $order in start) start || : ;; stop) stop ;; esac
done
`;

/** HTTP server where busybox is not installed. Serves a folder on a port like busybox does. */
export const HTTP_PROGRAM = String.raw`
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
const [folder, port, address = "0.0.0.0"] = process.argv.slice(2);
createServer(async (request, response) => {
  const name = { "/": "index.html", "/index.html": "index.html", "/large": "large" }[request.url ?? ""];
  if (name === undefined) { response.writeHead(404).end("not found\n"); return; }
  response.writeHead(200, { "content-type": "text/plain" }).end(await readFile(folder + "/" + name));
}).listen(Number(port), address.replace(/[[\]]/g, ""));
`;
