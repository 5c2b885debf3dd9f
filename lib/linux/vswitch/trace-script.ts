/**
 * OVN's own word for what becomes of a packet, by ovn-trace(8), which only computes, and behind it the rows that the flows of ACLs
 * it passed were made of: lines `acl FLOW JSON`. Its MACs are asked of the northbound database; where the node has no programs of
 * OVN, or no socket of that database, those of the container that runs it are taken, in its mount namespace. Arguments:
 * protocol, the ports of the two ends (the second may be empty), their addresses, the destination's port. Exit code 3: the
 * databases here do not know the port, or there are none.
 */
export const SWITCH_TRACE_SCRIPT = String.raw`
set -uf
protocol=$1 from=$2 to=$3 source=$4 target=$5 port=$6
inside=
is_here() {
  for program in ovn-trace ovn-nbctl ovn-sbctl; do command -v "$program" >/dev/null || return 1; done
  [ -n "${"${OVN_NB_DB:-}"}" ] || [ -S /run/ovn/ovnnb_db.sock ] || [ -S /var/run/ovn/ovnnb_db.sock ]
}
if ! is_here; then
  set +f
  for process in /proc/[0-9]*; do
    words=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline")
    case ${"${words%% *}"} in ovsdb-server | */ovsdb-server) ;; *) continue ;; esac
    case $words in *ovnnb*) inside="nsenter --mount --target ${"${process#/proc/}"} --"; break ;; esac
  done
  set -f
fi
for program in ovn-trace ovn-nbctl ovn-sbctl; do
  $inside sh -c 'command -v "$1"' sh "$program" >/dev/null || { echo "$program is not installed" >&2; exit 3; }
done
nb() { $inside ovn-nbctl --timeout=5 --no-leader-only "$@"; }
first_of() { set -- $1; echo "${"${1:-}"}"; }
switch=$(nb lsp-get-ls "$from") && mac=$(nb lsp-get-addresses "$from") || exit 3
switch=$(first_of "$switch") mac=$(first_of "$mac") hop=
if [ -n "$to" ] && other=$(nb lsp-get-ls "$to" 2>/dev/null) && [ "$(first_of "$other")" = "$switch" ]; then
  hop=$(first_of "$(nb lsp-get-addresses "$to")")
else
  for name in $(nb --bare --columns=name find Logical_Switch_Port type=router); do
    [ "$(first_of "$(nb lsp-get-ls "$name")")" = "$switch" ] || continue
    router=$(nb lsp-get-options "$name" | sed -n 's/^router-port=//p')
    hop=$(nb get Logical_Router_Port "$router" mac | tr -d '"')
    break
  done
fi
[ -n "$mac" ] && [ -n "$hop" ] || { echo "OVN's databases name no MAC for $from or its next hop" >&2; exit 3; }
case $source in *:*) ip=ip6 ;; *) ip=ip4 ;; esac
case $protocol in
  icmp) more="icmp4 && icmp4.type == 8 && icmp4.code == 0" ;;
  icmpv6) more="icmp6 && icmp6.type == 128 && icmp6.code == 0" ;;
  tcp) more="tcp && tcp.src == 40000 && tcp.dst == $port && tcp.flags == 2" ;;
  *) more="udp && udp.src == 40000 && udp.dst == $port" ;;
esac
trace=$(timeout 10 $inside ovn-trace --no-leader-only --ct=new --ct=new --ct=new --ct=new "inport == \"$from\" &&
  eth.src == $mac && eth.dst == $hop && $ip.src == $source && $ip.dst == $target && ip.ttl == 64 && $more") || exit
printf '%s\n' "$trace"
for flow in $(printf '%s\n' "$trace" |
  sed -n 's/^ *[0-9]*\. ls_[a-z]*_acl[a-z_]* .*, uuid \([0-9a-f]*\)$/\1/p' | sort -u | head -n 16); do
  made_of=$($inside ovn-sbctl --timeout=5 --no-leader-only --bare --columns=external_ids list Logical_Flow "$flow" |
    sed -n 's/.*stage-hint=\([0-9a-f]*\).*/\1/p')
  [ -n "$made_of" ] || continue
  row=$(nb --format=json list ACL "$made_of" 2>/dev/null) || continue
  printf 'acl %s %s\n' "$flow" "$row"
done
`;

export const SWITCH_TRACE_NAME = "hopbook-switch-trace";
