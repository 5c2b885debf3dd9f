import { canonicalMac } from "../../../linux/mac.js";
import { ofKnown } from "../../truth.js";
import type { MatchFamily } from "./family.js";

export const mac: MatchFamily = {
  names: ["mac"],
  options: {
    "--mac-source": ([text = ""]) => {
      const wanted = canonicalMac(text);
      if (wanted === null) return null;
      return ({ packet }) => ofKnown(packet.sourceMac, "its source MAC", (value) => value === wanted);
    },
  },
};
