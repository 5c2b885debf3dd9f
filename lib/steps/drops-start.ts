import { DROPTRACE_ACTION, DropTraceSession, planDropTraces } from "../capture/index.js";
import type { DropTraceRecord } from "../model/evidence.js";
import type { FlowPath } from "../model/hops.js";
import type { StepKind } from "../model/steps.js";
import { pathList } from "./objects.js";
import { NOT_YET } from "./schema.js";
import { leaseSecondsOf } from "./shared/lease.js";

interface Input {
  readonly paths: readonly FlowPath[];
}

interface Output {
  /** Nodes whose kernel tells. */
  readonly nodes: readonly string[];
}

export const HELD_DROPS = "drops";
const WITHOUT_CLIENT = "the kernel's drops are not traced in a run that goes on without its client";

export const dropsStart: StepKind<Input, Output> = {
  name: "drops/start",
  title: "Ask the kernel to tell of drops",
  description:
    "Makes a trace instance of its own in each node's tracefs, in which the kernel writes where and why it frees a " +
    "packet. A node that has no tracefs to be had is left out without a fuss.",
  phase: "action",
  actions: [DROPTRACE_ACTION],
  takes: { paths: "path" },
  inputSchema: {
    type: "object",
    required: ["paths"],
    additionalProperties: false,
    properties: {
      paths: pathList,
    },
  },
  outputSchema: { type: "object", properties: { nodes: { type: "array" } } },
  example: { paths: "${{ steps.path.outputs.paths }}" },
  plan: (input, context) => {
    if (context.detach !== undefined) {
      return Promise.resolve({ commands: [], outputs: NOT_YET, notes: [WITHOUT_CLIENT] });
    }
    return Promise.resolve({
      commands: planDropTraces(input.paths, {
        runId: context.runId,
        leaseSeconds: leaseSecondsOf(context.profile),
      }).map((plan) => ({
        node: plan.node,
        action: DROPTRACE_ACTION,
        argv: plan.argv,
        effect: "trace" as const,
      })),
      outputs: NOT_YET,
      notes: [
        `a trace instance of its own on each node; without the client it goes within ${leaseSecondsOf(context.profile)} s`,
      ],
    });
  },
  async run(input, context) {
    if (context.detach !== undefined) {
      context.note("info", WITHOUT_CLIENT);
      const nodes = [...new Set(input.paths.flatMap((path) => path.hops.map((hop) => hop.node)))];
      const records = nodes.map((node): DropTraceRecord => ({
        ...{ node, file: null, unavailable: WITHOUT_CLIENT, taiOffsetSec: 0 },
      }));
      await context.sink.writeJson("evidence/drops.json", { nodes: records });
      return { nodes: [] };
    }
    const plans = planDropTraces(input.paths, {
      runId: context.runId,
      leaseSeconds: leaseSecondsOf(context.profile),
    });
    const session = new DropTraceSession(plans, context.accesses, context.clock);
    context.hold(HELD_DROPS, session, () => session.abort());
    const answers = await session.ready();
    context.signal.throwIfAborted();
    for (const { node, unavailable } of answers) {
      if (unavailable !== null)
        context.note("info", `${node}: no word from the kernel on drops: ${unavailable}`);
    }
    return { nodes: answers.filter((answer) => answer.unavailable === null).map((answer) => answer.node) };
  },
};
