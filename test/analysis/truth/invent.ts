import { Random } from "./random.js";
import type {
  DisorderPlan,
  Encapsulation,
  FlowKind,
  FlowPlan,
  GapPlan,
  HopPlan,
  LossPlan,
  LossRule,
  NatPlan,
  Scenario,
  Way,
} from "./scenario.js";

const MSS = 1400;

/** A scenario by its number: the same for ever. */
export function inventScenario(seed: number, kind: "healthy" | "any" = "any"): Scenario {
  const random = new Random(seed * 7919 + (kind === "healthy" ? 1 : 0));
  const v6 = random.chance(0.25);
  const hops = inventHops(random, v6);
  const flows = Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, (_, index) =>
    inventFlow(random, hops, index),
  );
  const isHealthy = kind === "healthy" || random.chance(0.25);
  const losses = isHealthy
    ? []
    : Array.from({ length: random.pick([1, 1, 1, 2]) }, () => inventLoss(random, hops, flows));
  const disorders = random.chance(0.3) ? [inventDisorder(random, hops, flows)] : [];
  const nodes = Math.max(...hops.map(({ node }) => node)) + 1;
  const aheadUs = inventClocks(random, nodes);
  const isInOrder = disorders.length === 0 && aheadUs.every((us) => us === 0);
  return {
    seed,
    v6,
    hops,
    aheadUs,
    // Of packets that are all the same, out of order or by clocks that nobody knows, nothing tells which is which.
    flows: flows.map((flow) => ({
      ...flow,
      server: isHealthy ? ("answers" as const) : flow.server,
      alike: flow.alike && (isInOrder || (!v6 && flow.ipId === "counter")),
    })),
    losses,
    disorders,
    gaps: losses.length === 0 && random.chance(0.2) ? [inventGap(random, hops)] : [],
    snaplenBytes: random.pick([262_144, 262_144, 262_144, 256, 160]),
    mssBytes: MSS,
    noise: random.chance(0.3),
    windows: null,
  };
}

/** A run's captures on a path whose pods talked before and go on: each begins and ends a little apart from the others. */
export function inventLive(seed: number, kind: "healthy" | "any" = "any"): Scenario {
  const scenario = inventScenario(seed, kind);
  const random = new Random(seed * 104_729 + 3);
  const longer = random.pick([3, 6]);
  const flows = scenario.flows.map((flow) => ({
    ...flow,
    // Which of packets that are all the same came before a capture, nothing tells.
    alike: false,
    timestamps: flow.timestamps || flow.ipId === "zero",
    // Nor which of a server's resets, which are all the same without an IP id.
    ipId: flow.server === "refuses" ? ("counter" as const) : flow.ipId,
    server: flow.server === "refuses" && scenario.v6 ? ("answers" as const) : flow.server,
    messages: flow.messages * longer,
    connections: flow.kind === "ping" ? 1 : flow.connections * longer,
  }));
  const lengthUs = 1000 * Math.max(...flows.map(lengthMs));
  const fromUs = Math.floor(lengthUs * random.pick([0, 0.1, 0.3, 0.6]));
  const untilUs = fromUs + Math.max(2_000_000, Math.floor(lengthUs * random.pick([0.3, 0.6, 1])));
  const apartUs = random.pick([2000, 50_000, 400_000]);
  return {
    ...scenario,
    flows,
    // Of a datagram behind the longest tunnel less than is worth comparing would be left.
    snaplenBytes: Math.max(256, scenario.snaplenBytes),
    // Clocks that nobody set, where nothing comes through that tells of them, leave open what a capture held.
    aheadUs: scenario.aheadUs.map((aheadUs) => aheadUs % 50_000),
    gaps: [],
    hops: scenario.hops.map((hop) => ({ ...hop, link: hop.link === "vlan" ? "vlan" : "ethernet" })),
    windows: scenario.hops.map(() => ({
      fromUs: fromUs + random.integer(0, apartUs),
      untilUs: untilUs + random.integer(0, apartUs),
    })),
  };
}

