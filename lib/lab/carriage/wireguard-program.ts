/**
 * What WireGuard looks like on the wire, for kernels without it: a TUN device, and a UDP socket of port 51820. Each packet goes to
 * the node whose block has its destination, as tunnel/peers says: lines of a MAC, an address and a block; what comes has to have a
 * source of its node's block. Messages have WireGuard's layout (kind, index, counter, padding to 16 bytes, 16 bytes at the end);
 * their bodies are only made unreadable, since nothing in a lab is secret. Arguments: the device, and the file to make
 * when it is there.
 */
export const WIREGUARD_PROGRAM = String.raw`
use strict;
use warnings;
use Socket;
use Fcntl;
my ($device, $ready) = @ARGV;
my ($TUNSETIFF, $TUNSETLINK, $IFF_TUN_NO_PI, $ARPHRD_NONE) = (0x400454ca, 0x400454cd, 0x1001, 65534);
my ($PORT, $TRANSPORT, $HEADER, $TAG) = (51820, 4, 16, 16);
my @peers;
open(my $list, "<", "tunnel/peers") or die "Cannot read tunnel/peers: $!\n";
while (<$list>) {
  my ($ip, $block, $bits) = m{^\S+ (\S+) (\S+)/(\d+)$} or next;
  my $mask = ~((1 << (32 - $bits)) - 1) & 0xffffffff;
  push @peers, [unpack("N", inet_aton($block)), $mask, inet_aton($ip)];
}
sub peer_of {
  my ($number) = (unpack("N", $_[0]));
  for my $peer (@peers) { return $peer->[2] if ($number & $peer->[1]) == $peer->[0]; }
  return undef;
}
sysopen(my $tun, "/dev/net/tun", O_RDWR) or die "Cannot open /dev/net/tun: $!\n";
ioctl($tun, $TUNSETIFF, pack("Z16 s x22", $device, $IFF_TUN_NO_PI)) or die "Cannot make $device: $!\n";
ioctl($tun, $TUNSETLINK, $ARPHRD_NONE) or die "Cannot make $device bare: $!\n";
socket(my $udp, AF_INET, SOCK_DGRAM, 0) or die "Cannot open a UDP socket: $!\n";
bind($udp, sockaddr_in($PORT, INADDR_ANY)) or die "Cannot take port $PORT: $!\n";
open(my $file, ">", $ready) or die "Cannot write $ready: $!\n";
close $file;

my ($counter, $veil) = (0, "\xa5" x 65536);
my $bits = "";
vec($bits, fileno($_), 1) = 1 for $tun, $udp;
while (1) {
  select(my $can_read = $bits, undef, undef, undef);
  if (vec($can_read, fileno($tun), 1) && sysread($tun, my $packet, 65535) >= 20) {
    my $peer = ord($packet) >> 4 == 4 ? peer_of(substr($packet, 16, 4)) : undef;
    if (defined $peer) {
      my $body = $packet . "\0" x (-length($packet) % 16);
      my $head = pack("V V Q<", $TRANSPORT, 1, $counter++);
      send($udp, $head . ($body ^ substr($veil, 0, length $body)) . "\x5a" x $TAG, 0, sockaddr_in($PORT, $peer));
    }
  }
  if (vec($can_read, fileno($udp), 1) && defined(my $from = recv($udp, my $message, 65535, 0))) {
    my $bytes = length($message) - $HEADER - $TAG;
    next if $bytes < 20 || unpack("V", $message) != $TRANSPORT;
    my $packet = substr($message, $HEADER, $bytes) ^ substr($veil, 0, $bytes);
    my $peer = peer_of(substr($packet, 12, 4));
    my ($port, $ip) = sockaddr_in($from);
    syswrite($tun, substr($packet, 0, unpack("n", substr($packet, 2, 2)))) if defined $peer && $peer eq $ip;
  }
}
`;

/** What ip(8) says of the kernel's WireGuard device, in place of what it says of a TUN device. */
export const WIREGUARD_LINK = String.raw`"info_kind":"wireguard"`;
