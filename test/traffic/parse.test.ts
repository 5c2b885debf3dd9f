import t from "tap";
import type { ProbeKind } from "../../lib/model/traffic.js";
import { parseProbe, planProbe, type ProbeResult } from "../../lib/traffic/index.js";
import { OPTIONS, makeFlow } from "./flows.js";
import { fc } from "../fixtures/property.js";
import { beginComputing } from "../fixtures/patience.js";

const planOf = (kind: ProbeKind, count = 4) =>
  planProbe(makeFlow(kind, { ip: "192.168.218.65", port: 8080 }), { ...OPTIONS, count });
const said = (stdout: string, stderr = "", exitCode: number | null = 0): ProbeResult => ({
  stdout,
  stderr,
  exitCode,
});
const brief = (kind: ProbeKind, result: ProbeResult, count = 4): unknown[] =>
  parseProbe(planOf(kind, count), result).attempts.map(({ outcome, detail }) => `${outcome}: ${detail}`);

t.test("ping: replies, their times and a late one", (t) => {
  const record = parseProbe(
    planOf("ping"),
    said(`PATTERN: 0x0a1b2c3d4e5f
PING 192.168.218.65 (192.168.218.65) 56(84) bytes of data.
[1795236263.500000] 64 bytes from 192.168.218.65: icmp_seq=1 ttl=62 time=100 ms
[1795236263.700000] no answer yet for icmp_seq=2
[1795236263.801000] 64 bytes from 192.168.218.65: icmp_seq=3 ttl=62 time=1.00 ms
[1795236263.802000] 64 bytes from 192.168.218.65: icmp_seq=3 ttl=62 time=2.00 ms (DUP!)
[1795236263.950000] 64 bytes from 192.168.218.65: icmp_seq=2 ttl=62 time=350 ms

--- 192.168.218.65 ping statistics ---
4 packets transmitted, 3 received, 25% packet loss, time 606ms
`),
  );
  t.same(
    record.attempts.map(({ seq, sentAtSec, outcome, rttMs }) => [seq, sentAtSec, outcome, rttMs]),
    [
      [1, 1795236263.4, "answered", 100],
      [2, 1795236263.6, "answered", 350],
      [3, 1795236263.8, "answered", 1],
      [4, 1795236264, "timeout", null],
    ],
  );
  t.equal(record.error, null);
  t.equal(record.attempts[0]?.localPort, null);
  t.end();
});

t.test("ping: a router's word, with the reason it gives", (t) => {
  const lines = `[1795236978.054057] From 192.168.174.1 icmp_seq=1 Destination Host Unreachable
[1795236978.054116] From 10.77.0.12 icmp_seq=2 Packet filtered
[1795236978.054122] From fe80::1%eth0 icmp_seq=3 Destination unreachable: Address unreachable
[1795236978.054122] From 10.77.0.12 icmp_seq=4 Frag needed and DF set (mtu = 1400)
4 packets transmitted, 0 received, +4 errors, 100% packet loss, time 606ms`;
  t.same(brief("ping", said(lines, "", 1)), [
    "error: Destination Host Unreachable, from 192.168.174.1",
    "refused: Packet filtered, from 10.77.0.12",
    "error: Destination unreachable: Address unreachable, from fe80::1",
    "error: Frag needed and DF set (mtu = 1400), from 10.77.0.12",
  ]);
  t.end();
});

t.test("ping: the kernel's own refusals are the last ones'", (t) => {
  const out = `[1795236978.1] From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)
[1795236978.3] no answer yet for icmp_seq=2
3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 404ms`;
  const err =
    "ping: local error: message too long, mtu=1400\nping: local error: message too long, mtu: 1400\n";
  t.same(brief("ping-large", said(out, err, 1)), [
    "error: Frag needed and DF set (mtu = 1400), from 10.0.0.1",
    "error: message too long, mtu=1400",
    "error: message too long, mtu: 1400",
  ]);
  t.same(brief("ping", said("", "ping: sendmsg: Operation not permitted\n", 2), 1), [
    "error: Operation not permitted",
  ]);
  t.end();
});

