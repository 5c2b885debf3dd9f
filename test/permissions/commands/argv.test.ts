import t from "tap";
import { ACTIONS, findArgvFault, fitsAction } from "../../../lib/permissions/index.js";
import { fitsName } from "../../../lib/model/names.js";
import { fc } from "../../fixtures/property.js";

const words = (text: string): string[] => text.split(" ");

t.test("what actions may run", async (t) => {
  const allowed: [string, string][] = [
    ["runtime/pods", "crictl pods -o json"],
    ["runtime/pods", "crictl -r unix:///run/containerd/containerd.sock ps -o json"],
    ["runtime/inspect", "crictl inspectp -o json abc"],
    ["runtime/pods", "sh -c TEXT hopbook-crictl a b"],
    ["runtime/inspect", "sh -c TEXT hopbook-inspectp a"],
    ["runtime/inspect", "bash -c TEXT hopbook-runtime a"],
    ["node/read", "ip -j -s -d link show"],
    ["node/read", "ip -j link"],
    ["node/read", "/usr/sbin/ip -j -4 route show table all"],
    ["node/read", "ip -j route get 10.0.0.1 from 10.0.0.2 iif eth0"],
    ["node/read", "ip -j -6 rule show"],
    ["node/read", "ip -V"],
    ["node/read", "bridge -j fdb show dev vxlan.calico"],
    ["node/read", "nstat -asz --json"],
    ["node/read", "cat /proc/net/snmp /proc/net/netstat"],
    ["node/read", "cat -- /sys/class/net/eth0/mtu"],
    ["node/read", "iptables-save -c"],
    ["node/read", "ip6tables-legacy-save -c"],
    ["node/read", "iptables-save -t nat"],
    ["node/read", "nft -j list ruleset"],
    ["node/read", "nft --version"],
    ["node/read", "sysctl net/ipv4/ip_forward net.ipv4.conf.all.rp_filter"],
    ["node/read", "sysctl -n net.ipv4.conf.eth0/100.rp_filter net.ipv4.conf.br-4@x:1."],
    ["node/read", "ss -Hlntu"],
    ["node/read", "ss -Htn dst 10.0.0.1"],
    ["node/read", "conntrack -L -p tcp -d 10.0.0.1"],
    ["node/read", "ethtool -S eth0"],
    ["node/read", "sh -c TEXT hopbook-tools /var/tmp tcpdump ip"],
    ["netns/read", "nsenter --net=/proc/77/ns/net ip -j address show"],
    ["netns/read", "nsenter --net=/var/run/netns/cni-1 -- ss -Hlntu"],
    ["netns/read", "ip -j address show"],
    ["netns/tcpdump", "nsenter --net=/proc/77/ns/net sh -c TEXT hopbook-capture a b"],
    ["kernel/droptrace", "sh -c TEXT hopbook-droptrace a"],
    ["capture/pull", "cat -- /var/tmp/hopbook-1/a.pcap"],
    ["netns/probe", "nsenter --net=/proc/77/ns/net ping -n -c 4 -i 0.2 -W 2 10.0.0.1"],
    ["netns/probe", "bash -c TEXT hopbook-probe-udp a"],
    ["netns/probe", "curl -sS -o /dev/null -w %{http_code} --max-time 3 http://10.0.0.1:8080/"],
  ];
  for (const [action, command] of allowed)
    t.equal(findArgvFault(action, words(command)), undefined, `${action}: ${command}`);
});

