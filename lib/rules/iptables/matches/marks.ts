import { isMasked, parseMasked } from "../../numbers.js";
import { ofKnown } from "../../truth.js";
import type { MakeTest, MatchFamily } from "./family.js";
import { hasConnection, type Packet } from "../../packet.js";

export const mark: MatchFamily = {
  names: ["mark"],
  options: { "--mark": masked(({ mark: value }) => value, "its mark") },
};

export const connectionMark: MatchFamily = {
  names: ["connmark"],
  options: { "--mark": masked(({ connection }) => connection.mark, "its connection's mark") },
  without: ({ packet }) => (hasConnection(packet) ? null : false),
};

function masked(read: (packet: Packet) => number | null, what: string): MakeTest {
  return ([text = ""]) => {
    const wanted = parseMasked(text);
    return wanted === undefined
      ? null
      : ({ packet }) => ofKnown(read(packet), what, (value) => isMasked(value, wanted));
  };
}