/** A scenario with what traffic of real machines has beside: stacked tags, ECN, extension headers, keep-alives. */
export function inventReal(seed: number, kind: "healthy" | "any" = "any"): Scenario {
  const scenario = inventScenario(seed, kind);
  const random = new Random(seed * 15_485_863 + 11);
  return {
    ...scenario,
    hops: scenario.hops.map((hop) => ({ ...hop, link: hop.link === "vlan" ? ("qinq" as const) : hop.link })),
    real: {
      keepAlives: random.pick([0, 0, 2, 5]),
      keepAliveBytes: random.pick([0, 1] as const),
      againBytes: random.pick([MSS, MSS * 2, MSS + 300, 500]),
      extended: random.chance(0.5),
      markedFrom: random.chance(0.6) ? random.integer(1, scenario.hops.length - 1) : null,
    },
  };
}

function lengthMs({ kind, startMs, messages, connections, gapMs }: FlowPlan): number {
  return startMs + (connections + (kind === "tcp" ? 0 : messages)) * gapMs;
}

function inventClocks(random: Random, nodes: number): number[] {
  const kind = random.pick(["same", "same", "near", "near", "hours"]);
  return Array.from({ length: nodes }, (_, node) => {
    if (kind === "same" || node === 0) return 0;
    if (kind === "near") return random.integer(-2_000_000, 2_000_000);
    return random.integer(-12, 12) * 3_600_000_000 + random.integer(-1_000_000, 1_000_000);
  });
}

interface Place {
  readonly name: string;
  readonly node: number;
  readonly routed?: true;
  readonly outside?: true;
}

/** From a pod through its node, the fabric or a third node, to a pod; then only a run of that. */
function inventHops(random: Random, v6: boolean): HopPlan[] {
  const far = random.pick([0, 1, 1, 1, 2]);
  const bridged = random.chance(0.4);
  const wears = pickTunnel(random, v6);
  const side = (node: number, name: string): Place[] => [
    { name: `${name}.pod`, node },
    { name: `${name}.veth`, node },
    ...(bridged ? [{ name: `${name}.bridge`, node }] : []),
    ...(wears === "none" ? [] : [{ name: `${name}.tunnel`, node, routed: true as const }]),
    {
      name: `${name}.nic`,
      node,
      outside: true as const,
      ...(wears === "none" ? { routed: true as const } : {}),
    },
  ];
  const near = side(0, "a");
  const middle: Place[] =
    far === 2
      ? [
          { name: "m.in", node: 1, outside: true },
          { name: "m.out", node: 1, outside: true },
        ]
      : [];
  const all =
    far === 0
      ? [
          near[0]!,
          near[1]!,
          { name: "a.bridge", node: 0 },
          { name: "a.veth2", node: 0 },
          { name: "a.pod2", node: 0 },
        ]
      : [...near, ...middle, ...side(far, "b").reverse()];
  const length = random.integer(2, Math.min(12, all.length));
  const start = random.chance(0.7) ? 0 : random.integer(0, all.length - length);
  const places = random.chance(0.6) ? all : all.slice(start, start + length);
  const offloads = random.chance(0.4);
  // Inside of every flow's span.
  const silentAt = random.chance(0.12) && places.length > 4 ? random.integer(2, places.length - 3) : -1;
  return places.map((place, index) => ({
    name: place.name,
    node: place.node,
    wears: place.outside === true ? wears : "none",
    routed: index > 0 && place.routed === true,
    splitBytes: place.outside === true || !offloads ? MSS : 0,
    merges: offloads && place.outside !== true,
    silent: index === silentAt ? random.pick<Way>(["forth", "back"]) : null,
    link: pickLink(random, place.outside === true),
  }));
}

function pickTunnel(random: Random, v6: boolean): Encapsulation {
  const tunnel = random.pick<Encapsulation>(["none", "vxlan", "vxlan", "flannel", "geneve", "ipip"]);
  return v6 && tunnel === "ipip" ? "vxlan" : tunnel;
}

function pickLink(random: Random, outside: boolean): HopPlan["link"] {
  if (random.chance(0.8)) return "ethernet";
  return outside ? random.pick(["vlan", "ethernet"]) : random.pick(["raw", "sll", "sll2"]);
}

