import { parseNeighbours } from "../../linux/neighbours.js";
import { parseSysctl } from "../../linux/sysctls.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";

/** From this share on a table is near its end. */
const NEAR = 0.9;

/** Tables of the kernel that take nothing new when they are full. */
export const limits: Check = {
  name: "limits",
  title: "Connection tracking and neighbour tables have room",
  check: (world) =>
    [...new Set(world.legs.map(({ node }) => node))].flatMap((node) => checkNode(world, node)),
};

function checkNode(world: AuditWorld, node: string): Said[] {
  const at = hostOf(node);
  const [reading] = world.state.readings(at, "sysctls");
  if (reading === undefined) return [];
  const values = parseSysctl(reading.text);
  const numberOf = (key: string): number => Number(values.get(key) ?? Number.NaN);
  const entries = world.state.readings(at, "neighbours").map(({ text }) => parseNeighbours(text).length);
  const known = entries.reduce((sum, count) => sum + count, 0);
  const tables = [
    {
      what: "connection tracking",
      count: numberOf("net/netfilter/nf_conntrack_count"),
      most: numberOf("net/netfilter/nf_conntrack_max"),
      key: "net.netfilter.nf_conntrack_max",
    },
    {
      what: "the neighbour table",
      count: known,
      most: numberOf("net/ipv4/neigh/default/gc_thresh3"),
      key: "net.ipv4.neigh.default.gc_thresh3",
    },
  ];
  return tables.flatMap(({ what, count, most, key }): Said[] => {
    if (!(most > 0) || !(count >= most * NEAR)) return [];
    const isFull = count >= most;
    return [
      {
        ...{ severity: isFull ? "fault" : "warning", direction: null, place: { ...at, device: null } },
        what: `${what} of ${node} is ${isFull ? "full" : "nearly full"}: ${String(count)} of ${String(most)} entries`,
        evidence: [evidenceOf(reading, `${key} = ${String(most)}`)],
        next: `Find what fills it, and raise it: \`sysctl -w ${key}=${String(most * 2)}\``,
      },
    ];
  });
}
