/**
 * What the flow tables of this node's Open vSwitch do with a packet of a pod, by `ofproto/trace` (ovs-vswitchd(8)), which only computes:
 * nothing is sent, and no statistics change. It runs in the pod's network namespace, which tells the MACs, and asks the programs
 * of the node, or those of the container that runs the switch. Arguments: protocol, the switch's name for the pod's
 * port, the addresses of the two ends, the destination's port. Exit code 3: there is no such switch here, or it has no such port.
 */
export const FLOW_TRACE_SCRIPT = String.raw`
set -uf
protocol=$1 from=$2 source=$3 target=$4 port=$5
inside=
if ! command -v ovs-appctl >/dev/null || ! command -v ovs-vsctl >/dev/null; then
  set +f
  for process in /proc/[0-9]*; do
    name=
    read -r name 2>/dev/null <"$process/comm" || continue
    [ "$name" = ovs-vswitchd ] && inside="nsenter --mount --target ${"${process#/proc/}"} --" && break
  done
  set -f
  [ -n "$inside" ] || { echo "no Open vSwitch runs here" >&2; exit 3; }
fi
db() { timeout 10 $inside ovs-vsctl --timeout=5 "$@"; }
name=$(db --bare --columns=name find Interface "external_ids:iface-id=$from") || exit 3
[ -n "$name" ] || { echo "the switch here has no port $from" >&2; exit 3; }
set -- $name
bridge=$(db iface-to-br "$1") && in=$(db get Interface "$1" ofport) || exit 3
set -- $(ip -o route get "$target" 2>/dev/null)
hop=$target device=
while [ $# -gt 1 ]; do
  case $1 in via) hop=$2 ;; dev) device=$2 ;; esac
  shift
done
[ -n "$device" ] || { echo "the pod has no route to $target" >&2; exit 3; }
mac_in() { sed -n "s|.*$1 \([0-9a-f:]\{17\}\).*|\1|p" | head -n 1; }
own=$(ip -o link show dev "$device" | mac_in link/ether)
other=$(ip -o neigh show to "$hop" dev "$device" | mac_in lladdr)
[ -n "$own" ] && [ -n "$other" ] || { echo "the pod does not know the MAC of its next hop $hop" >&2; exit 3; }
case $source in *:*) six=6 addresses="ipv6_src=$source,ipv6_dst=$target" ;; *) six= addresses="nw_src=$source,nw_dst=$target" ;; esac
case $protocol in
  icmp) kind="icmp,icmp_type=8,icmp_code=0" ;;
  icmpv6) kind="icmp6,icmpv6_type=128,icmpv6_code=0" ;;
  tcp) kind="tcp$six,tcp_src=40000,tcp_dst=$port,tcp_flags=0x002" ;;
  *) kind="udp$six,udp_src=40000,udp_dst=$port" ;;
esac
echo "bridge $bridge, port $from"
timeout 10 $inside ovs-appctl --timeout=9 ofproto/trace "$bridge" "$kind,in_port=$in,dl_src=$own,dl_dst=$other,$addresses,nw_ttl=64"
`;

export const FLOW_TRACE_NAME = "hopbook-flow-trace";
