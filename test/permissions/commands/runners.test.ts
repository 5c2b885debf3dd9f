import t from "tap";
import { fc } from "../../fixtures/property.js";
import {
  declared,
  effective,
  findArgvFault,
  findRunner,
  parseGrant,
} from "../../../lib/permissions/index.js";

const words = (text: string): string[] => text.split(" ");

t.test("what can run another program counts as a shell", async (t) => {
  const shells = [
    ...[
      "sh",
      "bash -c x",
      "/bin/dash x",
      "ash",
      "zsh",
      "ksh",
      "/tmp/bash",
      "python3 x.py",
      "python3.11 -c x",
    ],
    ...[
      "perl -e x",
      "ruby x",
      "node x.js",
      "node18 x",
      "awk x",
      "gawk x",
      "mawk x",
      "lua5.4 x",
      "tclsh x",
      "php x",
    ],
    ...["busybox sh -c x", "busybox.static x", "bash-static x", "busybox", "toybox sh", "perl5.36-x86_64 x"],
    ...[
      "env sh -c x",
      "env -S x",
      "env -i ip link",
      "env PATH=/tmp ip link",
      "env LD_PRELOAD=/x ip link",
      "env",
    ],
    ...["sudo sh", "sudo -u root ip link", "sudo -s", "sudo", "doas ip link", "su -c x", "runuser -u x ip"],
    ...["timeout 5 sh", "timeout 5 timeout 5 sh", "nice sh", "nice -n 5 sh", "ionice -c 3 bash", "nohup sh"],
    ...["setsid -w sh", "timeout", "timeout -k 5 5 sh", "timeout --signal=KILL 5 python3", "timeout 5 -x sh"],
    ...["xargs rm", "ssh host ls", "scp a b:", "rsync -e x a b", "watch ls", "parallel x", "script -c x"],
    ...["nsenter -t 1 -m ls", "nsenter -t 1 -n ip link", "nsenter -a -t 1 ls", "nsenter --net=../x ip link"],
    ...["nsenter --net=/proc/1/ns/net", "nsenter --net=/proc/1/ns/net -m ip link", "nsenter --net=/p sh"],
    ...[
      "nsenter --net=/p -- sh",
      "nsenter --net=/p -- nsenter -t 1 -m ls",
      "nsenter --net=/p/../x -- ip link",
    ],
    ...["unshare -n ls", "chroot /host ls", "chroot /host tcpdump", "systemd-run ls", "at now", "crontab x"],
    ...[
      "find / -exec rm {} +",
      "find / -execdir x",
      "find / -ok x",
      "find / -okdir x",
      "find / -fprintf /x y",
    ],
    ...[
      "ip netns exec x ls",
      "ip netns e x ls",
      "ip -all netns exec ls",
      "ip vrf ex x ls",
      "ip -b f",
      "ip -batch f",
    ],
    ...["ip --batch f", "tc -b f", "tc exec bpf", "bridge -batch f", "ip -force -ba f"],
    ...[
      "crictl exec abc ls",
      "crictl -r x exec abc ls",
      "crictl run x",
      "crictl --config=x ps",
      "crictl -c x ps",
    ],
    ...[
      "ctr run x",
      "docker run x",
      "podman exec x ls",
      "kubectl exec x -- ls",
      "oc debug node/x",
      "helm install x",
    ],
    ...[
      "tar --to-command=x -xf y",
      "tar --to-c x",
      "tar xfI a x",
      "sed e",
      "sed -n p",
      "gsed p",
      "sort --compress-program=x",
    ],
    ...[
      "split --filter=x",
      "zip -TT x",
      "vi",
      "vim.tiny x",
      "less x",
      "man x",
      "ed",
      "gdb -p 1",
      "strace ls",
      "time ls",
    ],
    ...["tcpdump -i any -z sh", "tcpdump -nz sh", "tcpdump --postrotate-command x"],
    ...[
      "iptables -M x -L",
      "iptables --modprobe=x",
      "ip6tables-restore -M x",
      "iptables-legacy --mod x",
      "nft -f x",
      "nft -i",
    ],
    ...[
      "sysctl -w kernel.core_pattern=|/x",
      "sysctl kernel.modprobe=/x",
      "sysctl -p /x",
      "sysctl --system",
      "sysctl -ap",
    ],
    ...[
      "systemctl edit x",
      "systemctl -H host restart x",
      "systemctl link /x",
      "systemctl enable /x",
      "systemctl -qH x",
    ],
    ...[
      "modprobe x",
      "insmod x",
      "mount x y",
      "wget x",
      "apt install x",
      "rpm -i x",
      "git pull",
      "make",
      "m4",
    ],
    ...[
      "/lib64/ld-linux-x86-64.so.2 /bin/sh",
      "ld.so /bin/sh",
      "./ip link",
      "../ip",
      "x/y",
      "/usr/../tmp/x",
      "-c x",
    ],
    ...[
      "A=b ip link",
      "curl -K x",
      "curl -sK x",
      "socat x y",
      "nc -e sh",
      "vtysh -c x",
      "bpftool batch file x",
      "bpftool ba f x",
    ],
    // What would take --deny-shell away from who says --yes.
    ...[
      "taskset 1 sh -c x",
      "stdbuf -o0 sh",
      "chrt 1 sh",
      "prlimit --nproc=1 sh",
      "ssh-agent sh",
      "run0 sh",
      "systemd-inhibit sh",
      "iptables-apply -c x",
      "xtables-nft-multi iptables --modprobe=/x",
      "systemctl reenable /x",
      "systemctl switch-root /x /y",
    ],
  ];
  for (const command of shells) t.type(findRunner(words(command)), "string", command);
  t.type(findRunner([]), "string", "nothing at all");
  t.type(findRunner([""]), "string", "an empty word");
  t.type(findRunner(["/bin/"]), "string", "a folder");
  t.match(findRunner([...Array.from({ length: 40 }, () => "nohup"), "ip"]), /too often/);

  const plain = [
    ...[
      "ip link set eth0 up",
      "ip -br link",
      "ip -j -s link",
      "ip netns list",
      "/usr/sbin/ip route flush cache",
    ],
    ...[
      "conntrack -D -p tcp",
      "tc qdisc del dev eth0 root",
      "ethtool -K eth0 gro off",
      "sysctl -w net.ipv4.ip_forward=1",
    ],
    ...[
      "systemctl restart kubelet",
      "systemctl status x",
      "iptables -D FORWARD -j DROP",
      "iptables -m comment -L",
    ],
    ...[
      "nft delete rule ip filter x handle 7",
      "kill 7",
      "reboot",
      "touch /x",
      "rm -rf /var/tmp/x",
      "crictl rmp abc",
    ],
    ...[
      "timeout 5 ip link",
      "timeout -k 5 5 ip link",
      "nice -n 5 ip link",
      "ionice -c3 ip link",
      "nohup ip link",
    ],
    ...[
      "sudo -n ip link",
      "sudo ip link",
      "busybox ip link",
      "env LANG=C ip link",
      "nsenter --net=/p/ns/net -- ip link",
    ],
    ...[
      "nsenter --net=/p ip link",
      "timeout 5 nsenter --net=/p -- ip link",
      "find /sys -name x",
      "curl http://x/",
    ],
    ...[
      "tcpdump -i any",
      "bpftool map dump id 3",
      "ovs-vsctl del-br x",
      "bridge fdb del x dev y",
      "hostname x",
    ],
  ];
  for (const command of plain) t.equal(findRunner(words(command)), undefined, command);
});

