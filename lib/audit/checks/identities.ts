import { parseMachine } from "../../linux/hardware/machine.js";
import { evidenceOf, hostOf, type Check, type Said } from "../check.js";
import type { Reading, StateReader } from "../../readings/reader.js";

/** What goes wrong where two machines share one. */
const IDENTITIES = [
  {
    name: "machine-id",
    harm: "MAC addresses and DHCP leases that are made of it collide",
    next: "Give one of them its own and restart it: `rm /etc/machine-id && systemd-machine-id-setup`",
  },
  {
    name: "product_uuid",
    harm: "Kubernetes asks for different ones, and what tells nodes by it takes them for one",
    next: "Give the copied virtual machine an UUID of its own in its hypervisor",
  },
] as const;

/** Machines that were copied from one image, and never told apart. */
export const identities: Check = {
  name: "identities",
  title: "No two nodes of the path have one machine's identity",
  check: ({ path, state }): readonly Said[] => {
    const nodes = Object.keys(path.underlay).flatMap((node) => machineOf(state, node));
    return nodes.flatMap((first, at) => nodes.slice(at + 1).flatMap((second) => compare(first, second)));
  },
};

interface Machine {
  readonly node: string;
  readonly reading: Reading;
  readonly ids: ReadonlyMap<string, string>;
}

function machineOf(state: StateReader, node: string): Machine[] {
  const [reading] = state.readings(hostOf(node), "machine");
  return reading === undefined ? [] : [{ node, reading, ids: parseMachine(reading.text) }];
}

function compare(first: Machine, second: Machine): Said[] {
  const [boot, other] = [first, second].map(({ ids }) => ids.get("boot"));
  // Nodes of one kernel are containers of one machine, and share what is its own.
  if (boot === undefined || other === undefined || boot === other) return [];
  return IDENTITIES.flatMap(({ name, harm, next }): Said[] => {
    const hash = first.ids.get(name);
    if (hash === undefined || second.ids.get(name) !== hash) return [];
    return [
      {
        ...{ severity: "warning", direction: null, place: { ...hostOf(first.node), device: null }, next },
        what: `${first.node} and ${second.node} have the same ${name}: ${harm}`,
        evidence: [first, second].map(({ reading }) => evidenceOf(reading, `${name}, whose hash is ${hash}`)),
      },
    ];
  });
}
