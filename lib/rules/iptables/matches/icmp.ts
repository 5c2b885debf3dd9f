import { isWithin, parseRange, type NumberRange } from "../../numbers.js";
import { both, ofKnown } from "../../truth.js";
import { ICMP_TYPES, ICMPV6_TYPES } from "../../icmp-names.js";
import type { MakeTest, MatchFamily } from "./family.js";

export const icmp: MatchFamily = { names: ["icmp"], options: { "--icmp-type": typed(1, ICMP_TYPES) } };

export const icmpv6: MatchFamily = {
  names: ["icmp6", "icmpv6", "ipv6-icmp"],
  options: { "--icmpv6-type": typed(58, ICMPV6_TYPES) },
};

/** `8`, `3/4`, `echo-request`, `any`. */
function typed(protocol: number, names: ReadonlyMap<string, number>): MakeTest {
  return ([text = ""]) => {
    if (text === "any" || text === "255") return ({ packet }) => packet.protocol === protocol;
    const [kind = "", code] = text.split("/");
    const named = names.get(kind);
    const types = named === undefined ? parseRange(kind) : { first: named, last: named };
    const codes: NumberRange | undefined = code === undefined ? { first: 0, last: 255 } : parseRange(code);
    if (types === undefined || codes === undefined) return null;
    return ({ packet }) =>
      packet.protocol === protocol &&
      both(
        ofKnown(packet.icmpType, "its ICMP type", (type) => isWithin(type, types)),
        code === undefined || ofKnown(packet.icmpCode, "its ICMP code", (value) => isWithin(value, codes)),
      );
  };
}