t.test("the action of a runbook's own command", async (t) => {
  const all = ["runtime/*", "node/read", "netns/*"];
  const actionOf = (command: string, exec: string[] = all): string =>
    effective(declared({ node: {}, exec }), parseGrant({})).actionOf(words(command));
  for (const [command, action] of [
    ["ip -j link show", "node/read"],
    ["nsenter --net=/proc/7/ns/net -- ip -j link show", "netns/read"],
    ["crictl pods", "runtime/pods"],
    ["cat /proc/net/snmp", "node/read"],
    ["tc -s -j qdisc show dev eth0", "node/read"],
    ["ip link set eth0 up", "node/mutate"],
    ["timeout 5 ip -j link show", "node/mutate"],
    ["tcpdump -i any", "node/mutate"],
    ["ping -c 1 10.0.0.1", "node/mutate"],
    ["cat /etc/shadow", "node/mutate"],
    ["sh -c x hopbook-tools", "node/shell"],
    ["sh -c x hopbook-capture", "node/shell"],
    ["find / -exec x", "node/shell"],
  ] as const) {
    t.equal(actionOf(command), action, command);
  }
  t.equal(actionOf("ip -j link show", []), "node/mutate", "an action that is not declared is no name for it");
  t.equal(actionOf("ip -j link show", ["netns/read"]), "netns/read");
});

t.test("no wrapper hides a shell, however they are stacked", async () => {
  const wrapper = fc.constantFrom(
    ["timeout", "5"],
    ["nice"],
    ["nice", "-n", "3"],
    ["nohup"],
    ["sudo", "-n"],
    ["busybox"],
    ["env", "LANG=C"],
    ["nsenter", "--net=/proc/7/ns/net", "--"],
    ["/usr/bin/setsid"],
    ["ionice", "-c3"],
  );
  const shell = fc.constantFrom("sh", "bash", "/bin/dash", "python3", "perl", "awk", "xargs", "ssh", "./x");
  fc.assert(
    fc.property(
      fc.array(wrapper, { maxLength: 25 }),
      shell,
      fc.array(fc.string()),
      (wrappers, program, rest) => findRunner([...wrappers.flat(), program, ...rest]) !== undefined,
    ),
  );
});

t.test("further programs that only read, and what they may not", async (t) => {
  const allowed = [
    ...["uname -a", "uname", "uptime", "uptime -p", "hostname", "hostname -f", "lsmod", "tc qdisc show"],
    ...[
      "tc -s -j -d class show dev eth0",
      "tc filter list dev eth0 ingress",
      "tc -s qdisc show dev eth0.7@x",
    ],
    ...["ipset list", "ipset list -t", "ipset list KUBE-SERVICES", "ipvsadm -Ln", "ipvsadm -L -n --stats"],
  ];
  const refused = [
    ...[
      "uname x",
      "uptime x",
      "hostname evil",
      "hostname -F /x",
      "hostname -b x",
      "lsmod x",
      "tc",
      "tc qdisc",
    ],
    ...[
      "tc qdisc del dev eth0 root",
      "tc qdisc add dev eth0 root netem",
      "tc -b f",
      "tc -batch f",
      "tc exec bpf x",
    ],
    ...["tc qdisc show -b", "tc -n x qdisc show", "tc monitor", "ipset flush", "ipset", "ipset list -f /x"],
    ...[
      "ipset list -output xml",
      "ipset save",
      "ipset destroy",
      "ipvsadm -C",
      "ipvsadm",
      "ipvsadm -Z",
      "ipvsadm -R",
    ],
    ...["ipvsadm -L -C", "ipvsadm -Ln -Z"],
  ];
  for (const command of allowed) t.equal(findArgvFault("node/read", words(command)), undefined, command);
  for (const command of refused) t.type(findArgvFault("node/read", words(command)), "string", command);
});
