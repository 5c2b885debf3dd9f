import t from "tap";
import { STOP } from "../../lib/analysis/dissect/packet.js";
import { NO_OPENERS } from "../../lib/wire/open.js";
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
