import { planCaptures, startCaptures, type NodeCapturePlan } from "../capture/index.js";
import type { NodeTools } from "../cluster/index.js";
import type { EvidenceEnd, FlowEvidence } from "../model/evidence.js";
import type { End } from "../model/cluster.js";
import type { Flow, Hop } from "../model/hops.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { formatDuration, formatSize } from "../model/units.js";
import { finishCapture, HELD_CAPTURE } from "./capture-stop.js";
import { durationSchema, sizeSchema, toBytes, toMs } from "./schema.js";

interface Input {
  readonly flows: readonly Flow[];
  /** By node, from path/discover. */
  readonly tools?: Readonly<Record<string, NodeTools>>;
  readonly payload?: boolean;
  readonly maxBytes?: string | number;
  readonly maxDuration?: string | number;
  readonly minFree?: string | number;
}

interface Output {
  /** Names the captures for capture/stop. */
  readonly capture: string;
  readonly hops: number;
}

const LEASE_SECONDS = 20;
const BUFFER_KIB = 8192;

export const captureStart: StepKind<Input, Output> = {
  name: "capture/start",
  title: "Capture at every hop",
  description:
    "Starts one tcpdump a hop with the exact filter of the flows, on all nodes at once, and goes on when every one " +
    "of them listens. Without the client they end by themselves, and remove what they wrote.",
  phase: "action",
  actions: ["netns/tcpdump", "capture/pull"],
  inputSchema: {
    type: "object",
    required: ["flows"],
    additionalProperties: false,
    properties: {
      flows: { type: "array", minItems: 1, title: "Flows, from flow/define" },
      tools: { type: "object", title: "What the nodes have, from path/discover" },
      payload: { type: "boolean", default: false, title: "Whole packets in place of headers" },
      maxBytes: { ...sizeSchema, default: "64MiB", title: "Of one node, all hops together" },
      maxDuration: { ...durationSchema, default: "10m", title: "When tcpdump ends at the latest" },
      minFree: { ...sizeSchema, default: "64MiB", title: "Free disk on the node that is never gone below" },
    },
  },
  outputSchema: {
    type: "object",
    required: ["capture"],
    properties: { capture: { type: "string" }, hops: { type: "integer" } },
  },
  example: { flows: "${{ steps.flows.outputs.flows }}", maxBytes: "64MiB" },
  async plan(input, context) {
    const plans = planNodes(input, context);
    const captures = plans.flatMap((plan) => plan.hops);
    const { maxBytes, maxMs } = limitsOf(input);
    return {
      commands: plans.map((plan) => ({
        node: plan.node,
        action: "netns/tcpdump",
        argv: plan.argv,
        effect: "capture" as const,
      })),
      outputs: { capture: HELD_CAPTURE, hops: captures.length },
      notes: [
        `${captures.length} captures on ${plans.length} nodes, each at most ${formatDuration(maxMs)}, ` +
          `${formatSize(maxBytes)} a node; without the client they end within ${LEASE_SECONDS} s`,
      ],
    };
  },
  async run(input, context) {
    const plans = planNodes(input, context);
    const { maxBytes, maxMs } = limitsOf(input);
    for (const plan of plans) {
      for (const { filter } of plan.hops) {
        context.demand({
          kind: "capture",
          node: plan.node,
          durationMs: maxMs,
          bytes: maxBytes,
          payload: input.payload === true ? "full" : "headers",
          filter,
        });
      }
    }
    const session = await startCaptures(plans, { accesses: context.accesses, signal: context.signal });
    context.hold(HELD_CAPTURE, session, async (how) => {
      await finishCapture(session, context, how);
    });
    // Only now: flows whose captures never began are none to be judged.
    await context.sink.writeJson("evidence/flows.json", { flows: input.flows.map(toEvidence) });
    const hops = plans.flatMap((plan) => plan.hops).length;
    context.note(
      "info",
      `${hops} hops listening within ${formatDuration(session.barrier.skewMs)} of each other`,
    );
    return { capture: HELD_CAPTURE, hops };
  },
};

function limitsOf(input: Input): { maxBytes: number; maxMs: number; minFreeBytes: number } {
  return {
    maxBytes: toBytes(input.maxBytes ?? "64MiB"),
    maxMs: toMs(input.maxDuration ?? "10m"),
    minFreeBytes: toBytes(input.minFree ?? "64MiB"),
  };
}

function planNodes(input: Input, context: StepContext): readonly NodeCapturePlan[] {
  const { maxBytes, maxMs, minFreeBytes } = limitsOf(input);
  const logins = Object.entries(input.tools ?? {}).map(
    ([node, tools]) => [node, tools.sshConnection] as const,
  );
  return planCaptures(input.flows, {
    runId: context.runId,
    workDir: context.profile.workDir,
    payload: input.payload === true,
    maxSeconds: Math.ceil(maxMs / 1000),
    maxBytes,
    minFreeBytes,
    leaseSeconds: LEASE_SECONDS,
    bufferKiB: BUFFER_KIB,
    sshConnections: Object.fromEntries(logins),
  });
}

function toEvidence(flow: Flow): FlowEvidence {
  const { path } = flow;
  const hops = (list: readonly Hop[]): FlowEvidence["hops"] =>
    list.map(({ index, id, node, role, interface: name, mtuBytes, encapsulation }) => ({
      ...{ index, id, node, role, interface: name, mtuBytes, encapsulation },
      pcap: `captures/${node}/${id}.pcap`,
    }));
  return {
    id: flow.id,
    from: endOf(path.from),
    to: endOf(path.to),
    protocol: flow.protocol,
    probe: flow.probe,
    hops: hops(path.hops),
    replyHops: path.replyHops === null ? null : hops(path.replyHops),
    underlay: path.underlay,
    tunnels: path.tunnels,
    notes: path.notes,
  };
}

function endOf({ pod, node, ip, port, addresses }: End): EvidenceEnd {
  return { pod, node, ip, port, addresses };
}
