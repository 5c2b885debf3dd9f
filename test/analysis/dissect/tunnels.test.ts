import t from "tap";
import { STOP } from "../../../lib/analysis/dissect/packet.js";
import { LINKTYPE } from "../../../lib/packets/linktype.js";
import { greHeader } from "../../wire/gre.js";
import { dissect } from "../helpers/dissected.js";
import { concat, ethernet, icmp, ip, ipv4, ipv6, tcp, udp, vxlan } from "../helpers/packets.js";

const INNER = { source: "192.168.1.2", destination: "192.168.2.3" };
const NODES = { source: "10.77.0.11", destination: "10.77.0.12" };
const NODES6 = { source: "fd77::11", destination: "fd77::12" };
const ping = ipv4({ ...INNER, protocol: 1 }, icmp(8, 0, { seq: 3, payload: Buffer.alloc(8) }));
const PING = "ICMP echo request seq 3, 192.168.1.2 → 192.168.2.3, 36 B";

const gre = (type: number, payload: Uint8Array): Buffer => concat(greHeader({ type }), payload);

t.test("tunnels in tunnels: the innermost packet, its tunnel, and the outermost addresses", async (t) => {
  const overlay = vxlan(ethernet(ping), { source: "10.1.0.1", destination: "10.1.0.2", vni: 7 });
  const sixInFour = ipv4({ ...NODES, protocol: 41 }, ipv6({ ...NODES6, protocol: 4 }, overlay));
  const { packet, summary } = dissect(ethernet(ipv4({ ...NODES, protocol: 47 }, gre(0x0800, sixInFour))));
  t.equal(summary, `${PING}, in VXLAN 7`);
  t.match(packet, { stop: STOP.none, outerVersion: 4, outerAt: 7 + 14, tunnelId: 7, vlan: -1 });
  const six = dissect(ipv6({ ...NODES6, protocol: 47 }, gre(0x6558, ethernet(ping))), {
    linktype: LINKTYPE.RAW,
  });
  t.equal(six.summary, `${PING}, in GRE (Ethernet)`);
  t.match(six.packet, { outerVersion: 6, outerAt: 7, sourceMacAt: 7 + 40 + 4 + 6 });
});

t.test("IPv6 in IPv6 in IPv6, behind an encapsulation limit", async (t) => {
  const limited = (payload: Uint8Array): Buffer =>
    ipv6({ ...NODES6, protocol: 60, options: Uint8Array.of(41, 0, 4, 1, 4, 1, 1, 0) }, payload);
  const inner = ipv6({ source: "fd00::1", destination: "fd00::2", protocol: 17 }, udp(5, 6, Buffer.alloc(3)));
  const { summary, packet } = dissect(ethernet(limited(limited(inner))));
  t.equal(summary, "UDP [fd00::1]:5 → [fd00::2]:6, 3 B payload, 51 B, in IPIP");
  t.equal(packet.worn?.kind, "ipip");
});

t.test("what a tunnel's type says: MPLS in GRE, a service header, the generic VXLAN", async (t) => {
  const mpls = ipv4({ ...NODES, protocol: 47 }, gre(0x8847, concat([0, 1, 0x21, 64], ping)));
  t.equal(dissect(ethernet(mpls)).summary, `${PING}, in GRE`);
  const service = (next: number, words: number, payload: Uint8Array): Buffer =>
    concat([0x0f, 0xc0 | words, 1, next, 0, 0, 9, 255], Buffer.alloc(Math.max(0, words * 4 - 8)), payload);
  const generic = (payload: Uint8Array): Buffer =>
    ip({ ...NODES, protocol: 17 }, udp(50_000, 4790, concat([0x0c, 0, 0, 4, 0, 0, 5, 0], payload)));
  t.equal(dissect(ethernet(generic(service(1, 6, ping)))).summary, `${PING}, in VXLAN 5`);
  t.equal(dissect(ethernet(generic(service(3, 2, ethernet(ping))))).summary, `${PING}, in VXLAN 5`);
  t.equal(dissect(ethernet(service(1, 2, ping), { type: 0x894f })).summary, PING);
  for (const frame of [service(1, 1, ping), service(9, 2, ping), service(3, 2, Buffer.alloc(13))])
    t.match(dissect(ethernet(generic(frame))), { packet: { stop: STOP.none, worn: null }, summary: /^UDP/ });
});

t.test("a tunnel that carries nothing to be read leaves its own packet as it was", async (t) => {
  const other = ethernet(Buffer.alloc(40), { type: 0x88cc, vlan: 9 });
  const { packet } = dissect(ethernet(vxlan(other, NODES)));
  t.match(packet, {
    stop: STOP.none,
    worn: null,
    tunnelId: -1,
    vlan: -1,
    sourceMacAt: 7 + 6,
    outerVersion: 0,
  });
  const within = vxlan(ethernet(ipv4({ ...INNER, protocol: 47 }, gre(0x9999, ping))), NODES);
  t.match(dissect(ethernet(within)), {
    packet: { stop: STOP.otherProtocol, tunnelId: 4096, protocol: 47 },
    summary: /^IP protocol 47, 192\.168\.1\.2 → .*, in VXLAN 4096$/,
  });
});

t.test("GRE that is cut, of another version or with routes stays closed", async (t) => {
  const whole = ethernet(ipv4({ ...NODES, protocol: 47 }, concat(greHeader({ type: 0x0800, key: 5 }), ping)));
  t.equal(dissect(whole).packet.tunnelId, 5);
  for (const bytes of [3, 7, 8])
    t.equal(dissect(whole.subarray(0, 34 + bytes)).packet.worn, null, `${bytes}`);
  for (const [at, value] of [
    [0, 0x60],
    [1, 1],
  ] as const) {
    const changed = Buffer.from(whole);
    changed[34 + at] = value;
    t.match(dissect(changed).packet, { stop: STOP.otherProtocol, worn: null });
  }
  const mirrored = greHeader({ type: 0x88be, sequence: 1 });
  const short = ethernet(ipv4({ ...NODES, protocol: 47 }, concat(mirrored, Buffer.alloc(7))));
  t.equal(dissect(short).packet.stop, STOP.otherProtocol, "ERSPAN without its header");
});

t.test("no more than eight tunnels are opened, however many there are", async (t) => {
  const nest = (times: number): Buffer =>
    Array.from({ length: times }).reduce<Buffer>((inner) => ipv4({ ...NODES, protocol: 4 }, inner), ping);
  t.match(dissect(nest(8), { linktype: LINKTYPE.RAW }), {
    packet: { stop: STOP.none },
    summary: `${PING}, in IPIP`,
  });
  t.equal(dissect(nest(9), { linktype: LINKTYPE.RAW }).packet.stop, STOP.otherProtocol);
  t.equal(dissect(nest(2000), { linktype: LINKTYPE.RAW }).packet.stop, STOP.otherProtocol);
});

t.test("a segment in a tunnel does not keep what the outer header had", async (t) => {
  const segment = ipv4({ ...INNER, protocol: 6 }, tcp({ sourcePort: 1, destinationPort: 2, seq: 3 }));
  t.match(dissect(ethernet(vxlan(ethernet(segment), NODES))).packet, { sourcePort: 1, destinationPort: 2 });
});
