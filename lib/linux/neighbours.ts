import { canonicalIp } from "./address.js";
import { isSet } from "./addresses.js";
import { isInterfaceName } from "./interface-name.js";
import { parseJson, recordsOf, textOf, textsOf } from "./json.js";
import { canonicalMac } from "./mac.js";

/** `ip -j neigh show`: ip-neighbour(8). */
export interface Neighbour {
  readonly ip: string;
  /** null where the command named it: `show dev D` does not print it. */
  readonly dev: string | null;
  readonly mac: string | null;
  /** REACHABLE, STALE, PERMANENT, FAILED, INCOMPLETE… */
  readonly states: readonly string[];
  /** Made by a control plane, such as an EVPN's. */
  readonly isExternal: boolean;
  /** The node answers for the address. */
  readonly isProxy: boolean;
}

/** The state that says that nobody has answered for an address; undefined: none does. */
export function unresolvedState({ states }: Neighbour): string | undefined {
  return states.find((state) => state === "FAILED" || state === "INCOMPLETE");
}

export function parseNeighbours(text: string): Neighbour[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const ip = canonicalIp(textOf(entry, "dst") ?? "");
    const dev = textOf(entry, "dev");
    if (ip === undefined || (dev !== null && !isInterfaceName(dev))) return [];
    return [
      {
        ip,
        dev,
        mac: canonicalMac(textOf(entry, "lladdr")),
        states: textsOf(entry, "state"),
        isExternal: isSet(entry, "extern_learn"),
        isProxy: isSet(entry, "proxy"),
      },
    ];
  });
}
