import t from "tap";
import { STOP } from "../../../lib/analysis/dissect/packet.js";
import { LINKTYPE } from "../../../lib/packets/linktype.js";
import { dissect } from "../helpers/dissected.js";
import { arp, concat, ethernet, sll, sll2, vxlan } from "../helpers/packets.js";

const request = arp({ operation: 1, sender: "10.0.0.1", target: "10.0.0.2" });
const ARP = { type: 0x0806 };

t.test("ARP is told by operation, addresses and the sender's MAC, and is no IP", async (t) => {
  const { packet, summary } = dissect(ethernet(request, ARP));
  t.match(packet, {
    ...{ stop: STOP.notIp, version: 0, arpOperation: 1, arpSender: 0x0a000001, arpTarget: 0x0a000002 },
    arpSenderMacAt: 7 + 14 + 8,
  });
  t.equal(summary, "ARP request: who has 10.0.0.2? asks 10.0.0.1 at 02:00:00:00:00:aa");
  const reply = dissect(ethernet(arp({ operation: 2, sender: "10.0.0.2", target: "10.0.0.1" }), ARP));
  t.equal(reply.summary, "ARP reply: 10.0.0.2 is at 02:00:00:00:00:aa, to 10.0.0.1");
  const reverse = dissect(ethernet(arp({ operation: 8, sender: "10.0.0.2", target: "10.0.0.1" }), ARP));
  t.equal(reverse.summary, "ARP operation 8, 10.0.0.2 → 10.0.0.1");
});

t.test("ARP behind a tag, in cooked captures and in a tunnel", async (t) => {
  for (const [frame, linktype] of [
    [ethernet(request, { ...ARP, vlan: 5 }), LINKTYPE.EN10MB],
    [sll(request, 0x0806), LINKTYPE.LINUX_SLL],
    [sll2(request, 0x0806), LINKTYPE.LINUX_SLL2],
  ] as const)
    t.match(dissect(frame, { linktype }).packet, { arpOperation: 1, stop: STOP.notIp });
  const nodes = { source: "10.77.0.11", destination: "10.77.0.12" };
  const { packet, summary } = dissect(ethernet(vxlan(ethernet(request, ARP), nodes)));
  t.match(packet, { arpOperation: 1, stop: STOP.notIp, version: 0, tunnelId: 4096, outerVersion: 4 });
  t.match(summary, /^ARP request: who has 10\.0\.0\.2\? .*, in VXLAN 4096$/);
});

t.test("ARP that is cut, or of other networks, is none; what follows it is not remembered", async (t) => {
  t.equal(dissect(ethernet(request, ARP).subarray(0, 14 + 27)).packet.arpOperation, 0);
  for (const at of [1, 3, 4, 5]) {
    const other = Buffer.from(request);
    other[at] = 9;
    t.equal(dissect(ethernet(other, ARP)).summary, "not IP", `byte ${at}`);
  }
  t.equal(dissect(ethernet(concat(request), { type: 0x88cc })).packet.arpOperation, 0);
});
