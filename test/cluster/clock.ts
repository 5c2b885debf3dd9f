import { onNode } from "./use.js";
import type { ClusterState } from "./state.js";

/**
 * The nodes share one kernel, and so one clock. This stands in for another one at the edge of a node: its date(1) and
 * the times in what its tcpdump writes are off by so many seconds, as they would be there.
 */

const FOLDER = "/run/wrong-clock";

/** date(1) for \`+FORMAT\`, of now: all that is asked of it on a node. */
const DATE = `#!/bin/sh
now=$(${FOLDER}/real-date +%s.%N)
exec ${FOLDER}/real-date -d "@$((\${now%.*} + @OFFSET@)).\${now#*.}" "$@"
`;

/** tcpdump whose \`-w FILE\` passes through: the seconds of each record's header are changed, nothing else. */
const TCPDUMP = `#!/usr/bin/perl
use strict; use warnings;
my ($file, @words);
while (@ARGV) {
  my $word = shift @ARGV;
  push @words, $word;
  if ($word eq "-w") { $file = shift @ARGV; push @words, "-", "-U"; }
}
exec "${FOLDER}/real-tcpdump", @words unless defined $file;
pipe(my $from, my $to) or die "pipe: $!";
my $child = fork() // die "fork: $!";
if (!$child) { close $from; open(STDOUT, ">&", $to) or die; exec "${FOLDER}/real-tcpdump", @words; exit 127; }
close $to;
for my $name (qw(INT TERM HUP USR1 USR2)) { $SIG{$name} = sub { kill $name, $child }; }
open(my $out, ">:raw", $file) or die "$file: $!";
binmode $from;
sub take {
  my ($count) = @_;
  my $text = "";
  while (length($text) < $count) {
    my $got = sysread($from, $text, $count - length($text), length($text));
    next if !defined $got && $!{EINTR};
    return undef if !$got;
  }
  return $text;
}
my $head = take(24);
if (defined $head) {
  my $long = unpack("V", $head) =~ /^(?:2712847316|2712812621)$/ ? "V" : "N";
  syswrite($out, $head);
  while (defined(my $record = take(16))) {
    my ($seconds, @rest) = unpack("\${long}4", $record);
    my $bytes = take($rest[1]);
    last if !defined $bytes;
    syswrite($out, pack("\${long}4", $seconds + @OFFSET@, @rest) . $bytes);
  }
}
close $out;
waitpid($child, 0);
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
`;

/** Puts a node's clock off by so many seconds; what is returned puts it right. */
export async function putClockOff(
  own: ClusterState,
  at: { readonly node: string; readonly offsetSec: number },
): Promise<() => Promise<void>> {
  const { node, offsetSec } = at;
  const run = async (script: string, ...words: readonly string[]): Promise<void> => {
    const done = await onNode(own, node, { argv: ["sh", "-euc", script, "clock", ...words] });
    if (done.exitCode !== 0) throw new Error(`${node}: ${done.stderr}`);
  };
  const of = (script: string): string => script.replaceAll("@OFFSET@", String(offsetSec));
  const put = `mkdir ${FOLDER}
for name in date tcpdump; do
  cp "/usr/bin/$name" "${FOLDER}/real-$name"
  printf %s "$1" >"${FOLDER}/$name"; shift
  chmod 755 "${FOLDER}/$name"
  mount --bind "${FOLDER}/$name" "/usr/bin/$name"
done`;
  await run(put, of(DATE), of(TCPDUMP));
  return () => run(`umount /usr/bin/date /usr/bin/tcpdump; rm -rf ${FOLDER}`);
}
