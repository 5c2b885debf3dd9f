import type { CauseInput } from "../../model/cause.js";
import type { StateKind } from "../../model/evidence.js";
import { commandOf, describeNetns } from "../../readings/reader.js";

/** What each look would have told, in words that go on "it would have told …". */
const WOULD_TELL: Readonly<Partial<Record<StateKind, string>>> = {
  nstat: "which of the kernel's counters grew",
  iptables: "which rule drops packets",
  nftables: "which rule drops packets",
  routes: "where its routes lead",
  neighbours: "which MAC addresses it knows",
  fdb: "where its tunnel and bridges send frames",
  conntrack: "which connections are tracked and translated",
  sockets: "what listens",
  links: "which devices are up, and their errors",
  "rp-filter": "whether the reverse path filter is on",
};
/** The same by another look: where that worked nothing is missing. */
const IN_PLACE: Readonly<Partial<Record<StateKind, StateKind>>> = {
  nstat: "snmp",
  iptables: "nftables",
  nftables: "iptables",
};

/** What was asked of the nodes at the break and could not be had: by name, why, and what it would have told. */
export function listNotHad(input: CauseInput): string[] {
  const nodes = new Set([input.lastSeen?.node, input.firstMissing?.node]);
  const drops = input.drops
    .filter(({ node, file, unavailable }) => nodes.has(node) && file === null && unavailable !== null)
    .map(
      ({ node, unavailable }) =>
        `${node}: the kernel's drop events could not be had: ${unavailable}; they would have told where in the kernel packets were dropped`,
    );
  const looks = input.state.filter(({ node, exitCode }) => nodes.has(node) && isMissing(exitCode));
  const missing = looks.flatMap((record) => {
    const { node, netns, kind, phase, stderr } = record;
    const told = WOULD_TELL[kind];
    const instead = IN_PLACE[kind];
    const isElsewhere = input.state.some(
      (other) =>
        (other.kind === instead || other.kind === kind) &&
        other.node === node &&
        other.phase === phase &&
        other.exitCode === 0 &&
        JSON.stringify(other.netns) === JSON.stringify(netns),
    );
    if (told === undefined || isElsewhere) return [];
    const [program] = commandOf(record);
    const at = describeNetns({ node, pod: netns === "host" ? null : netns.pod });
    return [
      `${at}: ${program ?? kind} could not be had: ${stderr || "it failed"}; it would have told ${told}`,
    ];
  });
  return [...new Set([...drops, ...missing])];
}

/** Not found, or not to be run; whatever else a program says is an answer. */
function isMissing(exitCode: number | null): boolean {
  return exitCode === null || exitCode === 126 || exitCode === 127;
}
