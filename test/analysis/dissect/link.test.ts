import t from "tap";
import { PACKET_TYPE } from "../../../lib/analysis/dissect/packet.js";
import { LINKTYPE } from "../../../lib/packets/linktype.js";
import { dissect } from "../helpers/dissected.js";
import { concat, ethernet, ipv4, udp, vxlan } from "../helpers/packets.js";

const packet = ipv4(
  { source: "10.0.0.1", destination: "10.0.0.2", protocol: 17 },
  udp(1000, 53, Buffer.alloc(4)),
);
const BEFORE = 7;

t.test("MAC addresses are the innermost frame's", async (t) => {
  t.match(dissect(ethernet(packet)).packet, { destinationMacAt: BEFORE, sourceMacAt: BEFORE + 6 });
  const nodes = { source: "10.77.0.11", destination: "10.77.0.12" };
  t.match(dissect(ethernet(vxlan(ethernet(packet), nodes))).packet, {
    destinationMacAt: BEFORE + 50,
    sourceMacAt: BEFORE + 56,
  });
  t.match(dissect(packet, { linktype: LINKTYPE.RAW }).packet, {
    ...{ destinationMacAt: -1, sourceMacAt: -1, packetType: -1, interfaceIndex: -1 },
  });
});

t.test("cooked captures: whom a packet is for, the sender's address, the device", async (t) => {
  const cooked = (type: number, addressBytes: number): Buffer =>
    concat([0, type, 0, 1, 0, addressBytes, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], packet);
  t.match(dissect(cooked(4, 6), { linktype: LINKTYPE.LINUX_SLL }).packet, {
    ...{
      packetType: PACKET_TYPE.outgoing,
      sourceMacAt: BEFORE + 6,
      destinationMacAt: -1,
      interfaceIndex: -1,
    },
  });
  t.match(dissect(cooked(0, 0), { linktype: LINKTYPE.LINUX_SLL }).packet, {
    packetType: PACKET_TYPE.host,
    sourceMacAt: -1,
  });
  const cooked2 = (type: number, addressBytes: number): Buffer =>
    concat([8, 0, 0, 0, 0, 0, 1, 2, 0, 1, type, addressBytes, 2, 0, 0, 0, 0, 1, 0, 0], packet);
  t.match(dissect(cooked2(3, 6), { linktype: LINKTYPE.LINUX_SLL2 }).packet, {
    ...{ packetType: PACKET_TYPE.otherHost, sourceMacAt: BEFORE + 12, interfaceIndex: 258 },
  });
  t.equal(dissect(cooked2(0, 0), { linktype: LINKTYPE.LINUX_SLL2 }).packet.sourceMacAt, -1);
});
