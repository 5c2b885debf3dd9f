import t from "tap";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { FLOW_TRACE_NAME, FLOW_TRACE_SCRIPT } from "../../../lib/linux/vswitch/flow-script.js";

/** The script with programs that only answer as Open vSwitch's and iproute2's do. */
const ANSWERS = {
  "ovs-vsctl": 'case "$*" in *find*) echo ovn1 ;; *iface-to-br*) echo br-int ;; *) echo 2 ;; esac',
  "ovs-appctl": 'echo "traced $*"',
  ip: [
    'case "$*" in *route*) echo "10.0.1.3 via 10.0.0.1 dev eth0 src 10.0.0.3" ;;',
    '*link*) echo "2: eth0: <UP> mtu 1400 link/ether 0a:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff" ;;',
    '*) echo "10.0.0.1 lladdr 0a:00:00:00:00:01 REACHABLE" ;; esac',
  ].join("\n"),
};

// A field of another protocol is a syntax error to the switch, which then answers nothing: meta-flow.h's names.
t.test("each protocol is asked by its own fields' names", async (t) => {
  const programs = t.testdir({});
  for (const [name, answer] of Object.entries(ANSWERS))
    writeFileSync(join(programs, name), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
  const ask = (protocol: string, source: string, target: string): string => {
    const words = ["-c", FLOW_TRACE_SCRIPT, FLOW_TRACE_NAME, protocol, "shop_client", source, target, "53"];
    const env = { ...process.env, PATH: `${programs}:${process.env["PATH"] ?? ""}` };
    return spawnSync("sh", words, { env, encoding: "utf8" }).stdout;
  };
  const ends = "in_port=2,dl_src=0a:00:00:00:00:03,dl_dst=0a:00:00:00:00:01";
  for (const [protocol, fields] of [
    ["tcp", "tcp,tcp_src=40000,tcp_dst=53,tcp_flags=0x002"],
    ["udp", "udp,udp_src=40000,udp_dst=53"],
    ["icmp", "icmp,icmp_type=8,icmp_code=0"],
  ] as const)
    t.equal(
      ask(protocol, "10.0.0.3", "10.0.1.3"),
      `bridge br-int, port shop_client\ntraced --timeout=9 ofproto/trace br-int ${fields},${ends},nw_src=10.0.0.3,nw_dst=10.0.1.3,nw_ttl=64\n`,
    );
  for (const [protocol, fields] of [
    ["tcp", "tcp6,tcp_src=40000,tcp_dst=53,tcp_flags=0x002"],
    ["udp", "udp6,udp_src=40000,udp_dst=53"],
    ["icmpv6", "icmp6,icmpv6_type=128,icmpv6_code=0"],
  ] as const)
    t.ok(
      ask(protocol, "fd00::3", "fd00:1::3").endsWith(
        ` br-int ${fields},${ends},ipv6_src=fd00::3,ipv6_dst=fd00:1::3,nw_ttl=64\n`,
      ),
      protocol,
    );
});
