import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import type { Packet } from "../../lib/rules/packet.js";

/** Two network namespaces and a veth between them; frames made of packets go from one into the other. */
export interface Wire {
  /** In the namespace that has the rules. */
  run(argv: readonly string[], stdin?: string): string;
  send(frames: readonly string[]): void;
  close(): void;
}

const SENDER_MAC = "020000000001";
const RECEIVER_MAC = "020000000002";

/** Why there can be none here; null: there can. */
export function whyNot(programs: readonly string[]): string | null {
  if (process.getuid?.() !== 0) return "needs root";
  for (const program of ["unshare", "nsenter", "ip", "python3", ...programs]) {
    try {
      execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    } catch {
      return `needs ${program}`;
    }
  }
  try {
    execFileSync("unshare", ["-n", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "may not make network namespaces";
  }
}

const SEND = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("veth0", 0))
for line in sys.stdin:
    s.send(bytes.fromhex(line.strip()))
`;

export function openWire(): Wire {
  const holders = [hold(), hold()];
  const [sender, receiver] = holders.map(({ pid }) => String(pid)) as [string, string];
  const within = (pid: string, argv: readonly string[], input?: string): string =>
    execFileSync("nsenter", ["-n", "-t", pid, ...argv], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
    });
  const script = (pid: string, text: string): string => within(pid, ["sh", "-ec", text]);
  waitFor(holders);
  script(
    sender,
    `ip link add veth0 address 02:00:00:00:00:01 type veth peer name eth0 address 02:00:00:00:00:02 netns ${receiver}
     sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip link set veth0 up; ip addr add 10.0.0.1/24 dev veth0`,
  );
  script(
    receiver,
    `sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip link set lo up; ip link set eth0 up; ip addr add 10.0.0.2/24 dev eth0
     ip route add default via 10.0.0.1
     for host in 1 3 4 5 200; do ip neigh add 10.0.0.$host lladdr 02:00:00:00:00:01 dev eth0; done
     for all in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$all/rp_filter; done`,
  );
  return {
    run: (argv, stdin) => within(receiver, argv, stdin),
    send: (frames) => void within(sender, ["python3", "-c", SEND], `${frames.join("\n")}\n`),
    close: () => {
      for (const holder of holders) holder.kill("SIGKILL");
    },
  };
}

function hold(): ChildProcess {
  return spawn("unshare", ["-n", "sleep", "900"], { stdio: "ignore" });
}

/** Until both are in namespaces of their own. */
function waitFor(holders: readonly ChildProcess[]): void {
  const own = execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" });
  for (const { pid } of holders) {
    const look = (): string =>
      execFileSync("readlink", [`/proc/${String(pid)}/ns/net`], { encoding: "utf8" });
    const until = Date.now() + 5000;
    while (look() === own && Date.now() < until)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  }
}

/** An Ethernet frame as hexadecimal, checksums right. */
export function frameOf(packet: Packet): string {
  const payload = transportOf(packet);
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header[1] = packet.trafficClass ?? 0;
  header.writeUInt16BE(20 + payload.length, 2);
  header[8] = packet.hopLimit ?? 64;
  header[9] = packet.protocol;
  header.set(packet.source.bytes, 12);
  header.set(packet.destination.bytes, 16);
  header.writeUInt16BE(sumOf(header), 10);
  return RECEIVER_MAC + SENDER_MAC + "0800" + Buffer.concat([header, payload]).toString("hex");
}

let conversations = 0;

function transportOf(packet: Packet): Buffer {
  const { protocol, sourcePort, destinationPort, icmpType, icmpCode, tcpFlags, lengthBytes } = packet;
  const size = (lengthBytes ?? 60) - 20;
  const body = Buffer.alloc(size);
  if (protocol === 1) {
    body.set([icmpType ?? 8, icmpCode ?? 0]);
    // Each its own conversation.
    body.writeUInt16BE((conversations += 1), 4);
    body.writeUInt16BE(sumOf(body), 2);
    return body;
  }
  body.writeUInt16BE(sourcePort ?? 0, 0);
  body.writeUInt16BE(destinationPort ?? 0, 2);
  if (protocol === 6) body.set([0x50, tcpFlags ?? 2, 0xff, 0xff], 12);
  else body.writeUInt16BE(size, 4);
  const pseudo = Buffer.from([
    ...packet.source.bytes,
    ...packet.destination.bytes,
    0,
    protocol,
    size >> 8,
    size & 255,
  ]);
  body.writeUInt16BE(sumOf(Buffer.concat([pseudo, body])), protocol === 6 ? 16 : 6);
  return body;
}

function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
