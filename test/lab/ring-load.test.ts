import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execInNode, execInPod } from "../../lib/lab/index.js";
import type { CaptureRecord } from "../../lib/model/evidence.js";
import { Bench, folderOf } from "./bench.js";
import { startCli } from "./cli.js";

/**
 * A ring at 20,000 packets a second, or as many as the machine makes, which it prints: its bound on the disk at each sample, and no
 * loss that a bare tcpdump beside it has not. HOPBOOK_RING_SECONDS: for how long.
 */

const bench = await Bench.open("ring-load");
t.teardown(() => bench.close());

const SECONDS = Number(process.env["HOPBOOK_RING_SECONDS"] ?? "10");
const PER_SECOND = 20_000;
const PORT = 9200;
/**
 * Perl, for it sends several times as fast as Node, and each Debian has it. What is due since the last look goes at once; of what
 * the machine let wait for long, a tenth of a second's.
 */
const SENDER = `use strict; use Socket; use POSIX;
my ($host, $rate, $seconds) = @ARGV;
my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());
socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die $!;
my $to = sockaddr_in(${PORT}, inet_aton($host));
my ($sent, $began, $now, $pad) = (0, (POSIX::times())[0], 0, "x" x 60);
while (($now = ((POSIX::times())[0] - $began) / $ticks) < $seconds) {
  my $due = int($now * $rate) - $sent;
  $due = $rate / 10 if $due > $rate / 10;
  for (1..$due) { send($socket, pack("N", ++$sent) . $pad, 0, $to) or die $!; }
  select(undef, undef, undef, 0.002);
}
print "$sent $now\n";`;
/** Four files of 1 MB, one of which is there twice while a point's are put together. */
const RING = "4x1MB";
const BOUND_BYTES = 5 * 1_000_000;
/** What is written before tcpdump looks at a file's size again. */
const SLACK_BYTES = 65_536;
const FILTER = `udp port ${PORT}`;

t.test(
  "the disk's bound held at each sample, no packet lost that a bare tcpdump has",
  { timeout: (SECONDS + 100) * 1000 },
  async (t) => {
    const inPod = (...argv: string[]) =>
      execInPod(bench.lab, "shop/client", argv, { timeoutMs: (SECONDS + 60) * 1000 });
    const route = await inPod("ip", "-4", "route", "show", "default");
    const gateway = /via ([0-9.]+)/.exec(route.stdout)?.[1] ?? "";
    const cwd = bench.makeFolder();
    const args = ["capture", "--pod", "shop/client", "--filter", FILTER, "--ring", RING];
    const duration = `${SECONDS + 8}s`;
    const more = ["--duration", duration, "--cluster", bench.lab.files.profile, "--yes"];
    const run = startCli(bench.cli, [...args, ...more], { cwd, longestMs: (SECONDS + 90) * 1000 });
    t.ok(await run.said(" listening"), run.stderr());
    // Of the node: what is here is not there.
    const file = "/tmp/bare.pcap";
    const bare = inPod(
      "timeout",
      "-s",
      "INT",
      String(SECONDS + 6),
      ...["tcpdump", "-Z", "root", "-nn", "-i", "eth0"],
      "-w",
      file,
      "-C",
      "1",
      "-W",
      "4",
      FILTER,
    );
    const isThere = async (): Promise<boolean> =>
      (await inPod("pgrep", "-f", `^tcpdump .*${file}`)).stdout.trim() !== "";
    while (!(await isThere())) await sleep(50);
    const sizes: number[] = [];
    let isSending = true;
    const words = [gateway, PER_SECOND, SECONDS].map(String);
    const sending = inPod("perl", "-e", SENDER, ...words).finally(() => (isSending = false));
    const du = 'for f in /var/tmp/hopbook-*/*; do [ -f "$f" ] && stat -c %s "$f"; done 2>/dev/null';
    while (isSending) {
      const { stdout } = await execInNode(bench.lab, "node-a", ["sh", "-c", du]);
      sizes.push(stdout.split("\n").reduce((sum, line) => sum + Number(line), 0));
      await sleep(200);
    }
    const sent = await sending;
    t.equal(sent.exitCode, 0, sent.stderr);
    const [count, took] = sent.stdout.trim().split(" ").map(Number);
    const { exitCode, stderr } = await run.done;
    t.ok(exitCode === 0 || exitCode === 3, stderr);
    const { stderr: said } = await bare;
    await inPod("sh", "-c", 'rm -f "$1"*', "remove", file);
    const largest = Math.max(...sizes);
    t.ok(sizes.length >= SECONDS, `${sizes.length} samples`);
    t.ok(largest > 3_000_000, "the ring went round");
    t.ok(largest <= BOUND_BYTES + SLACK_BYTES, `${largest} bytes at most`);
    const dir = folderOf(join(cwd, "artifacts"));
    const { captures } = JSON.parse(readFileSync(join(dir, "evidence/captures.json"), "utf8")) as {
      readonly captures: readonly Pick<CaptureRecord, "droppedByKernel">[];
    };
    const dropped = captures[0]?.droppedByKernel ?? Infinity;
    const others = Number(/([0-9]+) packets? dropped by kernel/.exec(said)?.[1] ?? "NaN");
    t.comment(
      `${count} packets in ${took} s, ${sizes.length} samples, ${largest} bytes at most, ` +
        `dropped: ${dropped} by the ring, ${others} by a bare tcpdump`,
    );
    t.ok(dropped <= others + (count ?? 0) / 1000, `${dropped} and ${others}`);
    await bench.expectClean(t);
  },
);
