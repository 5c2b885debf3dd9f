import type { Test } from "../../chain.js";
import { isWithin, parseRange, type NumberRange } from "../../numbers.js";
import { protocolOf } from "../../../linux/protocols.js";
import { hasPorts, type Packet } from "../../packet.js";
import { either, ofKnown, type Truth } from "../../truth.js";
import { testFlags, testSyn } from "./flags.js";
import type { MakeTest, MatchFamily } from "./family.js";

const of = (protocol: string): MatchFamily["options"] => ({
  "--sport": single(protocol, "sourcePort"),
  "--dport": single(protocol, "destinationPort"),
  "--source-port": single(protocol, "sourcePort"),
  "--destination-port": single(protocol, "destinationPort"),
});

export const tcp: MatchFamily = {
  names: ["tcp"],
  options: { ...of("tcp"), "--tcp-flags": testFlags, "--syn": testSyn },
};

export const udp: MatchFamily = { names: ["udp"], options: of("udp") };
export const udplite: MatchFamily = { names: ["udplite"], options: of("udplite") };
export const sctp: MatchFamily = { names: ["sctp"], options: of("sctp") };
export const dccp: MatchFamily = { names: ["dccp"], options: of("dccp") };

export const multiport: MatchFamily = {
  names: ["multiport"],
  options: {
    "--sports": listed((packet, test) => test(packet.sourcePort, "its source port")),
    "--source-ports": listed((packet, test) => test(packet.sourcePort, "its source port")),
    "--dports": listed((packet, test) => test(packet.destinationPort, "its destination port")),
    "--destination-ports": listed((packet, test) => test(packet.destinationPort, "its destination port")),
    "--ports": listed((packet, test) =>
      either(
        test(packet.sourcePort, "its source port"),
        test(packet.destinationPort, "its destination port"),
      ),
    ),
  },
};

function single(name: string, which: "sourcePort" | "destinationPort"): MakeTest {
  const protocol = protocolOf(name);
  return ([text = ""]) => {
    const range = parseRange(text);
    if (range === undefined) return null;
    return ({ packet }) =>
      packet.protocol === protocol && ofKnown(packet[which], "its port", (port) => isWithin(port, range));
  };
}

type PortTest = (port: number | null, what: string) => Truth;

/** Up to 15 ports and ranges. A packet without ports passes none, and so does a negated list with it. */
function listed(look: (packet: Packet, test: PortTest) => Truth): MakeTest {
  return ([text = ""], among): Test | null => {
    const ranges = text.split(",").map((part) => parseRange(part));
    const known = ranges.filter((range): range is NumberRange => range !== undefined);
    if (known.length < ranges.length) return null;
    const isNegated = among.some((option) => option.isNegated);
    const test: PortTest = (port, what) =>
      ofKnown(port, what, (value) => known.some((range) => isWithin(value, range)));
    return ({ packet }) => (hasPorts(packet) ? look(packet, test) : isNegated);
  };
}
