/**
 * Geneve (RFC 8926) for kernels without it: a TAP device, and a UDP socket of port 6081. Each frame goes to the node whose
 * device has its MAC, as tunnel/peers says: lines of a MAC, an address and a block. Arguments: the device, and the file to make
 * when it is there.
 */
export const GENEVE_PROGRAM = String.raw`
use strict;
use warnings;
use Socket;
use Fcntl;
my ($device, $ready) = @ARGV;
my ($TUNSETIFF, $IFF_TAP_NO_PI, $PORT, $NETWORK) = (0x400454ca, 0x1002, 6081, 2);
my %node_of;
open(my $peers, "<", "tunnel/peers") or die "Cannot read tunnel/peers: $!\n";
while (<$peers>) {
  my ($mac, $ip) = split;
  $mac =~ tr/://d;
  $node_of{pack("H12", $mac)} = sockaddr_in($PORT, inet_aton($ip));
}
sysopen(my $tap, "/dev/net/tun", O_RDWR) or die "Cannot open /dev/net/tun: $!\n";
ioctl($tap, $TUNSETIFF, pack("Z16 s x22", $device, $IFF_TAP_NO_PI)) or die "Cannot make $device: $!\n";
socket(my $udp, AF_INET, SOCK_DGRAM, 0) or die "Cannot open a UDP socket: $!\n";
bind($udp, sockaddr_in($PORT, INADDR_ANY)) or die "Cannot take port $PORT: $!\n";
open(my $file, ">", $ready) or die "Cannot write $ready: $!\n";
close $file;

my $header = pack("C C n N", 0, 0, 0x6558, $NETWORK << 8);
my $bits = "";
vec($bits, fileno($_), 1) = 1 for $tap, $udp;
while (1) {
  select(my $can_read = $bits, undef, undef, undef);
  if (vec($can_read, fileno($tap), 1) && sysread($tap, my $frame, 65535) >= 14) {
    my $node = $node_of{substr($frame, 0, 6)};
    send($udp, $header . $frame, 0, $node) if defined $node;
  }
  if (vec($can_read, fileno($udp), 1) && defined recv($udp, my $packet, 65535, 0)) {
    my $inner = 8 + (ord($packet) & 63) * 4;
    syswrite($tap, substr($packet, $inner)) if length($packet) >= $inner + 14;
  }
}
`;

/** What ip(8) says of the kernel's Geneve device of the same port, in place of what it says of a TAP device. */
export const GENEVE_LINK = String.raw`"info_kind":"geneve","info_data":{"external":true,"ttl":0,"port":6081,"udp_csum":false,"udp_zero_csum6_rx":true}`;
