/**
 * IPIP for kernels without it: a TUN device that looks like the kernel's (`link/ipip`), and a raw socket of protocol 4. Each
 * packet goes to the next hop of the node's own route, as the kernel's device does. Arguments: the device, and the file
 * to make when it is there.
 */
export const IPIP_PROGRAM = String.raw`
use strict;
use warnings;
use Socket;
use Fcntl;
my ($device, $ready) = @ARGV;
my ($TUNSETIFF, $TUNSETLINK, $IFF_TUN_NO_PI, $ARPHRD_TUNNEL) = (0x400454ca, 0x400454cd, 0x1001, 768);
sysopen(my $tun, "/dev/net/tun", O_RDWR) or die "Cannot open /dev/net/tun: $!\n";
ioctl($tun, $TUNSETIFF, pack("Z16 s x22", $device, $IFF_TUN_NO_PI)) or die "Cannot make $device: $!\n";
ioctl($tun, $TUNSETLINK, $ARPHRD_TUNNEL) or die "Cannot make $device an IPIP device: $!\n";
socket(my $raw, AF_INET, SOCK_RAW, 4) or die "Cannot open a raw socket: $!\n";
open(my $file, ">", $ready) or die "Cannot write $ready: $!\n";
close $file;

# The longest prefix first: mask, destination, gateway, as numbers in the order of /proc/net/route.
my ($read_at, @routes) = (0);
sub next_hop {
  my ($destination) = @_;
  if (time != $read_at) {
    open(my $table, "<", "/proc/net/route") or return undef;
    @routes = sort { unpack("N", pack("V", $b->[0])) <=> unpack("N", pack("V", $a->[0])) }
      map { my @field = split; $field[0] eq $device ? [map { hex } @field[7, 1, 2]] : () } <$table>;
    $read_at = time;
  }
  my $number = unpack("V", $destination);
  for my $route (@routes) {
    return pack("V", $route->[2] || $number) if ($number & $route->[0]) == $route->[1];
  }
  return undef;
}

my $bits = "";
vec($bits, fileno($_), 1) = 1 for $tun, $raw;
while (1) {
  select(my $can_read = $bits, undef, undef, undef);
  if (vec($can_read, fileno($tun), 1) && sysread($tun, my $packet, 65535) >= 20) {
    my $hop = ord($packet) >> 4 == 4 ? next_hop(substr($packet, 16, 4)) : undef;
    send($raw, $packet, 0, sockaddr_in(0, $hop)) if defined $hop;
  }
  if (vec($can_read, fileno($raw), 1) && defined recv($raw, my $packet, 65535, 0)) {
    syswrite($tun, substr($packet, (ord($packet) & 15) * 4));
  }
}
`;