t.test("what they may not", async (t) => {
  const refused: [string, string][] = [
    ["node/read", "rm -rf /"],
    ["node/read", "ip link set eth0 down"],
    ["node/read", "ip link del eth0"],
    ["node/read", "ip -b /tmp/file"],
    ["node/read", "ip netns exec x rm"],
    ["node/read", "ip -n x link"],
    ["node/read", "ip -all netns exec rm"],
    ["node/read", "ip"],
    ["node/read", "ip constructor show"],
    ["node/read", "ip route flush table main"],
    ["node/read", "bridge fdb del 00:11:22:33:44:55 dev x"],
    ["node/read", "sysctl -w net.ipv4.ip_forward=0"],
    ["node/read", "sysctl net.ipv4.ip_forward=0"],
    ["node/read", "sysctl -p"],
    // busybox's, and procps' before 4.0, open whatever these come to behind /proc/sys/
    ["node/read", "sysctl -n net/../../../etc/shadow"],
    ["node/read", "sysctl net.//.//.//.etc.shadow"],
    ["node/read", "sysctl ../../etc/shadow"],
    ["node/read", "sysctl /../../etc/shadow"],
    ["node/read", "sysctl .//.//etc.shadow"],
    ["node/read", "sysctl net..ipv4"],
    ["node/read", "cat /sys/fs/bpf/link"],
    ["node/read", "cat /proc/1/cmdline"],
    ["node/read", "nstat -s"],
    ["node/read", "nstat -sz --json"],
    ["node/read", "cat /proc/kallsyms"],
    ["node/read", "cat /proc/keys"],
    ["node/read", "cat /proc/net/snmp /proc/modules"],
    ["node/read", "cat /proc/network"],
    ["node/read", "cat /proc/1/net/tcp"],
    ["node/read", "cat /proc/sys/kernel/random/uuid"],
    ["node/read", "cat /proc/sys/net/ipv6/conf/all/stable_secret"],
    ["node/read", "cat /sys/class/net/eth0/device/config"],
    ["node/read", "cat /sys/class/dmi/id/product_uuid"],
    ["node/read", "sysctl -a"],
    ["node/read", "sysctl kernel.random.boot_id"],
    ["node/read", "sysctl network.x"],
    ["node/read", "sysctl net.ipv4.tcp_fastopen_key"],
    ["node/read", "nstat -d 3"],
    ["node/read", "iptables-save -M /tmp/evil"],
    ["node/read", "iptables-save -f /etc/passwd"],
    ["node/read", "iptables -F"],
    ["node/read", "nft -f /tmp/x"],
    ["node/read", "nft flush ruleset"],
    ["node/read", "nft list ruleset ; flush ruleset"],
    ["node/read", "ss -K dst 10.0.0.1"],
    ["node/read", "ss -D /tmp/x"],
    ["node/read", "conntrack -D"],
    ["node/read", "conntrack -L -z"],
    ["node/read", "conntrack"],
    ["node/read", "ethtool -K eth0 gro off"],
    ["node/read", "ethtool -s eth0 speed 10"],
    ["node/read", "cat /etc/shadow"],
    ["node/read", "cat /proc/1/root/etc/shadow"],
    ["node/read", "cat /proc/../etc/shadow"],
    ["node/read", "cat /proc/self/environ"],
    ["node/read", "cat /proc//net/../../etc/passwd"],
    ["node/read", "cat"],
    ["node/read", "cat -A /proc/net/snmp"],
    ["node/read", "nsenter --net=/proc/77/ns/net ip link"],
    ["node/read", "sh -c TEXT hopbook-capture a"],
    ["node/read", "sh /tmp/script"],
    ["node/read", "sh"],
    ["node/read", "/tmp/ip link"],
    ["node/read", "../ip link"],
    ["node/read", "constructor"],
    ["netns/read", "nsenter -t 1 -m rm"],
    ["netns/read", "nsenter --net=../x ip link"],
    ["netns/read", "nsenter --net=/proc/../x ip link"],
    ["netns/read", "nsenter --net=/proc/1/ns/net"],
    ["netns/read", "nsenter --net=/proc/1/ns/net nsenter --net=/proc/1/ns/net rm"],
    ["runtime/pods", "crictl rmp abc"],
    ["runtime/pods", "crictl exec abc sh"],
    ["runtime/pods", "crictl"],
    ["runtime/pods", "sh -c TEXT hopbook-crictl2 a"],
    ["capture/pull", "cat -- /etc/shadow"],
    ["capture/pull", "cat -- /var/tmp/../../etc/x.pcap"],
    ["capture/pull", "cat -- /a.pcap /b.pcap"],
    ["capture/pull", "cat -- relative.pcap"],
    ["netns/probe", "ping -f 10.0.0.1"],
    ["netns/probe", "curl -T /etc/passwd http://10.0.0.1/"],
    ["netns/probe", "curl -o /etc/passwd http://10.0.0.1/"],
    ["netns/probe", "curl file:///etc/shadow"],
    ["netns/probe", "curl -K /tmp/x http://10.0.0.1/"],
    ["netns/probe", "curl -X DELETE http://10.0.0.1/"],
    ["netns/probe", "curl -H @/etc/shadow http://10.0.0.1/"],
    ["netns/tcpdump", "tcpdump -i any"],
    ["no/such", "true"],
    ["constructor", "true"],
  ];
  for (const [action, command] of refused) {
    t.type(findArgvFault(action, words(command)), "string", `${action}: ${command}`);
  }
  t.match(findArgvFault("node/read", ["cat", "/proc/net/snmp\0x"]), /NUL/);
  t.match(findArgvFault("node/read", []), /no program/);
});

