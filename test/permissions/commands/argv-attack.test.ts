import t from "tap";
import { CAPTURE_SCRIPTS } from "../../../lib/capture/index.js";
import { CLUSTER_SCRIPTS } from "../../../lib/cluster/index.js";
import { findArgvFault } from "../../../lib/permissions/index.js";
import { PROBE_SCRIPTS } from "../../../lib/traffic/index.js";

const KNOWN = new Map(
  Object.entries({ ...CLUSTER_SCRIPTS, ...CAPTURE_SCRIPTS, ...PROBE_SCRIPTS }).map(
    ([name, text]) => [name, new Set([text])] as const,
  ),
);

t.test("programs that would write, run something or never end behind a harmless look", async (t) => {
  const refused: [string, string, string[]][] = [
    ["a verb that looks like an option's value", "runtime/pods", ["crictl", "--config", "pods", "rm", "-a"]],
    ["the same", "runtime/pods", ["crictl", "--image-endpoint", "pods", "stopp", "x"]],
    ["a profile written to a file", "runtime/pods", ["crictl", "--profile-mem=/etc/x", "pods"]],
    ["another configuration", "runtime/pods", ["crictl", "-c", "/var/tmp/evil.yaml", "pods"]],
    [
      "curl writes by -w",
      "netns/probe",
      ["curl", "-w", "%output{/etc/cron.d/x}* * * * *", "http://10.0.0.1/"],
    ],
    ["curl asks for many", "netns/probe", ["curl", "http://10.0.0.{1,2,3}/"]],
    ["ping without an end", "netns/probe", ["ping", "10.0.0.1"]],
    ["ping without a pause", "netns/probe", ["ping", "-c", "9999", "-i", "0", "10.0.0.1"]],
    ["ping without a pause", "netns/probe", ["ping", "-c", "9999", "-i", "0.0", "10.0.0.1"]],
    ["ping with a preload", "netns/probe", ["ping", "-c", "1", "-l", "65536", "10.0.0.1"]],
    ["ping as fast as it can", "netns/probe", ["ping", "-c", "1", "-A", "10.0.0.1"]],
    ["nstat's history file", "node/read", ["nstat", "-az"]],
    ["a file read by ethtool", "node/read", ["ethtool", "-d", "eth0", "file", "/etc/shadow"]],
    ["a trace that is taken by reading it", "node/read", ["cat", "/sys/kernel/tracing/trace_pipe"]],
    ["debugfs", "node/read", ["cat", "/sys/kernel/debug/tracing/trace_pipe"]],
  ];
  for (const [what, action, argv] of refused) t.type(findArgvFault(action, argv), "string", what);
  const allowed: [string, string[]][] = [
    ["runtime/pods", ["crictl", "-t", "5s", "-r", "unix:///run/x.sock", "ps", "-o", "json"]],
    [
      "netns/probe",
      [
        "ping",
        "-n",
        "-D",
        "-O",
        "-c",
        "4",
        "-i",
        "0.2",
        "-W",
        "1.5",
        "-s",
        "56",
        "-M",
        "do",
        "-p",
        "ab12",
        "::1",
      ],
    ],
    ["netns/probe", ["ping", "-c", "4", "-i", "0.01", "10.0.0.1"]],
    ["node/read", ["ethtool", "--json", "-S", "eth0"]],
    ["node/read", ["cat", "/sys/class/net/eth0/mtu", "/proc/softirqs"]],
  ];
  for (const [action, argv] of allowed) t.equal(findArgvFault(action, argv), undefined, argv.join(" "));
});

