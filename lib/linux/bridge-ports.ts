import { isSet } from "./addresses.js";
import { textOf, type JsonRecord } from "./json.js";

/** A port of a bridge: bridge(8), and `info_slave_data` of `ip -d link show`. */
export interface BridgePort {
  readonly name: string;
  /** forwarding, blocking, disabled, listening, learning. */
  readonly state: string | null;
  /** Frames may go out by the port that they came in by. */
  readonly hairpin: boolean;
  readonly learning: boolean;
  /** Floods frames whose MAC is not known. */
  readonly flood: boolean;
  /** Speaks to ports only that are not isolated. */
  readonly isolated: boolean;
  /** Answers ARP and ND in place of those behind it. */
  readonly suppressesNeighbours: boolean;
}

/** bridge(8) and ip(8) have the same names for them; learning and flooding are on where nothing is said. */
export function readBridgePort(name: string, entry: JsonRecord): BridgePort {
  const on = (flag: string, unless: boolean): boolean =>
    Object.hasOwn(entry, flag) ? isSet(entry, flag) && entry[flag] !== "off" : unless;
  return {
    name,
    state: textOf(entry, "state"),
    hairpin: on("hairpin", false),
    learning: on("learning", true),
    flood: on("flood", true),
    isolated: on("isolated", false),
    suppressesNeighbours: on("neigh_suppress", false),
  };
}