t.test("ping: none was sent", (t) => {
  const record = parseProbe(planOf("ping"), said("", "ping: connect: Network is unreachable\n", 2));
  t.same(record.attempts, []);
  t.equal(record.error, "ping: connect: Network is unreachable");
  t.equal(record.exitCode, 2);
  const old = parseProbe(
    planOf("ping"),
    said("", "nsenter: failed to execute ping: No such file or directory\n", 127),
  );
  t.equal(old.error, "nsenter: failed to execute ping: No such file or directory");
  const times = said("4 packets transmitted, 0 received\n", "", 1);
  t.same(
    parseProbe(planOf("ping"), { ...times, startedAtSec: 1000 }).attempts.map((each) => each.sentAtSec),
    [1000, 1000.2, 1000.4, 1000.6],
  );
  t.same(parseProbe(planOf("ping"), times).attempts[0]?.sentAtSec, 0);
  t.end();
});

t.test("attempts of the scripts, in their order, each once", (t) => {
  const record = parseProbe(
    planOf("http"),
    said(`banner of a login
attempt 2 1795236656000002 61020 2500 reply 485454502f312e3120323030204f body 312
attempt 1 1795236656000001 61000 250000 connected - 
attempt 1 1795236656000009 61009 9 reply 500 
attempt 3 1795236656000003 - - none - Connection refused
attempt 9 1795236656000009 61009 9 reply 500 
attempt 4 1795236656000004 99999 - none - \u001b[31mNo route to host
done
`),
  );
  t.same(record.attempts, [
    {
      seq: 1,
      sentAtSec: 1795236656.000001,
      localPort: 61_000,
      outcome: "timeout",
      detail: "connected, then no answer",
      rttMs: null,
    },
    {
      seq: 2,
      sentAtSec: 1795236656.000002,
      localPort: 61_020,
      outcome: "answered",
      detail: "HTTP 200",
      rttMs: 2.5,
    },
    {
      seq: 3,
      sentAtSec: 1795236656.000003,
      localPort: null,
      outcome: "refused",
      detail: "connection refused",
      rttMs: null,
    },
    {
      seq: 4,
      sentAtSec: 1795236656.000004,
      localPort: null,
      outcome: "error",
      detail: "?[31mNo route to host",
      rttMs: null,
    },
  ]);
  t.end();
});

