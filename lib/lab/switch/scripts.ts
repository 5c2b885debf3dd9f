/**
 * Constant POSIX sh, read by a node's first process: Open vSwitch in user space and OVN from Debian, with all that they write
 * below the node's own /run. Their words come from files beside them.
 */

/** Before the node's devices are there. */
export const SWITCH_START_SCRIPT = String.raw`
schemas=/usr/share
ovs=/run/openvswitch
ovn=/run/ovn
mkdir -p "$ovs" "$ovn"
export OVS_RUNDIR=$ovs OVN_RUNDIR=$ovn
if [ -e switch/northbound ]; then
  for name in nb sb; do
    ovsdb-tool create "$ovn/$name.db" "$schemas/ovn/ovn-$name.ovsschema"
  done
  read -r remote <switch/remote
  ovsdb-server --detach --no-chdir --pidfile="$ovn/ovnnb_db.pid" --unixctl="$ovn/ovnnb_db.ctl" \
    --remote="punix:$ovn/ovnnb_db.sock" "$ovn/nb.db" 4>&-
  ovsdb-server --detach --no-chdir --pidfile="$ovn/ovnsb_db.pid" --unixctl="$ovn/ovnsb_db.ctl" \
    --remote="punix:$ovn/ovnsb_db.sock" --remote="$remote" "$ovn/sb.db" 4>&-
  ovn-northd --detach --no-chdir --pidfile 4>&-
  xargs -x ovn-nbctl <switch/northbound
fi
ovsdb-tool create "$ovs/conf.db" "$schemas/openvswitch/vswitch.ovsschema"
ovsdb-server --detach --no-chdir --pidfile --remote="punix:$ovs/db.sock" "$ovs/conf.db" 4>&-
ovs-vsctl --no-wait init
xargs -x ovs-vsctl --no-wait <switch/bridges
ovs-vswitchd --detach --no-chdir --pidfile 2>/dev/null 4>&-
`;

/**
 * When they are. In user space the kernel takes what comes in by the NIC as well, and would answer it: it goes to a device that
 * is down. Veths leave checksums to hardware that is not there.
 */
export const SWITCH_PORTS_SCRIPT = String.raw`
xargs -x ovs-vsctl <switch/ports
tc qdisc add dev eth0 clsact
tc filter add dev eth0 ingress protocol all u32 match u32 0 0 action mirred egress redirect dev br-int
while read -r pod netns; do nsenter --net="/run/netns/$netns" ethtool -K eth0 tx off >/dev/null; done <pods.list
while read -r bridge ip mac; do ovs-appctl tnl/neigh/set "$bridge" "$ip" "$mac" >/dev/null; done <switch/neighbours
ovn-controller --detach --no-chdir --pidfile 2>/dev/null 4>&-
while read -r interface; do
  until [ "$(ovs-vsctl --if-exists get Interface "$interface" external_ids:ovn-installed)" = '"true"' ]; do
    sleep 0.02
  done
done <switch/interfaces
`;
