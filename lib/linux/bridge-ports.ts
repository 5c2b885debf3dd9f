import { isSet } from "./addresses.js";
import { isInterfaceName } from "./interface-name.js";
import { asRecord, integerOf, parseJson, recordsOf, textOf, textsOf, type JsonRecord } from "./json.js";

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

/** A VLAN, or a range of them, of a port. */
interface PortVlan {
  readonly first: number;
  readonly last: number;
  readonly isPvid: boolean;
  readonly isUntagged: boolean;
}

interface PortVlans {
  readonly name: string;
  readonly vlans: readonly PortVlan[];
}

/** `bridge -d -j link show`. */
export function parseBridgePorts(text: string): BridgePort[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const name = textOf(entry, "ifname");
    return name === null || !isInterfaceName(name) ? [] : [readBridgePort(name, entry)];
  });
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

/** `bridge -j vlan show`: a list of ports or, before iproute2 5.6, an object with a list for each. */
export function parseBridgeVlans(text: string): PortVlans[] {
  const root = parseJson(text);
  const listed = recordsOf(root).map((entry) => [textOf(entry, "ifname"), entry["vlans"]] as const);
  return [...listed, ...Object.entries(asRecord(root))].flatMap(([name, vlans]) =>
    name === null || !isInterfaceName(name) ? [] : [{ name, vlans: recordsOf(vlans).flatMap(readVlan) }],
  );
}

function readVlan(entry: JsonRecord): PortVlan[] {
  const first = integerOf(entry, "vlan");
  if (first === null) return [];
  const flags = textsOf(entry, "flags");
  return [
    {
      first,
      last: integerOf(entry, "vlanEnd") ?? first,
      isPvid: flags.includes("PVID"),
      isUntagged: flags.includes("Egress Untagged"),
    },
  ];
}
