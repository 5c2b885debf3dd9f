import type { FlowPlan, HopPlan, Scenario } from "./scenario.js";

/** The smallest scenario to be found that still fails. */
export async function shrink(
  scenario: Scenario,
  fails: (candidate: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  let smallest = scenario;
  for (let found = true; found;) {
    found = false;
    for (const candidate of makeSmaller(smallest)) {
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}

function* makeSmaller(scenario: Scenario): Generator<Scenario> {
  const { flows, losses, disorders, gaps, hops } = scenario;
  // A run's first flow is the one that it was asked about: its path is that of the hops.
  for (const index of flows.keys())
    if (flows.length > 1 && (scenario.windows === null || index > 0)) yield withoutFlow(scenario, index);
  for (const index of losses.keys()) yield { ...scenario, losses: losses.toSpliced(index, 1) };
  for (const index of disorders.keys()) yield { ...scenario, disorders: disorders.toSpliced(index, 1) };
  for (const index of gaps.keys()) yield { ...scenario, gaps: gaps.toSpliced(index, 1) };
  for (const index of hops.keys()) if (hops.length > 2) yield* withoutHop(scenario, index);
  if (scenario.noise) yield { ...scenario, noise: false };
  if (scenario.v6) yield { ...scenario, v6: false };
  if (scenario.snaplenBytes < 262_144) yield { ...scenario, snaplenBytes: 262_144 };
  if (scenario.aheadUs.some((ahead) => ahead !== 0))
    yield { ...scenario, aheadUs: scenario.aheadUs.map(() => 0) };
  for (const simple of simplerWindows(scenario.windows)) yield { ...scenario, windows: simple };
  for (const [index, hop] of hops.entries())
    for (const simple of simplerHops(hop)) yield { ...scenario, hops: hops.with(index, simple) };
  for (const [index, flow] of flows.entries())
    for (const simple of simplerFlows(flow)) yield { ...scenario, flows: flows.with(index, simple) };
}

function* simplerWindows(windows: Scenario["windows"]): Generator<Scenario["windows"]> {
  if (windows === null) return;
  const [fromUs, untilUs] = [
    Math.min(...windows.map((one) => one.fromUs)),
    Math.max(...windows.map((one) => one.untilUs)),
  ];
  for (const [index, window] of windows.entries()) {
    if (window.fromUs !== fromUs) yield windows.with(index, { ...window, fromUs });
    if (window.untilUs !== untilUs) yield windows.with(index, { ...window, untilUs });
  }
}

function* simplerHops(hop: HopPlan): Generator<HopPlan> {
  if (hop.wears !== "none") yield { ...hop, wears: "none" };
  if (hop.link !== "ethernet") yield { ...hop, link: "ethernet" };
  if (hop.silent !== null) yield { ...hop, silent: null };
  if (hop.merges) yield { ...hop, merges: false };
  if (hop.splitBytes === 0) yield { ...hop, splitBytes: 1400 };
  if (hop.routed) yield { ...hop, routed: false };
}

function* simplerFlows(flow: FlowPlan): Generator<FlowPlan> {
  if (flow.connections > 1) yield { ...flow, connections: 1 };
  if (flow.connections > 1) yield { ...flow, connections: flow.connections - 1 };
  if (flow.messages > 1) yield { ...flow, messages: 1 };
  if (flow.messages > 1) yield { ...flow, messages: flow.messages - 1 };
  if (flow.nat !== null) yield { ...flow, nat: null, backends: [flow.backends[0]!] };
  if (flow.nat?.both === true) yield { ...flow, nat: { ...flow.nat, both: false } };
  if (flow.nat?.source === true && flow.nat.destination)
    yield { ...flow, nat: { ...flow.nat, source: false } };
  if (flow.backends.length > 1) yield { ...flow, backends: [flow.backends[0]!] };
  if (flow.reversed) yield { ...flow, reversed: false };
  if (flow.burst > 1) yield { ...flow, burst: 1 };
  if (flow.kind === "tcp" && flow.responseBytes > 0)
    yield { ...flow, responseBytes: Math.floor(flow.responseBytes / 3) };
  if (flow.kind === "tcp" && flow.requestBytes > 0)
    yield { ...flow, requestBytes: Math.floor(flow.requestBytes / 3) };
  if (!flow.timestamps) yield { ...flow, timestamps: true };
  if (flow.ipId === "zero") yield { ...flow, ipId: "counter" };
  if (flow.alike) yield { ...flow, alike: false };
}

function withoutFlow(scenario: Scenario, index: number): Scenario {
  const losses = scenario.losses
    .filter(({ flow }) => flow !== index)
    .map((loss) => (loss.flow !== null && loss.flow > index ? { ...loss, flow: loss.flow - 1 } : loss));
  return { ...scenario, flows: scenario.flows.toSpliced(index, 1), losses };
}

/** Legs are numbered by the hop before them; what stands for a hop that goes moves to its neighbour. */
function* withoutHop(scenario: Scenario, index: number): Generator<Scenario> {
  const hops = scenario.hops.toSpliced(index, 1);
  const move = (hop: number): number => Math.max(0, hop > index ? hop - 1 : Math.min(hop, hops.length - 1));
  const moveLeg = (leg: number): number => Math.min(move(leg), hops.length - 2);
  const gaps = scenario.gaps.map((gap) => ({ ...gap, hop: move(gap.hop) }));
  // What the ends' captures miss, nobody else shows.
  if (gaps.some(({ kind, hop }) => kind === "misses some" && (hop === 0 || hop === hops.length - 1))) return;
  yield {
    ...scenario,
    hops,
    windows: scenario.windows?.toSpliced(index, 1) ?? null,
    gaps,
    losses: scenario.losses.map((loss) => ({ ...loss, leg: moveLeg(loss.leg) })),
    disorders: scenario.disorders.map((disorder) => ({ ...disorder, leg: moveLeg(disorder.leg) })),
    flows: scenario.flows.map((flow) => {
      const [first, last] = flow.span;
      const to = Math.max(move(last), 1);
      const span: [number, number] = [Math.min(move(first), to - 1), to];
      const { nat } = flow;
      const after = nat === null ? 0 : Math.min(nat.after, span[1] - span[0] - 1);
      return {
        ...flow,
        span,
        nat: nat === null ? null : { ...nat, after, both: nat.both && after > 0 && to - span[0] >= 2 },
      };
    }),
  };
}
