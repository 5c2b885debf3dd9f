/** Expressions that tcpdump takes, and what people try to get past it with. */

const HOSTS = ["host 10.0.0.1", "src host 10.0.0.1", "dst net 10.0.0.0/8", "host fd00::1", "net fd00::/64"];
const PORTS = ["port 53", "src port 8080", "portrange 1-1024", "dst port 443"];
const PROTOCOLS = ["udp", "tcp", "ip", "ip6", "arp", "icmp", "icmp6"];

export const GOOD: readonly string[] = [
  ...["", "not arp", "tcp[13] & 4 != 0", "tcp[tcpflags] & (tcp-rst|tcp-syn) != 0", "vlan 7 and udp"],
  ...["ip[6:2] & 0x1fff != 0", "len > 1400", "less 64", "greater 1000", "ether host 02:00:00:00:00:01"],
  ...["icmp[icmptype] = icmp-unreach", "(udp port 53) or (tcp port 53)", "udp[8:2] = 0x1234", "ip proto 50"],
  ...["broadcast", "multicast", "ether proto 0x88cc", "mpls", "tcp port 80 and (ip[2:2] > 100)"],
  ...PROTOCOLS,
  ...HOSTS,
  ...PORTS,
  ...PORTS.flatMap((port) => ["udp", "tcp"].map((protocol) => `${protocol} ${port}`)),
  ...HOSTS.flatMap((host) => PORTS.map((port) => `${host} and ${port}`)),
  ...HOSTS.map((host) => `not (${host}) and tcp[tcpflags] & tcp-rst != 0`),
  ...Array.from(
    { length: 110 },
    (_, index) => `tcp port ${index + 1000} or udp portrange ${index + 1}-${index + 9}`,
  ),
];

/** `FILE` stands for a file that must not come to be. */
const SHELL = [
  ...["$(touch FILE)", "`touch FILE`", "; touch FILE", "| touch FILE", "&& touch FILE", "& touch FILE &"],
  ...["' ; touch FILE ; '", '" ; touch FILE ; "', "\\; touch FILE", "> FILE", ">> FILE", "< /etc/passwd"],
  ...["${IFS}touch${IFS}FILE", "!touch FILE", "*", "?", "~", "$0", "$@", "$HOME", "#", "%s%n%x", "{a,b}"],
];
const OPTIONS = [
  ...["-w FILE", "-w", "-wFILE", "-r /etc/passwd", "-F /etc/passwd", "-z FILE", "-z /bin/sh", "-Z root"],
  ...["--print", "-G 1 -w FILE", "-C 1 -W 1 -w FILE", "-i any", "-V FILE", "--help", "--version", "-D", "-h"],
  ...["-- -w FILE", "--", "-", "-c 1", "-W1", "-E FILE", "-m FILE"],
];
const ODD = [
  ...["udp port", "and", "or or", "host", "((((", "))))", "tcp[", "tcp[999999999999999999999]", "port 99999"],
  ...[
    "port 53 -- comment",
    "udp # comment",
    "udp /* comment */",
    "udp // comment",
    "host 1.2.3",
    "host 300.1.1.1",
  ],
  ...["ether host zz", "vlan vlan vlan", "icmp6[0", "net 10.0.0.1/8", "proto nosuch", "port nosuchservice"],
  ...["inbound and (", "= = =", "1 = 2", "len", "0x", "ip[0:3] = 1", "ip[-1] = 0", "rejectall and"],
];
/** Refused before any tcpdump sees them. */
export const UNREADABLE: readonly string[] = [
  ...[
    "udp\nport 53",
    "udp\n-w FILE",
    "\n$(touch FILE)",
    "udp\tport 53",
    "udp\0port",
    "udp\rport 53",
    "udp\u001b[2J",
  ],
  ...["udp port 53\u202e", "host müller", "\u0000", "udp\u007f", "ud\u200bp", "\ud83d\ude00"],
  ...["host 10.0.0.1 or ".repeat(6000) + "udp", "x".repeat(100_000), "(".repeat(12_001), "not ".repeat(4000)],
];

export const HOSTILE: readonly string[] = [
  ...SHELL,
  ...OPTIONS,
  ...ODD,
  ...SHELL.map((text) => `udp port 53 ${text}`),
  ...OPTIONS.map((text) => `udp port 53 ${text}`),
  ...SHELL.map((text) => `${text} or udp`),
  ...OPTIONS.map((text) => `${text} udp port 53`),
  ...["not ".repeat(2900) + "udp", "(".repeat(5000) + "udp" + ")".repeat(5000)],
];
