import t from "tap";
import { parseConntrack } from "../../lib/linux/conntrack.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: plain and extended say the same", async (t) => {
  const plain = parseConntrack(recorded("netfilter/conntrack-1.4.7.txt"));
  t.strictSame(parseConntrack(recorded("netfilter/conntrack-1.4.7-extended.txt")), plain);
  t.match(plain[0], {
    ...{ protocol: "udp", timeoutSec: 29, state: null, flags: ["UNREPLIED"], mark: 0, zone: null },
    original: { source: "10.1.0.1", destination: "10.1.0.9", sourcePort: 57_367, destinationPort: 53 },
    reply: { source: "10.1.0.9", sourcePort: 53 },
  });
  t.match(plain.at(-1), { protocol: "tcp", timeoutSec: 431_999, state: "ESTABLISHED", flags: ["ASSURED"] });
  t.strictSame(
    plain.map(({ reply }) => [reply.destination, reply.destinationPort]),
    plain.map(({ original }) => [original.source, original.sourcePort]),
    "nothing is translated",
  );
});

t.test("translations, counters, offload, ICMP, zones", async (t) => {
  const lines = [
    "tcp 6 86399 ESTABLISHED src=10.0.0.1 dst=10.96.0.1 sport=4 dport=443 packets=3 bytes=180 src=10.0.0.9 dst=10.0.0.1 sport=6443 dport=4 packets=2 bytes=120 [ASSURED] mark=5 zone=7 use=1",
    "tcp 6 src=10.0.0.1 dst=1.1.1.1 sport=4 dport=80 src=1.1.1.1 dst=192.0.2.1 sport=80 dport=9 [OFFLOAD] mark=0 use=2",
    "icmp 1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=77 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=77 mark=0 use=1",
    "tcp 6 1 SYN_SENT src=10.0.0.1 dst=10.96.0.1 sport=4 dport=443 [UNREPLIED] src=10.0.0.9 dst=192.0.2.1 sport=6443 dport=4",
    "tcp 6 1 SYN_SENT src=10.0.0.1 dst=10.96.0.1 sport=4",
    "conntrack v1.4.7 (conntrack-tools): 4 flow entries have been shown.",
  ];
  const found = parseConntrack(lines.join("\n"));
  t.strictSame(
    found.map(({ reply }) => [reply.source, reply.destination]),
    [
      ["10.0.0.9", "10.0.0.1"],
      ["1.1.1.1", "192.0.2.1"],
      ["10.0.0.2", "10.0.0.1"],
      ["10.0.0.9", "192.0.2.1"],
    ],
  );
  t.match(found[0], { mark: 5, zone: 7, original: { packets: 3, bytes: 180 }, reply: { bytes: 120 } });
  t.match(found[1], { timeoutSec: null, state: null, flags: ["OFFLOAD"] });
  t.match(found[2], { original: { icmpId: 77, sourcePort: null } });
});