t.test("a script of known text does not take every value", async (t) => {
  const run = (action: string, name: string, ...values: string[]): string | undefined =>
    findArgvFault(action, ["sh", "-c", [...(KNOWN.get(name) ?? [])].join(""), name, ...values], KNOWN);
  const limits = ["600", "65536", "65536", "20", "4096", "10", "104"];
  const dir = "/var/tmp/hopbook-abc-node-a";
  const hop = ["0.node-a.pod.eth0", "/proc/7/ns/net", "eth0", "128", "n", "ip"];
  t.equal(run("runtime/pods", "hopbook-crictl", "", "pods", "-o", "json"), undefined);
  t.equal(run("runtime/inspect", "hopbook-inspectp", "unix:///run/x.sock", "a1", "b2"), undefined);
  t.equal(run("netns/tcpdump", "hopbook-capture", dir, ...limits, ...hop, ...hop), undefined);
  t.equal(run("capture/pull", "hopbook-follow", dir, "node-a.pod.eth0"), undefined);
  t.equal(
    run("kernel/droptrace", "hopbook-droptrace", "hopbook-a-b", "20", "4096", "16777216", ""),
    undefined,
  );
  t.equal(
    run("netns/probe", "hopbook-probe-tcp", "connect", "10.0.0.1", "80", "200", "1500", "", ""),
    undefined,
  );
  t.equal(
    run("netns/probe", "hopbook-probe-udp", "datagram", "fd00::1", "53", "200", "1500", "\\x00\\xff"),
    undefined,
  );
  const question =
    `\\x7d\\x5b\\x01\\x00\\x00\\x01${"\\x00".repeat(6)}\\x03web\\x00\\x00\\x01\\x00\\x01`.replace(
      "web",
      "\\x77\\x65\\x62",
    );
  const times = ["20", "2000"];
  t.equal(run("pod/names", "hopbook-names", "datagram", "10.96.0.10", "53", ...times, question), undefined);
  const https = "1 web.example 0123456789ab-1 /healthz?x=1 web.example:8443 \\x16\\x03";
  t.equal(run("netns/probe", "hopbook-probe-https", "https", "10.0.0.1", "443", ...times, https), undefined);
  t.equal(run("node/read", "hopbook-tools", "/var/tmp", "tcpdump", "ip6tables-save"), undefined);
  t.equal(run("netns/read", "hopbook-tools-folder", "/var/tmp", "/dev/shm"), undefined);

  const refused: [string, string, ...string[]][] = [
    ["pod/names", "hopbook-names", "datagram", "10.96.0.10", "5353", ...times, question],
    ["pod/names", "hopbook-names", "dns", "10.96.0.10", "53", ...times, question],
    ["pod/names", "hopbook-names", "datagram", "10.96.0.10", "53", "a[$(reboot)]", "2000", question],
    ["pod/names", "hopbook-names", "datagram", "10.96.0.10", "53", ...times, "\\x41\\x42"],
    [
      "pod/names",
      "hopbook-names",
      "datagram",
      "10.96.0.10",
      "53",
      ...times,
      question.replace("\\x01\\x00", "\\x28\\x00"),
    ],
    ["netns/probe", "hopbook-probe-https", "https", "10.0.0.1", "443", "a[$(reboot)]", "2000", https],
    ["netns/probe", "hopbook-probe-https", "connect", "10.0.0.1", "443", ...times, https],
    [
      "netns/probe",
      "hopbook-probe-https",
      "https",
      "10.0.0.1",
      "443",
      ...times,
      https.replace("web.example", "-proxy"),
    ],
    ["node/read", "hopbook-tools", "../etc", "tcpdump"],
    ["node/read", "hopbook-tools", "/var/tmp", "$(reboot)"],
    ["netns/read", "hopbook-tools-folder", "/var/tmp", "/tmp/../etc"],
    ["capture/pull", "hopbook-follow", "/etc", "a"],
    ["capture/pull", "hopbook-follow", dir, "../a"],
    ["runtime/pods", "hopbook-crictl", "", "rm", "-a", "-f"],
    ["runtime/pods", "hopbook-crictl", "", "exec", "abc", "sh"],
    ["runtime/pods", "hopbook-crictl", "", "pods", "--config", "/x"],
    ["runtime/pods", "hopbook-crictl", "tcp://10.0.0.1:1", "pods", "-o", "json"],
    ["runtime/inspect", "hopbook-inspectp", "", "--config=/x"],
    ["runtime/inspect", "hopbook-cni-cache", "../../../../etc/x"],
    ["netns/tcpdump", "hopbook-capture", "/etc", ...limits, ...hop],
    ["netns/tcpdump", "hopbook-capture", "/var/tmp/../../etc/hopbook-x", ...limits, ...hop],
    ["netns/tcpdump", "hopbook-capture", dir, "600;reboot", ...limits.slice(1), ...hop],
    ["netns/tcpdump", "hopbook-capture", dir, ...limits, "../../etc/x", ...hop.slice(1)],
    ["netns/tcpdump", "hopbook-capture", dir, ...limits, "id", "relative", ...hop.slice(2)],
    ["netns/tcpdump", "hopbook-capture", dir, ...limits, "id", "/proc/1/ns/net", "-w/tmp/x", ...hop.slice(3)],
    ["kernel/droptrace", "hopbook-droptrace", "../../events", "20", "4096", "16777216", ""],
    [
      "netns/probe",
      "hopbook-probe-tcp",
      "http",
      "10.0.0.1",
      "80",
      "200",
      "1500",
      "file:///etc/shadow tag / host",
    ],
    ["netns/probe", "hopbook-probe-tcp", "connect", "10.0.0.1", "80", "a[$(reboot)]", "1500", ""],
    ["netns/probe", "hopbook-probe-udp", "datagram", "10.0.0.1", "53", "200", "1500", "%s$(reboot)"],
  ];
  for (const [action, name, ...values] of refused)
    t.match(run(action, name, ...values), /is no value for it/, [name, ...values].join(" "));
});
