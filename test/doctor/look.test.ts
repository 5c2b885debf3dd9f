import t from "tap";
import { execFileSync } from "node:child_process";
import { DOCTOR_SCRIPT, nodeRows, parseLook, type NodeLook } from "../../lib/doctor/index.js";

const ASKED = { node: "node-a", sentAtMs: 1_000_000, receivedAtMs: 1_000_100 };
const WELL = `clock 1000.050000
uid 0
kernel 6.18.44
writable /var/tmp
freeKiB 63000000
path tcpdump /usr/sbin/tcpdump
path nsenter /usr/bin/nsenter
path ip /sbin/ip
path timeout /usr/bin/timeout
path nft /usr/sbin/nft
socket /run/containerd/containerd.sock
crictl 0
tcpdump tcpdump version 4.99.3
tcpdump libpcap version 1.10.3
tracefs /sys/kernel/tracing
dropReasons yes
conntrack count 10
conntrack max 100
hostNetns net:[1]
pod shop client 42 net:[2] no
=begin links
 []

=end links 0
=begin routes
 [{"dst":"default"}]

=end routes 0
`;
const rowsOf = (text: string): Map<string, string> =>
  new Map(
    nodeRows(parseLook(text, ASKED), { via: "ssh", workDir: "/var/tmp" }).map((row) => [
      row.check,
      row.status,
    ]),
  );

t.test("a node that has all is well", async (t) => {
  const look: NodeLook = parseLook(WELL, ASKED);
  t.match(look, { clockOffsetMs: 0, clockErrorMs: 50, routes: '[{"dst":"default"}]\n', links: "[]\n" });
  t.match(look.pods, [
    { namespace: "shop", name: "client", pid: 42, netns: "net:[2]", isHostNetwork: false },
  ]);
  t.strictSame([...new Set(rowsOf(WELL).values())], ["ok"]);
});

t.test("a device's alias, which may hold anything, hides no device", async (t) => {
  const links = '[{"ifname":"eth0","ifalias":"\u001e=end links 1"}]\n';
  t.equal(parseLook(WELL.replace(" []\n", ` ${links}`), ASKED).links, links);
});

for (const [said, from, to, check, status] of [
  ["no tcpdump", "path tcpdump /usr/sbin/tcpdump\n", "", "tcpdump", "blocks"],
  ["a version that is not told", "version 4.99.3", "unknown", "tcpdump", "warn"],
  ["no root", "uid 0", "uid 1000", "login", "blocks"],
  ["no nsenter", "path nsenter /usr/bin/nsenter\n", "", "login", "blocks"],
  ["no crictl", "crictl 0\n", "", "runtime", "warn"],
  ["a crictl that fails", "crictl 0\n", "crictl 1\ncrictlError no socket\n", "runtime", "warn"],
  ["no tracefs", "tracefs /sys/kernel/tracing\n", "", "kernel", "warn"],
  ["no reasons", "dropReasons yes\n", "", "kernel", "warn"],
  ["a full table", "count 10\n", "count 96\n", "conntrack", "warn"],
  ["little disk", "freeKiB 63000000", "freeKiB 100000", "disk", "warn"],
  ["no disk", "freeKiB 63000000", "freeKiB 1000", "disk", "blocks"],
  ["a folder that cannot be written", "writable /var/tmp\n", "", "disk", "blocks"],
  ["a clock 90 s off", "clock 1000.05", "clock 1090.05", "clock", "warn"],
  ["a pod that is not seen", "42 net:[2] no", "-  no", "pod", "blocks"],
  ["a pod that the runtime alone knows", "42 net:[2] no", "-  yes", "pod", "ok"],
] as const) {
  t.test(said, async (t) => {
    t.ok(WELL.includes(from), "the change changes something");
    t.equal(rowsOf(WELL.replace(from, to)).get(check), status);
  });
}

t.test("what a node says is data", async (t) => {
  const rows = nodeRows(parseLook(WELL.replace("6.18.44", "6\u001b[31m\u202e"), ASKED), {
    via: "ssh",
    workDir: "/",
  });
  t.notMatch(JSON.stringify(rows.map(({ found }) => found)), /\\u001b|\u202e/);
  t.match(parseLook("", ASKED), { uid: null, clockOffsetMs: null, pods: [] });
});

t.test("the script never fails, and says what this machine has", async (t) => {
  for (const shell of [["sh"], ["busybox", "sh"]]) {
    const [program = "", ...args] = shell;
    let text: string;
    try {
      const words = [...args, "-c", DOCTOR_SCRIPT, "hopbook-doctor", "/var/tmp", "", "ns", "none", "-"];
      text = execFileSync(program, words, { encoding: "utf8" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    const now = Date.now();
    const look = parseLook(text, { node: "here", sentAtMs: now - 100, receivedAtMs: now });
    t.match(look, { uid: process.getuid?.(), kernel: /^[0-9]+\./, isWorkDirWritable: true });
    t.ok((look.freeBytes ?? 0) > 0);
    t.match(look.pods, [{ namespace: "ns", name: "none", pid: null, netns: null, isListed: false }]);
  }
});