t.test("what each kind's answer says", (t) => {
  const reply = (kind: ProbeKind, hex: string): unknown =>
    brief(kind, said(`attempt 1 1795236656000001 61000 100 reply ${hex} `), 1)[0];
  const other = (kind: ProbeKind, state: string, text: string): unknown =>
    brief(kind, said(`attempt 1 1795236656000001 61000 100 ${state} - ${text}`), 1)[0];
  t.equal(reply("dns-udp", "2122818000010001"), "answered: NOERROR");
  t.equal(reply("dns-udp", "2122818300010000"), "answered: NXDOMAIN");
  t.equal(reply("dns-tcp", "00382122818500010000"), "answered: REFUSED");
  t.equal(reply("dns-tcp", "0038212281800001000000000000"), "answered: NOERROR, no record");
  t.equal(reply("dns-udp", "212283800001000200000000"), "answered: NOERROR, truncated");
  t.equal(reply("dns-udp", "212281800001000200000000"), "answered: NOERROR");
  t.equal(reply("dns-udp", "212281800f"), "answered: NOERROR");
  t.equal(reply("dns-udp", "2122818f"), "answered: RCODE 15");
  t.equal(reply("dns-udp", "21220100"), "answered: not a DNS answer");
  t.equal(reply("dns-udp", "21"), "answered: not a DNS answer");
  t.equal(reply("udp", "00ff"), "answered: answered");
  t.equal(reply("http", `${Buffer.from("HTTP/1.1 404 N").toString("hex")} body 99`), "answered: HTTP 404");
  const cut = Buffer.from("HTTP/1.1 200 O").toString("hex");
  t.equal(reply("http", cut), "answered: HTTP 200, not to its end");
  t.equal(
    reply("http", `${cut} Connection reset by peer`),
    "answered: HTTP 200, not to its end: Connection reset by peer",
  );
  t.equal(reply("http", `${cut} body 5000000`), "answered: HTTP 200, 4.8 MiB");
  t.equal(reply("http", Buffer.from("SSH-2.0-OpenSS").toString("hex")), "answered: not HTTP");
  t.equal(other("tcp-connect", "connected", ""), "answered: connected");
  t.equal(other("dns-tcp", "connected", ""), "timeout: connected, then no answer");
  t.equal(other("tcp-connect", "none", ""), "timeout: no answer");
  t.equal(
    other("tcp-connect", "none", "hopbook-probe-tcp: connect: Connection timed out"),
    "timeout: no answer",
  );
  t.equal(other("http", "connected", "Connection reset by peer"), "refused: connection reset");
  t.equal(
    other("http", "none", `nc ${Buffer.from("nc: can't connect: Connection refused").toString("hex")}`),
    "refused: connection refused",
  );
  t.equal(
    other("udp", "none", "dd: error writing 'standard output': Operation not permitted"),
    "error: Operation not permitted",
  );
  t.end();
});

t.test("fewer attempts than planned have a reason", (t) => {
  const error = (result: ProbeResult): string | null => parseProbe(planOf("udp"), result).error;
  t.equal(error(said("missing timeout\n", "", 3)), "the node has no timeout");
  t.equal(error(said("", "", null)), "the command was ended before its time");
  t.equal(error(said("", "", 0)), "0 of 4 attempts were made");
  t.equal(error(said("", "sudo: hi\n\u001b]0;evil\u0007bash: not found\n", 127)), "?]0;evil?bash: not found");
  t.end();
});

t.test("hostile output never throws and never gives more than was planned", (t) => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "attempt 1 1 1 1 reply ",
      "attempt ",
      "icmp_seq=",
      "[1795236263.5] ",
      "64 bytes from x: icmp_seq=",
      "From 1.1.1.1 icmp_seq=",
      " time=",
      " ms\n",
      "\n",
      "4",
      "99999 packets transmitted",
      "ping: local error: ",
    ),
  );
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(
      fc.constantFrom<ProbeKind>("ping", "udp", "http", "dns-tcp"),
      text,
      text,
      (kind, stdout, stderr) => {
        const { attempts, error } = parseProbe(planOf(kind), said(stdout, stderr, null));
        const seqs = attempts.map((each) => each.seq);
        return (
          seqs.length <= 4 &&
          new Set(seqs).size === seqs.length &&
          attempts.every(
            ({ sentAtSec, rttMs, detail }) =>
              Number.isFinite(sentAtSec) &&
              /^[\x20-\x7e]{0,260}$/.test(detail) &&
              (rttMs === null || Number.isFinite(rttMs)),
          ) &&
          (error === null || /^[\x20-\x7e]{1,200}$/.test(error))
        );
      },
    ),
    { numRuns: 500 },
  );
  t.end();
});

t.test("long lines of somebody else's cost no time", (t) => {
  const computedMs = beginComputing();
  const long = `[1795236263.5] 64 bytes from ${"icmp_seq=1 time=".repeat(60_000)}\n`;
  parseProbe(planOf("ping"), said(long, long, 1));
  parseProbe(planOf("http"), said(`attempt 1 1 1 1 reply 200 ${"x: ".repeat(300_000)}`, "", 1));
  t.ok(computedMs() < 10_000, `${Math.round(computedMs())} ms`);
  t.end();
});
