import { parseLinks, type Link } from "../../linux/links.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import type { Reading } from "../../readings/reader.js";

/** Two machines with one address take each other's packets. */
export const duplicates: Check = {
  name: "duplicates",
  title: "No two nodes of the path have the same address or MAC",
  check: (world): readonly Said[] => {
    const nodes = Object.keys(world.path.underlay).map((node) => ownedBy(world, node));
    return nodes.flatMap((first, index) => nodes.slice(index + 1).flatMap((second) => sameOf(first, second)));
  },
};

function sameOf(first: readonly Owned[], second: readonly Owned[]): Said[] {
  return first.flatMap((one): Said[] => {
    const same = second.find(({ what }) => what === one.what);
    if (same === undefined) return [];
    return [
      {
        ...{ severity: "fault", direction: null, place: { ...hostOf(one.node), device: one.device } },
        what: `${one.node}'s ${one.device} and ${same.node}'s ${same.device} both have ${one.what}`,
        evidence: [one, same].map(({ reading, device, what }) => evidenceOf(reading, `${device} ${what}`)),
        next: one.isBridge
          ? "Give the nodes different ranges of pods: see the CNI's configuration on both, and the nodes' podCIDR"
          : "Give each its own: machines copied from one image may share their machine-id, of which MACs are made",
      },
    ];
  });
}

/** Tunnels of other kinds have an address there, and loopback zeros. */
const MAC = /^(?!00:00:00:00:00:00)([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

interface Owned {
  readonly node: string;
  readonly device: string;
  readonly what: string;
  readonly reading: Reading;
  /** It has the pods' gateway: another node's with the same one gives its pods the same addresses. */
  readonly isBridge: boolean;
}

/** What the node has on its underlay, its tunnel and its pods' bridge that no other may have. */
function ownedBy({ path, state }: AuditWorld, node: string): Owned[] {
  const at = hostOf(node);
  const names = [path.underlay[node]?.interface, path.tunnels[node]?.interface];
  const bridges = path.hops.flatMap((hop) =>
    hop.node === node && hop.role === "bridge" ? [hop.interface] : [],
  );
  const of = (
    kind: "links" | "addresses",
    devices: readonly (string | undefined)[],
    pick: (link: Link) => readonly string[],
  ): Owned[] =>
    state
      .readings(at, kind)
      .slice(0, 1)
      .flatMap((reading) =>
        parseLinks(reading.text)
          .filter(({ name }) => devices.includes(name))
          .flatMap((link) =>
            pick(link).map((what) => ({
              ...{ node, device: link.name, what, reading },
              isBridge: bridges.includes(link.name),
            })),
          ),
      );
  return [
    ...of("links", names, ({ mac }) => (mac === null || !MAC.test(mac) ? [] : [mac])),
    ...of("addresses", [...names, ...bridges], ({ addressInfo }) =>
      addressInfo.flatMap(({ ip, scope }) => (scope === "global" ? [ip] : [])),
    ),
  ];
}
