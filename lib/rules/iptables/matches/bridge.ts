import type { Test } from "../../chain.js";
import type { At } from "../../node.js";
import type { MatchFamily, MakeTest } from "./family.js";

/** By which ports of a bridge a packet comes and goes: `-m physdev`. */
export const bridgePort: MatchFamily = {
  names: ["physdev"],
  options: {
    "--physdev-in": named(({ inPort }) => inPort),
    "--physdev-out": named(({ outPort }) => outPort),
    "--physdev-is-in": () => (at) => at.inPort !== null,
    "--physdev-is-out": () => (at) => at.outPort !== null,
    "--physdev-is-bridged": (): Test => (at) => at.inPort !== null && at.outPort !== null,
  },
};

function named(read: (at: At) => string | null): MakeTest {
  return ([pattern = ""]) => {
    const start = pattern.endsWith("+") ? pattern.slice(0, -1) : null;
    return (at) => {
      const port = read(at);
      return start === null ? port === pattern : port?.startsWith(start) === true;
    };
  };
}
