import type { Test } from "../../chain.js";
import { hasOption } from "../arguments.js";
import { hasConnection, type PacketConnection } from "../../packet.js";
import { either, ofKnown, unknownIs, type Truth } from "../../truth.js";
import type { MatchFamily } from "./family.js";

/** Connection tracking: `-m conntrack`, and the older `-m state`. */
export const connection: MatchFamily = {
  names: ["conntrack", "state"],
  options: {
    "--ctstate": ([text = ""]) => testStates(text.split(",")),
    "--state": ([text = ""]) => testStates(text.split(",")),
    "--ctdir":
      ([text = ""]) =>
      ({ packet }) =>
        packet.connection.direction === text.toLowerCase(),
    "--ctstatus": ([text = ""]) => testStatus(text.split(",")),
  },
  // Such a packet has a state and no more: what else is asked for fails, but beside a state that fits (xt_conntrack.c).
  without: ({ packet }, option, among) =>
    hasConnection(packet) || STATES.includes(option) ? null : STATES.some((name) => hasOption(among, name)),
};

const STATES: readonly string[] = ["--ctstate", "--state"];

function testStates(names: readonly string[]): Test {
  const plain = names.map((name) => name.toLowerCase());
  return ({ packet: { connection: known } }) => {
    const byState = ofKnown(known.state, "its connection's state", (state) => plain.includes(state));
    const source = plain.includes("snat") && translated(known, "source");
    const destination = plain.includes("dnat") && translated(known, "destination");
    return either(byState, either(source, destination));
  };
}

/** The first packet's DNAT is there before filters see it; its SNAT comes behind them. */
function translated(known: PacketConnection, of: "source" | "destination"): Truth {
  if (known.state === "invalid" || known.state === "untracked") return false;
  const is = of === "source" ? known.isSourceTranslated : known.isDestinationTranslated;
  return ofKnown(is, `whether its connection's ${of} is translated`, (value) => value);
}

function testStatus(names: readonly string[]): Test {
  return ({ packet: { connection: known } }) => {
    const [first, ...rest] = names.map((name): Truth => {
      if (name === "SEEN_REPLY")
        return ofKnown(known.state, "its connection's state", (state) => state === "established");
      if (name === "CONFIRMED")
        return ofKnown(known.state, "its connection's state", (state) => state !== "new");
      return unknownIs(`its connection's status ${name}`);
    });
    return rest.reduce<Truth>(either, first ?? false);
  };
}
