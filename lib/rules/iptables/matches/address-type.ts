import type { Test } from "../../chain.js";
import { hasOption, type Option } from "../arguments.js";
import { isDoubt } from "../../truth.js";
import type { MatchFamily } from "./family.js";

/** What the routing table says an address is: `-m addrtype`. */
export const addressType: MatchFamily = {
  names: ["addrtype"],
  options: {
    "--src-type": ([text = ""], among) => typed(text, among, "source"),
    "--dst-type": ([text = ""], among) => typed(text, among, "destination"),
  },
  modifiers: ["--limit-iface-in", "--limit-iface-out"],
};

function typed(text: string, among: readonly Option[], which: "source" | "destination"): Test {
  const types = text.toLowerCase().split(",");
  const [byIn, byOut] = [hasOption(among, "--limit-iface-in"), hasOption(among, "--limit-iface-out")];
  return (at) => {
    const device = byIn ? at.inDevice : byOut ? at.outDevice : null;
    if (isDoubt(device)) return device;
    if (types.includes("unspec") && at.packet[which].bytes.every((byte) => byte === 0)) return true;
    const type = at.node.addressType(at.packet[which].text, device);
    return isDoubt(type) ? type : types.includes(type);
  };
}
