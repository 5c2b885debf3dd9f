import { execInNode, execInPod, execInUnderlay, type LabCommandResult } from "../../lib/lab/enter.js";
import type { LabState } from "../../lib/lab/index.js";
import { untilInShell } from "../fixtures/patience.js";

/**
 * Holds packets for a while where a rule sends them, since the kernel here has no netem: a queue of netfilter
 * (NFQUEUE, nfnetlink_queue), whose packets get their verdict late. Perl has netlink's sockets without any module.
 */
const PROGRAM = String.raw`
use strict;
my ($queue, $wait, $ready) = @ARGV;
socket(my $netlink, 16, 3, 12) or die "netlink: $!";
bind($netlink, pack("S S L L", 16, 0, 0, 0)) or die "bind: $!";
setsockopt($netlink, 1, 8, pack("i", 4 << 20));
sub send_message {
  my ($type, $family, $flags, $body) = @_;
  my $header = pack("L S S L L C C n", 20 + length($body), (3 << 8) | $type, $flags, 0, 0, $family, 0, $queue);
  syswrite($netlink, $header . $body);
}
sub attribute { my ($type, $data) = @_; return pack("S S", 4 + length($data), $type) . $data . "\0" x (-length($data) % 4) }
# NFQNL_MSG_CONFIG 2: PF_BIND of IPv4, BIND, and of each packet its metadata alone (NFQNL_COPY_META 1).
send_message(2, 2, 1, attribute(1, pack("C C n", 3, 0, 2)));
send_message(2, 0, 1, attribute(1, pack("C C n", 1, 0, 0)));
send_message(2, 0, 1, attribute(2, pack("N C", 0, 1)));
send_message(2, 0, 1, attribute(3, pack("N", 10000)));
open(my $file, ">", $ready); print $file "$$\n"; close($file);
use Time::HiRes qw(time);
my @held;
while (1) {
  my $left = @held ? $held[0][0] - time() : 60;
  my $set = ""; vec($set, fileno($netlink), 1) = 1;
  if (select($set, undef, undef, $left > 0 ? $left : 0) > 0) {
    my $came = sysread($netlink, my $bytes, 1 << 20);
    for (my $at = 0; defined($came) && $at + 20 <= $came; ) {
      my ($length, $type) = unpack("L S", substr($bytes, $at, 6));
      last if $length < 20;
      # NFQNL_MSG_PACKET 0, whose first attribute is its header: the packet's number.
      if (($type & 0xff) == 0 && ($type >> 8) == 3) {
        my ($size, $kind, $id) = unpack("S S N", substr($bytes, $at + 20, 8));
        push(@held, [time() + $wait, $id]);
      }
      $at += ($length + 3) & ~3;
    }
  }
  while (@held && $held[0][0] <= time()) {
    my $one = shift(@held);
    send_message(1, 0, 1, attribute(2, pack("N N", 1, $one->[1])));
  }
}
`;

const QUEUE = "7";
const START = `setsid perl -e "$1" "$2" "$3" "$4" </dev/null >/dev/null 2>&1 &
${untilInShell('[ -s "$4" ]')}`;
const STOP = 'read -r pid <"$1" && kill "$pid"; rm -f "$1"';

export type DelayPlace = "underlay" | `node-${string}` | `${string}/${string}`;

export interface Delay {
  readonly place: DelayPlace;
  /** Chain of the table `mangle`, and what a packet has to be: "FORWARD -p tcp --dport 8080". */
  readonly rule: string;
  readonly ms: number;
}

/** Holds each such packet; what it gives lets them go again. */
export async function delayPackets(lab: LabState, { place, rule, ms }: Delay): Promise<() => Promise<void>> {
  const at = async (...argv: string[]): Promise<void> => {
    const { exitCode, stderr } = await enter(lab, place, argv);
    if (exitCode !== 0) throw new Error(`${place}: ${argv.slice(0, 3).join(" ")}: ${stderr}`);
  };
  const ready = `/tmp/delay-${lab.name}`;
  const words = [...rule.split(" "), "-j", "NFQUEUE", "--queue-num", QUEUE];
  // What a bridge forwards passes iptables only where it is told to.
  const bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  const isBridge = place === "underlay";
  if (isBridge) await at("sh", "-c", 'echo 1 >"$1"', "delay", bridged);
  await at("sh", "-c", START, "delay", PROGRAM, QUEUE, String(ms / 1000), ready);
  await at("iptables", "-t", "mangle", "-I", ...words);
  return async () => {
    await at("iptables", "-t", "mangle", "-D", ...words);
    await at("sh", "-c", STOP, "delay", ready);
    if (isBridge) await at("sh", "-c", 'echo 0 >"$1"', "delay", bridged);
  };
}

function enter(lab: LabState, place: DelayPlace, argv: readonly string[]): Promise<LabCommandResult> {
  if (place === "underlay") return execInUnderlay(lab, argv);
  return place.includes("/") ? execInPod(lab, place, argv) : execInNode(lab, place, argv);
}
