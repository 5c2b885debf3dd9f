import { inventScenario } from "./invent.js";
import { Random } from "./random.js";
import type { FlowPlan, HopPlan, OddPlan, Scenario } from "./scenario.js";

/** Scenarios with one thing each that is rare, and that networks do all the same. */

const ODDITIES = [
  "three forms",
  "fast open",
  "sacks",
  "fragments",
  "two ways",
  "path mtu",
  "clock step",
] as const;

export function inventOdd(seed: number, kind: "healthy" | "any" = "any"): Scenario {
  const scenario = inventScenario(seed, kind);
  const random = new Random(seed * 32_452_843 + 17);
  switch (ODDITIES[seed % ODDITIES.length]!) {
    case "three forms":
      return withThreeForms(scenario, random);
    case "fast open":
      return { ...asTcp(scenario, random), odd: { fastOpen: random.pick(["accepted", "refused"] as const) } };
    case "sacks":
      return { ...asTcp(scenario, random), odd: { sacks: true } };
    case "fragments":
      return withFragments(scenario, random);
    case "two ways":
      return withTwoWays(scenario, random);
    case "path mtu":
      return withPathMtu(scenario, random);
    case "clock step":
      return withClockStep(scenario, random);
  }
}

/** A ClusterIP, the pod's own address, and the node's in place of the client's, each from a hop of its own on. */
function withThreeForms(scenario: Scenario, random: Random): Scenario {
  const flows = scenario.flows.map((flow): FlowPlan => {
    const legs = flow.span[1] - flow.span[0];
    if (legs < 2 || flow.kind === "one-way") return flow;
    const after = random.integer(0, legs - 2);
    const sourceAfter = random.integer(after + 1, legs - 1);
    return { ...flow, nat: { after, both: false, destination: true, source: true, sourceAfter } };
  });
  return { ...scenario, flows };
}

/** TCP all over, with something to say. */
function asTcp(scenario: Scenario, random: Random): Scenario {
  const flows = scenario.flows.map((flow): FlowPlan => ({
    ...flow,
    kind: "tcp",
    alike: false,
    server: flow.kind === "one-way" ? "answers" : flow.server,
    port: flow.port === 0 || flow.port === 53 ? 8443 : flow.port,
    requestBytes: random.pick([18, 300, 3000]),
    responseBytes: random.pick([120, 5000, 20_000, 40_000]),
  }));
  return { ...scenario, flows };
}

function withFragments(scenario: Scenario, random: Random): Scenario {
  const bytes = random.pick([552, 1000, 1400]);
  // Of a datagram that is cut where its addresses change nothing but the time says which pieces are its.
  const hasNat = scenario.flows.some(({ nat }) => nat !== null);
  const from = hasNat || random.chance(0.6) ? 0 : random.integer(1, scenario.hops.length - 1);
  const flows = scenario.flows.map((flow): FlowPlan => {
    if (flow.kind === "tcp" || flow.kind === "dns") return flow;
    return {
      ...flow,
      kind: flow.kind === "ping" ? "udp" : flow.kind,
      port: flow.port === 0 ? 9_100 : flow.port,
      ipId: "counter",
      alike: false,
      // Where a flow ends that nobody answers, since no datagram came whole, is for nobody to know.
      span: [0, scenario.hops.length - 1],
      // What translates puts a datagram together first: of one that is not whole nothing passes.
      nat: scenario.losses.length > 0 ? null : flow.nat,
      backends: scenario.losses.length > 0 ? flow.backends.slice(0, 1) : flow.backends,
      requestBytes: random.pick([40, 1800, 4000]),
      responseBytes: random.pick([40, 1800, 4000]),
    };
  });
  return {
    ...scenario,
    v6: false,
    flows,
    disorders: [],
    hops: scenario.hops.map((hop) => ({ ...hop, silent: null })),
    odd: { fragments: { bytes, from } },
  };
}

/**
 * Requests leave by one device, and replies come in by another. Without an IP id and time stamps a retransmission cannot be told
 * from what it repeats.
 */
function withTwoWays(scenario: Scenario, random: Random): Scenario {
  const { hops } = scenario;
  if (hops.length < 4) return scenario;
  const at = random.integer(1, hops.length - 3);
  const turn = random.chance(0.5);
  const silentAt = new Map<number, HopPlan["silent"]>([
    [at, turn ? "back" : "forth"],
    [at + 1, turn ? "forth" : "back"],
  ]);
  return {
    ...scenario,
    hops: hops.map((hop, index) => ({ ...hop, silent: silentAt.get(index) ?? null })),
    flows: scenario.flows.map((flow) => ({ ...flow, span: [0, hops.length - 1], timestamps: true })),
  };
}

function withPathMtu(scenario: Scenario, random: Random): Scenario {
  const tcp = asTcp(scenario, random);
  const pathMtu: OddPlan["pathMtu"] = {
    leg: random.integer(0, tcp.hops.length - 2),
    way: random.pick(["forth", "back"]),
    bytes: random.pick([700, 1000, 1300]),
    tells: random.chance(0.8),
  };
  return {
    ...tcp,
    flows: tcp.flows.map((flow) => ({ ...flow, burst: 1 })),
    hops: tcp.hops.map((hop) => ({ ...hop, merges: false, splitBytes: 0 })),
    disorders: [],
    gaps: [],
    odd: { pathMtu },
  };
}

/** Frames that offloading cuts, packets that are alike, copies, and both forms at one place are told apart by time: nobody does where clocks are set. */
function withClockStep(scenario: Scenario, random: Random): Scenario {
  const nodes = Math.max(...scenario.hops.map(({ node }) => node)) + 1;
  const node = random.integer(0, nodes - 1);
  const byUs = random.pick([-40_000, 40_000, 300_000]);
  return {
    ...scenario,
    noise: false,
    v6: false,
    // Which of two transmissions a place has by a clock that was set, is off by one now and then.
    losses: [],
    flows: scenario.flows.map((flow) => ({
      ...flow,
      alike: false,
      ipId: "counter",
      timestamps: true,
      burst: 1,
      nat: flow.nat && { ...flow.nat, both: false },
    })),
    disorders: [],
    hops: scenario.hops.map((hop) => ({ ...hop, merges: false })),
    odd: { clockStep: { node, atUs: random.integer(0, 2_000_000), byUs } },
  };
}