function inventFlow(random: Random, hops: readonly HopPlan[], index: number): FlowPlan {
  const kind = random.pick<FlowKind>(["ping", "udp", "one-way", "dns", "tcp", "tcp", "tcp"]);
  const last = hops.length - 1;
  const server =
    kind === "one-way"
      ? "silent"
      : random.pick(["answers", "answers", "answers", "answers", "silent", "refuses"] as const);
  const reversed = index > 0 && random.chance(0.25);
  const isPart = index > 0 && server === "answers" && hops.length > 4 && random.chance(0.2);
  const span: [number, number] = isPart ? [1, last - 1] : [0, last];
  const nat = kind !== "one-way" && random.chance(0.4) ? inventNat(random, span) : null;
  const large = random.chance(0.4);
  return {
    kind,
    server: kind === "ping" && server === "refuses" ? "silent" : server,
    reversed,
    client: 10 + random.integer(0, 2) + index * 3,
    backends:
      nat?.destination === true && random.chance(0.3) ? [20 + index * 2, 21 + index * 2] : [20 + index * 2],
    port: kind === "ping" ? 0 : kind === "dns" ? 53 : random.pick([80, 4430, 5432, 8080, 9000]) + index,
    span,
    connections: kind === "ping" ? 1 : random.integer(1, kind === "tcp" ? 5 : 3),
    messages: random.integer(1, 12),
    requestBytes:
      kind === "tcp"
        ? random.pick([0, 18, 300, 5000])
        : large
          ? random.integer(1000, 1400)
          : random.integer(16, 120),
    responseBytes: kind === "tcp" ? random.pick([0, 120, 1400, 5000, 9000, 20_000]) : random.integer(16, 800),
    startMs: index * random.integer(0, 40),
    gapMs: random.pick([1, 10, 100, 500]),
    nat: nat === null || (!nat.destination && !nat.source) ? null : nat,
    timestamps: random.chance(0.8),
    ipId: random.chance(0.75) ? "counter" : "zero",
    alike: random.chance(0.1),
    burst: random.pick([1, 1, 3, 8]),
  };
}

/** `after` counts along the flow's own way. */
function inventNat(random: Random, [first, last]: readonly [number, number]): NatPlan {
  const hops = last - first + 1;
  const both = hops > 2 && random.chance(0.3);
  return {
    after: both ? random.integer(1, hops - 2) : random.integer(0, hops - 2),
    both,
    destination: random.chance(0.8),
    source: random.chance(0.35),
  };
}

function inventLoss(random: Random, hops: readonly HopPlan[], flows: readonly FlowPlan[]): LossPlan {
  return {
    leg: random.integer(0, hops.length - 2),
    way: random.pick<Way>(["forth", "back"]),
    flow: random.chance(0.5) ? null : random.integer(0, flows.length - 1),
    rule: inventRule(random),
  };
}

function inventRule(random: Random): LossRule {
  const kind = random.pick([
    "all",
    "every",
    "every",
    "share",
    "first of connection",
    "over",
    "run",
    "backend",
  ] as const);
  switch (kind) {
    case "every": {
      const nth = random.pick([2, 3, 5, 20]);
      return { kind, nth, first: random.integer(0, nth - 1) };
    }
    case "share":
      return { kind, share: random.pick([0.01, 0.05, 0.2, 0.5]) };
    case "over":
      return { kind, bytes: random.pick([600, 1000, 1400]) };
    case "run":
      return { kind, from: random.integer(0, 10), count: random.integer(1, 12) };
    case "backend":
      return { kind, index: random.integer(0, 1) };
    case "all":
    case "first of connection":
      return { kind };
  }
}

/** A packet twice at a hop that shows both its forms, or one that nothing tells from its copy, is a riddle to anybody. */
function inventDisorder(random: Random, hops: readonly HopPlan[], flows: readonly FlowPlan[]): DisorderPlan {
  const isTwofold = flows.some(
    ({ nat, alike, timestamps, kind }) => nat?.both === true || alike || (kind === "tcp" && !timestamps),
  );
  return {
    leg: random.integer(0, hops.length - 2),
    way: random.pick<Way>(["forth", "back"]),
    kind: isTwofold ? "reorder" : random.pick(["duplicate", "reorder"]),
    share: random.pick([0.05, 0.3]),
  };
}

function inventGap(random: Random, hops: readonly HopPlan[]): GapPlan {
  const kind = random.pick(["starts late", "ends early", "misses some"] as const);
  const hop =
    kind === "misses some"
      ? random.integer(1, Math.max(1, hops.length - 2))
      : random.integer(0, hops.length - 1);
  return { hop: Math.min(hop, hops.length - 1), kind, share: random.pick([0.1, 0.3]) };
}
