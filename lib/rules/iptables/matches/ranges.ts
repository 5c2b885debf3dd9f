import { bytesOf } from "../../../linux/address.js";
import { compareBytes } from "../../bytes.js";
import type { Packet, PacketAddress } from "../../packet.js";
import type { MakeTest, MatchFamily } from "./family.js";

/** Any first to any last address: `-m iprange`. */
export const addressRange: MatchFamily = {
  names: ["iprange"],
  options: {
    "--src-range": within(({ source }) => source),
    "--dst-range": within(({ destination }) => destination),
  },
};

function within(read: (packet: Packet) => PacketAddress): MakeTest {
  return ([text = ""]) => {
    const [from = "", to = from] = text.split("-");
    const [first, last] = [bytesOf(from), bytesOf(to)];
    if (first === undefined || last?.length !== first.length) return null;
    return ({ packet }) => {
      const { bytes } = read(packet);
      return (
        bytes.length === first.length && compareBytes(bytes, first) >= 0 && compareBytes(bytes, last) <= 0
      );
    };
  };
}
