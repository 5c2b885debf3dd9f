import { WIRE_FORMATS } from "../../wire/registry.js";
import { count, flag, insidePath, listOf, mapOf, oneOf, orNull, record, text, type Shape } from "./shape.js";

const address = record({ ip: text, port: orNull(count) });
const end = record({
  pod: orNull(text),
  node: orNull(text),
  ip: text,
  port: orNull(count),
  addresses: listOf(address),
  otherBackends: orNull(count),
});

const encapsulationOf: ReadonlyMap<string, Shape> = new Map(
  WIRE_FORMATS.map(({ kind, fields }) => {
    const own = Object.fromEntries(
      Object.entries(fields).map(([field, when]) => [field, when === "always" ? count : orNull(count)]),
    );
    return [kind, record({ ...own, outer: oneOf(4, 6) })];
  }),
);

const encapsulation: Shape = (value, path) =>
  record({ kind: oneOf("none", ...encapsulationOf.keys()) })(value, path) ??
  encapsulationOf.get((value as { kind: string }).kind)?.(value, path) ??
  null;

const hop = record({
  index: count,
  id: text,
  node: text,
  role: oneOf("pod", "host-veth", "bridge", "tunnel", "nic"),
  interface: text,
  mtuBytes: orNull(count),
  encapsulation,
  pcap: insidePath,
});

const flow = record({
  id: text,
  from: end,
  to: end,
  protocol: oneOf("icmp", "udp", "tcp"),
  probe: orNull(text),
  hops: listOf(hop),
  replyHops: orNull(listOf(hop)),
  underlay: mapOf(record({ ip: text, interface: text })),
  tunnels: mapOf(record({ interface: text, address: orNull(text) })),
  notes: listOf(text),
  unseen: orNull(listOf(text)),
});

const capture = record({
  hopId: text,
  node: text,
  pcap: orNull(insidePath),
  listeningAtSec: orNull(count),
  stoppedAtSec: orNull(count),
  captured: orNull(count),
  received: orNull(count),
  droppedByKernel: orNull(count),
  endedEarly: orNull(text),
});

const attempt = record({
  seq: count,
  sentAtSec: count,
  localPort: orNull(count),
  outcome: oneOf("answered", "refused", "timeout", "error"),
  detail: text,
});

const probe = record({
  flowId: text,
  kind: text,
  tagHex: orNull(text),
  icmpId: orNull(count),
  attempts: listOf(attempt),
  error: orNull(text),
});

const netns: Shape = (value, path) => (value === "host" ? null : record({ pod: text })(value, path));
const state = record({
  node: text,
  netns,
  kind: text,
  phase: oneOf("before", "after"),
  argv: listOf(text),
  exitCode: orNull(count),
  file: insidePath,
  stderr: text,
});
const drop = record({ node: text, file: orNull(insidePath), unavailable: orNull(text), taiOffsetSec: count });

/** What each evidence file has to be, by its name in `evidence/`. */
export const EVIDENCE_SHAPES = {
  "run.json": record({
    id: text,
    runbook: text,
    startedAt: text,
    complete: flag,
    incomplete: listOf(text),
  }),
  "flows.json": record({ flows: listOf(flow) }),
  "captures.json": record({ captures: listOf(capture) }),
  "traffic.json": record({ probes: listOf(probe) }),
  "state.json": record({ state: listOf(state) }),
  "drops.json": record({ nodes: listOf(drop) }),
} as const satisfies Record<string, Shape>;

export type EvidenceFile = keyof typeof EVIDENCE_SHAPES;
