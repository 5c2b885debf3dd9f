#!/bin/sh
# Everything that the demo and the tests need, on a Debian or Ubuntu machine that has Node and nothing else; for the
# test cluster also Go. Does nothing where all is there already. Usage: bin/setup.sh [demo|test|bench|cluster|ci]
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-demo}

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
say() { printf 'setup: %s\n' "$*" >&2; }

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
  || fail "Node 20.19 or newer is needed: $(node --version 2>/dev/null || echo 'no node on PATH')"

# program:package, or file:package
lab='ip:iproute2 bridge:iproute2 iptables:iptables nft:nftables tcpdump:tcpdump dnsmasq:dnsmasq-base sshd:openssh-server
ssh:openssh-client ping:iputils-ping ethtool:ethtool nc:netcat-openbsd curl:curl ps:procps unshare:util-linux nsenter:util-linux
timeout:coreutils dig:bind9-dnsutils newuidmap:uidmap'
test='dash:dash busybox:busybox ipset:ipset'
# The lab of real Open vSwitch and OVN; without them it says so.
ovn='ovs-vswitchd:openvswitch-switch ovn-northd:ovn-central ovn-controller:ovn-host'
# A real server for the lab's connections that are reset; without it that test is skipped.
postgres='pg_ctlcluster:postgresql'
# For the benchmarks, to look at reports in a real browser, and to press TAB in other shells; without them those tests
# are skipped.
bench='tshark:tshark chromium:chromium zsh:zsh fish:fish'
# test/cluster/: what builds its programs and images, and what its nodes run.
cluster='/etc/ssl/certs/ca-certificates.crt:ca-certificates gcc:gcc /usr/include/stdio.h:libc6-dev runc:runc
/usr/lib/cni/bridge:containernetworking-plugins conntrack:conntrack debootstrap:debootstrap openssl:openssl mount:mount
hostname:hostname'
case $purpose in
  demo) wanted=$lab ;;
  test) wanted="$lab $test" ;;
  bench) wanted="$lab $test $bench" ;;
  cluster) wanted="$lab $test $cluster" ;;
  ci) wanted="$lab $test $ovn $postgres $bench $cluster" ;;
  *) fail "usage: bin/setup.sh [demo|test|bench|cluster|ci]" ;;
esac

# Debian's Go is years older than what Kubernetes is built with, so that no package can be installed here.
case $purpose in
  cluster | ci)
    PATH=$PATH:/usr/local/go/bin
    go=$(go env GOVERSION 2>/dev/null) || go='no go on PATH'
    case $go in
      go1.2[6-9]* | go1.[3-9][0-9]*) ;;
      *) fail "Go 1.26 or newer is needed for the test cluster: $go; unpack https://go.dev/dl/ into /usr/local/go" ;;
    esac
    ;;
esac

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
packages=
for pair in $wanted; do
  case $pair in
    /*) test -e "${pair%%:*}" && continue ;;
    *) command -v "${pair%%:*}" >/dev/null 2>&1 && continue ;;
  esac
  case " $packages " in *" ${pair##*:} "*) ;; *) packages="$packages ${pair##*:}" ;; esac
done

if [ -n "$packages" ]; then
  command -v apt-get >/dev/null 2>&1 || fail "these Debian packages are missing, and there is no apt-get:$packages"
  if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root='sudo -n'; else
    fail "these packages are missing, and installing them needs root: apt-get install$packages"
  fi
  say "installing$packages"
  # Packages that bring a service must not start it: the lab starts its own.
  policy=/usr/sbin/policy-rc.d
  made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    made_policy=yes
  fi
  log=$(mktemp)
  retries='-o Acquire::Retries=3'
  if ! { $as_root apt-get $retries update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get $retries install -y -qq --no-install-recommends $packages; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    [ -z "$made_policy" ] || $as_root rm -f $policy
    fail "apt-get failed; its last lines are above, all of it in $log"
  fi
  rm -f "$log"
  [ -z "$made_policy" ] || $as_root rm -f $policy
fi

if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "installing the npm packages"
  npm ci --no-audit --no-fund --loglevel=error >&2
fi

if [ ! -f dist/index.js ] || [ -n "$(find lib bin/build.js -newer dist/index.js -name '*.[tj]s*' -print | head -n 1)" ]; then
  say "building"
  rm -rf dist
  npm run --silent compile >&2
fi
