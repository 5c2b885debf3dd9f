#!/bin/sh
# Pid 1 of the cluster, in namespaces of its own but the machine's network: DIR BIN IMAGES CONTROL OPERATOR NODE=ADDRESS…
# In a dual-stack cluster OPERATOR and each ADDRESS are two, with a comma: IPv4 and IPv6.
# When it ends the kernel ends every process and mount of the cluster; its network namespaces have names in here only.
set -eu
dir=$1 bin=$2 images=$3 control=$4 operator=$5
shift 5
PATH=$bin:$PATH
export PATH
fail() { echo "supervise: $*" >&2; exit 1; }

mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup

families() { echo "$1" | tr , ' '; }
join() { # NAMESPACE ADDRESS[,ADDRESS]
  ip -n underlay link add "to-$1" type veth peer name eth0 netns "$1"
  ip -n underlay link set "to-$1" master br0 up
  for address in $(families "$2"); do
    case $address in
      # Nobody else has it, and until that is known it may not be bound.
      *:*) ip -n "$1" address add "$address/64" dev eth0 nodad ;;
      *) ip -n "$1" address add "$address/24" dev eth0 ;;
    esac
  done
  ip -n "$1" link set eth0 up
}
add() { ip netns add "$1"; ip -n "$1" link set lo up; }
add underlay
ip -n underlay link add br0 type bridge
ip -n underlay link set br0 up
add ctl
join ctl "$control"
add op
join op "$operator"
for pair; do
  add "${pair%%=*}"
  join "${pair%%=*}" "${pair#*=}"
  # Nothing answers there for other networks; but without a default route a node refuses to send.
  for gateway in $(families "$operator"); do ip -n "${pair%%=*}" route add default via "$gateway"; done
done

# The kubelet's root of cgroups. Under v1 every controller has a tree of its own, and a new cpuset has no CPUs.
group=$(cat "$dir/cgroup")
for pair; do
  if [ -f /run/cgroup/cgroup.controllers ]; then
    mkdir -p "/run/cgroup/$group/${pair%%=*}"
    for parent in /run/cgroup "/run/cgroup/$group"; do
      for controller in cpu cpuset io memory pids; do
        echo "+$controller" >"$parent/cgroup.subtree_control" 2>/dev/null || :
      done
    done
    continue
  fi
  for tree in /run/cgroup/*/; do
    mkdir -p "$tree$group/${pair%%=*}"
    [ -f "${tree}cpuset.cpus" ] || continue
    for child in "$tree$group" "$tree$group/${pair%%=*}"; do
      cat "${tree}cpuset.cpus" >"$child/cpuset.cpus"
      cat "${tree}cpuset.mems" >"$child/cpuset.mems"
    done
  done
done

start() { # NAME COMMAND…
  name=$1
  shift
  "$@" >>"$dir/log/$name" 2>&1 </dev/null &
}
for pair; do
  name=${pair%%=*}
  # shellcheck disable=SC2086
  start "$name" ip netns exec "$name" unshare -m -u -i -p --fork --kill-child=TERM --mount-proc --propagation private \
    sh "$dir/node.sh" "$name" "$dir" "$bin" "$images"
done
start operator ip netns exec op sleep infinity
start forward forward /run/netns/ctl "$control:6443" 
pki=$dir/pki
start etcd ip netns exec ctl etcd --data-dir "$dir/etcd" --unsafe-no-fsync --log-level warn \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380
start kube-apiserver ip netns exec ctl kube-apiserver --etcd-servers http://127.0.0.1:2379 \
  --advertise-address "$control" --service-cluster-ip-range "$(cat "$dir/service-cidr")" --allow-privileged \
  --authorization-mode Node,RBAC --client-ca-file "$pki/ca.crt" \
  --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
  --kubelet-client-certificate "$pki/apiserver-kubelet.crt" --kubelet-client-key "$pki/apiserver-kubelet.key" \
  --kubelet-preferred-address-types InternalIP \
  --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/sa.pub" \
  --service-account-signing-key-file "$pki/sa.key"

as_admin() { timeout 20 ip netns exec ctl kubectl --kubeconfig "$dir/kubeconfigs/admin" "$@"; }
tries=0
until as_admin get --raw /readyz >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 300 ] || fail "the apiserver is not ready after $tries tries"
  sleep 0.1
done
# Ready, it may still be making its own roles: these two must not see it without them.
sleep 2
start kube-controller-manager ip netns exec ctl kube-controller-manager --kubeconfig "$dir/kubeconfigs/controller-manager" \
  --allocate-node-cidrs --cluster-cidr "$(cat "$dir/cluster-cidr")" --use-service-account-credentials \
  --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" --leader-elect=false \
  --bind-address 127.0.0.1
start kube-scheduler ip netns exec ctl kube-scheduler --kubeconfig "$dir/kubeconfigs/scheduler" --leader-elect=false \
  --bind-address 127.0.0.1
# On a busy machine its first answers take longer than any one try may.
tries=0
until as_admin apply -f "$dir/manifests/system.json" >>"$dir/log/manifests" 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 5 ] || fail "the apiserver refuses manifests/system.json"
  sleep 1
done
for pair; do : >"$dir/nodes/${pair%%=*}/files/go"; done
: >"$dir/control-ready"
wait
