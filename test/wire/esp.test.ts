import t from "tap";
import { STOP } from "../../lib/analysis/dissect/packet.js";
import { esp } from "../../lib/wire/esp.js";
import { dissect } from "../analysis/helpers/dissected.js";
import { concat, ethernet, ip, udp, vxlan } from "../analysis/helpers/packets.js";

const NODES = { source: "10.77.0.11", destination: "10.77.0.12" };
const sealed = concat([0, 0, 0, 9, 0, 0, 0, 1], Buffer.alloc(40, 0xaa));

t.test("ESP over IP and over UDP is known and stays closed", async (t) => {
  const bare = dissect(ethernet(ip({ ...NODES, protocol: 50 }, sealed)));
  t.match(bare.packet, { stop: STOP.opaque, sealedTitle: "ESP", protocol: 50, payloadBytes: 48 });
  t.equal(bare.summary, "ESP, 10.77.0.11 → 10.77.0.12, 68 B");
  const six = { source: "fd77::1", destination: "fd77::2", protocol: 50 };
  t.equal(dissect(ethernet(ip(six, sealed))).summary, "ESP, fd77::1 → fd77::2, 88 B");
  t.equal(
    dissect(ethernet(ip({ ...NODES, protocol: 17 }, udp(4500, 4500, sealed)))).packet.stop,
    STOP.opaque,
  );
  const within = dissect(ethernet(vxlan(ethernet(ip({ ...NODES, protocol: 50 }, sealed)), NODES)));
  t.equal(within.summary, "ESP, 10.77.0.11 → 10.77.0.12, 68 B, in VXLAN 4096");
});

t.test("the key exchange, keepalives and what is cut are none", async (t) => {
  const overUdp = (payload: Uint8Array): number =>
    dissect(ethernet(ip({ ...NODES, protocol: 17 }, udp(4500, 4500, payload)))).packet.stop;
  t.equal(overUdp(concat([0, 0, 0, 0], Buffer.alloc(28, 1))), STOP.none, "IKE");
  t.equal(overUdp(Uint8Array.of(0xff)), STOP.none, "a keepalive");
  t.equal(
    dissect(ethernet(ip({ ...NODES, protocol: 50 }, sealed.subarray(0, 7)))).packet.stop,
    STOP.otherProtocol,
  );
});

t.test("a message holds a packet, and around it what the usual ciphers put there", async (t) => {
  // AES-GCM with 16 bytes of check value: 8 + 8 + 84 + 2 of padding + 2 + 16.
  t.ok(esp.mayHold(120, 84));
  t.strictSame(
    [25, 26, 73, 74].map((around) => esp.mayHold(84 + around, 84)),
    [false, true, true, false],
  );
});