t.test("a script's text is compared where the texts are known", async (t) => {
  const scripts = new Map([["hopbook-capture", new Set(["right"])]]);
  const run = (text: string, name: string) =>
    findArgvFault("netns/tcpdump", ["sh", "-c", text, name], scripts);
  t.equal(run("right", "hopbook-capture"), undefined);
  t.match(run("rm -rf /", "hopbook-capture"), /does not have the text/);
  t.match(run("right", "hopbook-capture-2"), /does not have the text/);
});

t.test("what goes into the switch's expression ends nothing in it", async (t) => {
  const name = "hopbook-switch-trace";
  const scripts = new Map([[name, new Set(["TEXT"])]]);
  const run = (...values: string[]) =>
    findArgvFault("node/read", ["sh", "-c", "TEXT", name, ...values], scripts);
  t.equal(run("tcp", "shop_client", "shop_web", "10.244.0.3", "10.244.1.3", "8080"), undefined);
  t.equal(run("icmpv6", "shop_client", "", "fd00::3", "fd00::13", "0"), undefined);
  for (const values of [
    ["sctp", "a", "b", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", 'a" || 1', "b", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "", "b", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "a", "-b", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "a", "b", "10.0.0.1 && 1", "10.0.0.2", "1"],
    ["tcp", "a", "b", "10.0.0.1", "$(id)", "1"],
    ["tcp", "a", "b", "10.0.0.1", "10.0.0.2", "1 || 1"],
    ["tcp", "a", "b", "10.0.0.1", "10.0.0.2", "1", "more"],
  ])
    t.match(run(...values), /is no value for it/, values.join(" "));
});

t.test("what goes into a flow of the switch's tables ends nothing in it", async (t) => {
  const name = "hopbook-flow-trace";
  const scripts = new Map([[name, new Set(["TEXT"])]]);
  const run = (...values: string[]) =>
    findArgvFault(
      "netns/read",
      ["nsenter", "--net=/run/netns/x", "sh", "-c", "TEXT", name, ...values],
      scripts,
    );
  t.equal(run("tcp", "shop_client", "10.244.0.3", "10.244.1.3", "8080"), undefined);
  t.equal(run("icmpv6", "shop_client", "fd00::3", "fd00::13", "0"), undefined);
  for (const values of [
    ["sctp", "a", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "a,actions=1", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "-a", "10.0.0.1", "10.0.0.2", "1"],
    ["tcp", "a", "10.0.0.1,tp_dst=1", "10.0.0.2", "1"],
    ["tcp", "a", "10.0.0.1", "10.0.0.2 -generate", "1"],
    ["tcp", "a", "10.0.0.1", "10.0.0.2", "1,x"],
    ["tcp", "a", "10.0.0.1", "10.0.0.2", "1", "more"],
  ])
    t.match(run(...values), /is no value for it/, values.join(" "));
});

t.test("no action lets through a program that is not in its table", async () => {
  const program = fc.constantFrom(
    "rm",
    "dd",
    "sh",
    "bash",
    "python3",
    "env",
    "sudo",
    "tee",
    "mount",
    "chroot",
    "kill",
    "",
    "-c",
  );
  const action = fc.constantFrom(...Object.keys(ACTIONS));
  fc.assert(
    fc.property(action, program, fc.array(fc.string()), (name, first, rest) => {
      fc.pre(!rest.some((word) => word.startsWith("hopbook-")));
      return findArgvFault(name, [first, ...rest]) !== undefined;
    }),
  );
});

t.test("patterns", async (t) => {
  t.ok(fitsAction("runtime/*", "runtime/pods"));
  t.notOk(fitsAction("run*/pods", "runtime/pods"), "a star is a whole part");
  t.notOk(fitsAction("*", "runtime/pods"));
  t.ok(fitsAction("*/*", "runtime/pods"));
  t.notOk(fitsAction("runtime/p*", "runtime/pods"));
  for (const [pattern, node, expected] of [
    ["*", "a", true],
    ["a", "a", true],
    ["a", "ab", false],
    ["a*", "abc", true],
    ["*c", "abc", true],
    ["a*c", "ac", true],
    ["a*a", "a", false],
    ["a*b*c", "axbyc", true],
    ["a*b*c", "acb", false],
    ["a*bc*c", "abc", false],
    ["a.b", "axb", false],
  ] as const) {
    t.equal(fitsName(pattern, node), expected, `${pattern} ${node}`);
  }
});
