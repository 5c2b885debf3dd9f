import type { Test } from "../../chain.js";
import type { At } from "../../node.js";
import { isInSet, type SetKey } from "../../address-set.js";
import { isDoubt } from "../../truth.js";
import type { MatchFamily } from "./family.js";

/** Whether a set of ipset(8) holds what the packet has: `--match-set NAME src,dst`. */
export const sets: MatchFamily = {
  names: ["set"],
  options: {
    "--match-set": ([name = "", directions = ""]) => testSet(name, directions.split(",")),
  },
  modifiers: ["--update-counters", "--update-subcounters"],
};

function testSet(name: string, directions: readonly string[]): Test | null {
  if (directions.some((direction) => direction !== "src" && direction !== "dst")) return null;
  return (at) => {
    const keys = directions.map((direction) => keyOf(at, direction === "src"));
    const what = keys.map(spell).join(",");
    const unread = { holds: `the set ${name} holds ${what}`, fails: `the set ${name} does not hold ${what}` };
    const set = at.node.addressSet(name);
    if (set === undefined) return unread;
    const found = isInSet(set, keys, (member) => at.node.addressSet(member));
    return found ?? unread;
  };
}

function keyOf({ packet, inDevice, outDevice }: At, isSource: boolean): SetKey {
  const device = isSource ? inDevice : outDevice;
  return {
    address: isSource ? packet.source : packet.destination,
    port: isSource ? packet.sourcePort : packet.destinationPort,
    protocol: packet.protocol,
    mac: isSource ? packet.sourceMac : null,
    device: isDoubt(device) ? null : device,
    mark: packet.mark,
  };
}

function spell({ address, port }: SetKey): string {
  return port === null ? address.text : `${address.text}:${String(port)}`;
}
