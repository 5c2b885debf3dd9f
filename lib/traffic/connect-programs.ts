/**
 * One TCP attempt by an interpreter that the node has: `PROGRAM MODE IP PORT WAIT_SECONDS PAYLOAD`, which says the lines
 * of a worker (script-base.ts). Both bind first, so that the local port is known of a refused connection as well, look up
 * no name, read none of their users' start-up files, and end by themselves. Neither holds a single quote.
 */

/** How much of an HTTP answer is read: enough for a download that measures. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A server's first flight with its own certificate, which comes first of its chain. */
const MOST_FLIGHT_BYTES = 8192;

/** Only what perl-base has: Debian's nodes have no more. */
export const PERL_PROGRAM = String.raw`
use strict;
use Socket;
$| = 1;
my ($mode, $ip, $port, $wait, $data) = @ARGV;
alarm(int($wait) + 2);
my $six = index($ip, ":") >= 0;
my $family = $six ? AF_INET6 : AF_INET;
sub address {
  my ($ip, $port) = @_;
  my $packed = Socket::inet_pton($family, $ip);
  return $six ? Socket::pack_sockaddr_in6($port, $packed) : Socket::pack_sockaddr_in($port, $packed);
}
sub fail { print "$!\n"; exit 1 }
socket(my $socket, $family, SOCK_STREAM, 0) or fail();
bind($socket, address($six ? "::" : "0.0.0.0", 0)) or fail();
my $own = getsockname($socket);
my ($local) = $six ? Socket::unpack_sockaddr_in6($own) : Socket::unpack_sockaddr_in($own);
print "port $local\nsent\n";
connect($socket, address($ip, $port)) or fail();
print "connected\n";
exit 0 if $mode eq "connect";
if ($mode eq "http") {
  my (undef, $tag, $path, $host) = split(/ /, $data);
  $data = "GET $path HTTP/1.1\r\nHost: $host\r\nUser-Agent: hopbook\r\nX-Hopbook-Tag: $tag\r\nConnection: close\r\n\r\n";
} else {
  $data =~ s/\\x([0-9a-f]{2})/chr(hex($1))/ge;
}
defined(syswrite($socket, $data)) or fail();
if ($mode eq "tls") {
  my $all = "";
  while (length($all) < ${MOST_FLIGHT_BYTES}) {
    my $wait = ""; vec($wait, fileno($socket), 1) = 1;
    # A flight ends with a hello done, or an alert; what does not is waited for a moment.
    last if length($all) > 0 && !select($wait, undef, undef, 0.5);
    my $came = sysread($socket, my $part, 8192);
    defined($came) or length($all) > 0 or fail();
    last if !$came;
    print "first ", unpack("H*", substr($part, 0, 14)), "\n" if $all eq "";
    $all .= $part;
    last if $all =~ /\x0e\0\0\0\z/ || $all =~ /\A\x15/;
  }
  print(length($all) > 0 ? "flight " . unpack("H*", $all) . "\n" : "it closed the connection without an answer\n");
  exit 0;
}
my ($head, $bytes, $part) = ("", 0, "");
while ($bytes < ${MOST_BYTES}) {
  my $came = sysread($socket, $part, 65536);
  defined($came) or fail();
  last if $came == 0;
  $bytes += $came;
  next if length($head) >= 14;
  $head = substr($head . $part, 0, 14);
  next if length($head) < 14;
  print(($mode eq "http" ? "first " : "reply "), unpack("H*", $head), "\n");
  exit 0 if $mode eq "dns";
}
print "it closed the connection without an answer\n" if $bytes == 0;
print("reply ", unpack("H*", $head), "\n") if length($head) > 0 && length($head) < 14;
print "body $bytes\n" if length($head) == 14;
`;

export const PYTHON_PROGRAM = String.raw`
import signal, socket, sys
mode, ip, port, wait, data = sys.argv[1:6]
signal.alarm(int(float(wait)) + 2)
six = ":" in ip
def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
def attempt(data):
    end = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
    end.bind(("::" if six else "0.0.0.0", 0))
    say("port %d\nsent" % end.getsockname()[1])
    end.connect((ip, int(port)))
    say("connected")
    if mode == "connect":
        return
    if mode == "http":
        _, tag, path, host = data.split(" ")
        lines = ["GET %s HTTP/1.1" % path, "Host: " + host, "User-Agent: hopbook", "X-Hopbook-Tag: " + tag]
        end.sendall("\r\n".join(lines + ["Connection: close", "", ""]).encode())
    else:
        end.sendall(bytearray(int(pair, 16) for pair in data.split("\\x")[1:]))
    if mode == "tls":
        return flight(end)
    head, count = b"", 0
    while count < ${MOST_BYTES}:
        part = end.recv(65536)
        if not part:
            break
        count += len(part)
        if len(head) >= 14:
            continue
        head = (head + part)[:14]
        if len(head) == 14:
            say(("first " if mode == "http" else "reply ") + hexed(head))
            if mode == "dns":
                return
    if count == 0:
        say("it closed the connection without an answer")
    if 0 < len(head) < 14:
        say("reply " + hexed(head))
    if len(head) == 14:
        say("body %d" % count)
def flight(end):
    came = b""
    while len(came) < ${MOST_FLIGHT_BYTES}:
        try:
            part = end.recv(8192)
        except socket.timeout:
            break
        if not part:
            break
        if not came:
            say("first " + hexed(part[:14]))
            end.settimeout(0.5)
        came += part
        if came[-4:] == b"\x0e\0\0\0" or came[:1] == b"\x15":
            break
    say("flight " + hexed(came) if came else "it closed the connection without an answer")
def hexed(head):
    return "".join("%02x" % byte for byte in bytearray(head))
try:
    attempt(data)
except (OSError, IOError) as error:
    say(error.strerror or str(error))
`;
