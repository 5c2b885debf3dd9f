import t from "tap";
import { STOP } from "../../lib/analysis/dissect/packet.js";
import { NO_OPENERS, openersOf } from "../../lib/wire/open.js";
import { sealOf } from "../../lib/wire/registry.js";
import { wireguard } from "../../lib/wire/wireguard.js";
import { dissect } from "../analysis/helpers/dissected.js";
import { concat, ethernet, ip, udp } from "../analysis/helpers/packets.js";

const NODES = { source: "10.77.0.11", destination: "10.77.0.12", protocol: 17 };

function message(kind: number, bytes: number, reserved = 0): Buffer {
  return concat([kind, 0, 0, reserved], Buffer.alloc(bytes - 4, 0xaa));
}

const frame = (payload: Uint8Array, ports: readonly [number, number] = [51820, 51820]): Buffer =>
  ethernet(ip(NODES, udp(...ports, payload)));

t.test("WireGuard's messages are known by their ports and shape, and stay closed", async (t) => {
  for (const [kind, bytes] of [
    [1, 148],
    [2, 92],
    [3, 64],
    [4, 32],
    [4, 1452],
  ] as const) {
    const { packet, summary } = dissect(frame(message(kind, bytes)));
    t.match(packet, { stop: STOP.opaque, sealedTitle: "WireGuard", worn: null, version: 4 });
    t.equal(summary, `WireGuard, 10.77.0.11 → 10.77.0.12, ${28 + bytes} B`);
  }
  for (const ports of [[51871, 4000] as const, [4000, 51821] as const])
    t.equal(dissect(frame(message(4, 64), ports)).packet.stop, STOP.opaque, ports.join());
});

t.test("other datagrams to those ports are what they are", async (t) => {
  for (const payload of [
    message(4, 31),
    message(1, 147),
    message(5, 148),
    message(4, 64, 1),
    Buffer.alloc(3),
  ])
    t.equal(dissect(frame(payload)).packet.stop, STOP.none);
  t.equal(dissect(frame(message(4, 64), [4000, 4001])).packet.stop, STOP.none, "other ports");
  t.equal(
    dissect(frame(message(4, 64)), { tunnels: NO_OPENERS }).packet.stop,
    STOP.none,
    "nothing is opened",
  );
});

t.test("what a hop's packets are sealed by is known there and nothing else", async (t) => {
  const tunnels = openersOf({ kind: "wireguard", outer: 4 });
  t.equal(dissect(frame(message(4, 64)), { tunnels }).packet.stop, STOP.opaque);
  const esp = ethernet(ip({ ...NODES, protocol: 50 }, Buffer.alloc(64, 1)));
  t.equal(dissect(esp, { tunnels }).packet.stop, STOP.otherProtocol);
  t.equal(sealOf({ kind: "wireguard", outer: 6 })?.format, wireguard);
  t.equal(sealOf({ kind: "vxlan", port: 4789, vni: 1, outer: 4 }), null, "that can be read");
  t.equal(sealOf({ kind: "none" }), null);
  t.equal(sealOf(undefined), null);
});

t.test("a message holds a packet and at most 15 bytes of padding", async (t) => {
  const held = [83, 84, 96, 97].filter((bytes) => wireguard.mayHold(128, bytes));
  t.strictSame(held, [83, 84, 96]);
  t.notOk(wireguard.mayHold(32, 40), "a keepalive holds nothing");
  t.strictSame(
    [80, 81].map((bytes) => wireguard.mayHold(128, bytes)),
    [false, true],
  );
});
