#!/bin/sh
# Pid 1 of a node: NAME DIR BIN IMAGES. It has the machine's programs, and its own /run, /root, /tmp and disks.
set -eu
name=$1 dir=$2 bin=$3 images=$4
disk=$dir/nodes/$name/disk
hostname "$name"

# `ip netns exec` has put a new /sys there, without cgroups. Moved, not bound: the kubelet and runc take the first
# mount of a controller that is listed, even where it is hidden.
mount --move /run/cgroup /sys/fs/cgroup
mkdir -p "$disk/run" "$disk/containerd" "$disk/kubelet" "$disk/var-tmp" "$disk/tmp"
chmod 1777 "$disk/var-tmp" "$disk/tmp"
mount -t tmpfs -o mode=755 tmpfs "$disk/run"
mkdir -p "$disk/run/cluster/bin" "$disk/run/cluster/images" "$disk/run/cluster/node" "$disk/run/cluster/log" \
  "$disk/run/netns" "$disk/run/sshd" "$disk/run/lock"
mount --bind "$bin" "$disk/run/cluster/bin"
mount --bind "$images" "$disk/run/cluster/images"
mount --bind "$dir/nodes/$name/files" "$disk/run/cluster/node"
mount --bind "$dir/log" "$disk/run/cluster/log"
# What a node writes in these stays with the node, and the machine gets no new folders.
for path in /etc /usr/local/bin /opt /var/lib /var/log; do
  layer=$disk/overlay$path
  mkdir -p "$layer/upper" "$layer/work"
  mount -t overlay overlay -o "lowerdir=$path,upperdir=$layer/upper,workdir=$layer/work" "$path"
done
mkdir -p /var/lib/containerd /var/lib/kubelet /var/lib/cni /var/log/pods /var/log/containers /etc/cni/net.d
mount --bind "$disk/containerd" /var/lib/containerd
mount --bind "$disk/kubelet" /var/lib/kubelet
mount --rbind "$disk/run" /run
mount --bind "$disk/tmp" /tmp
# The cluster's folder may lie in here: nothing of it is opened by its own path from now on.
mount --bind "$disk/var-tmp" /var/tmp
mount -t tmpfs -o mode=700 tmpfs /root
mount --make-rshared /
cd /

files=/run/cluster/node
rm -f /etc/resolv.conf /etc/hosts
cp "$files/resolv.conf" /etc/resolv.conf
cp "$files/hosts" /etc/hosts
printf 'runtime-endpoint: unix:///run/containerd/containerd.sock\n' >/etc/crictl.yaml
ln -s "$(cat "$files/containerd-bin")/ctr" /usr/local/bin/ctr
[ ! -f "$files/has-crictl" ] || ln -s /run/cluster/bin/crictl /usr/local/bin/crictl
echo 1 >/proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/bridge ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
if [ -f "$files/dual-stack" ]; then
  echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
  [ ! -e /proc/sys/net/bridge ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-ip6tables
fi

HOME=/root
PATH=$(cat "$files/containerd-bin"):/run/cluster/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME PATH
fail() { echo "$name: $*" >&2; exit 1; }
start() { # NAME COMMAND…; its pid stays in /run/NAME.pid, for faults that stop it
  program=$1
  shift
  "$@" >>"/run/cluster/log/$name.$program" 2>&1 </dev/null &
  echo $! >"/run/$program.pid"
}
within() { # TENTHS-OF-A-SECOND WHAT COMMAND…
  left=$1 what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || fail "$what: not in time"
    sleep 0.1
  done
}

start sshd /usr/sbin/sshd -D -e -f "$files/sshd_config"
start containerd containerd --config "$files/containerd.toml"
within 300 "containerd answers" ctr version
for image in /run/cluster/images/*.tar; do
  ctr -n k8s.io images import "$image" >>"/run/cluster/log/$name.images" 2>&1 || fail "cannot import $image"
done
within 2400 "the control plane is ready" test -f "$files/go"
start kubelet kubelet --config "$files/kubelet.yaml" --kubeconfig "$files/kubelet.kubeconfig" \
  --hostname-override "$name" --node-ip "$(cat "$files/addresses")" --root-dir /var/lib/kubelet
start kube-proxy kube-proxy --kubeconfig "$files/kube-proxy.kubeconfig" --hostname-override "$name" \
  --proxy-mode iptables --conntrack-max-per-core 0
# It gives up where the node has no podCIDR yet, and as a DaemonSet's pod would be started again.
has_subnet() {
  [ ! -s /run/flannel/subnet.env ] || return 0
  [ -e "/proc/$(cat /run/flanneld.pid)/exe" ] || start_flanneld
  return 1
}
start_flanneld() {
  NODE_NAME=$name start flanneld flanneld -kube-subnet-mgr -kubeconfig-file "$files/flannel.kubeconfig" \
    -net-config-path "$files/net-conf.json" -iface eth0 -ip-masq
}
start_flanneld
within 900 "flanneld has a subnet" has_subnet
. /run/flannel/subnet.env
subnet=$(echo "$FLANNEL_SUBNET" | sed 's|\.1/|.0/|')
subnet6=$(echo "${FLANNEL_IPV6_SUBNET:-}" | sed 's|::1/|::/|')
sed -e "s|@SUBNET@|$subnet|" -e "s|@SUBNET6@|$subnet6|" -e "s|\"@MTU@\"|$FLANNEL_MTU|" "$files/cni.conflist" >/etc/cni/net.d/.new
mv /etc/cni/net.d/.new /etc/cni/net.d/10-flannel.conflist
wait
