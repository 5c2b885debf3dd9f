import t from "tap";
import { STOP, type Packet } from "../../../lib/analysis/dissect/packet.js";
import { dissect } from "../helpers/dissected.js";
import { concat, ethernet, ipv6 } from "../helpers/packets.js";

const V6 = { source: "fe80::1", destination: "ff02::1:ff00:2", protocol: 58 };
const TARGET = [0xfe, 0x80, ...new Array<number>(13).fill(0), 2];
const OPTION = [1, 1, 2, 0, 0, 0, 0, 1];
/** IPv6 40, Ethernet 14, what the helper puts before. */
const AT = 7 + 14 + 40;

function read(type: number, ...rest: readonly number[][]): { packet: Packet; summary: string } {
  return dissect(ethernet(ipv6(V6, concat([type, 0, 0, 0, 0, 0, 0, 0], ...rest))));
}

t.test("neighbour discovery: the target and the link-layer address it gives", async (t) => {
  const asked = read(135, TARGET, OPTION);
  t.match(asked.packet, {
    ...{ stop: STOP.none, icmpType: 135, neighbourTarget0: 0xfe800000 | 0, neighbourTarget3: 2 },
    neighbourMacAt: AT + 24 + 2,
  });
  t.equal(asked.summary, "ICMPv6 neighbour solicitation for fe80::2, fe80::1 → ff02::1:ff00:2, 72 B");
  const told = read(136, TARGET, [14, 1, 0, 0, 0, 0, 0, 0], [2, 1, 2, 0, 0, 0, 0, 9]);
  t.equal(told.packet.neighbourMacAt, AT + 24 + 8 + 2, "behind a nonce");
  t.match(told.summary, /^ICMPv6 neighbour advertisement of fe80::2, /);
});

t.test("neighbour discovery that is short, or has options that cannot be", async (t) => {
  t.equal(read(135, TARGET.slice(0, 15)).packet.stop, STOP.cut);
  t.match(read(135, TARGET).packet, { stop: STOP.none, neighbourMacAt: -1 });
  t.equal(read(135, TARGET, [9, 0, 0, 0, 0, 0, 0, 0], OPTION).packet.neighbourMacAt, -1, "a length of 0");
  t.equal(read(135, TARGET, [1, 2, ...new Array<number>(14).fill(0)]).packet.neighbourMacAt, -1, "longer");
  t.equal(read(135, TARGET, OPTION.slice(0, 7)).packet.neighbourMacAt, -1, "cut");
});
