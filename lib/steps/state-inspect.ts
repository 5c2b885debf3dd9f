import { mergeCommands, planInspection, planSuperset, runInspection } from "../inspect/index.js";
import type { Flow, FlowPath } from "../model/hops.js";
import type { StepKind } from "../model/steps.js";
import { flowList, pathList } from "./objects.js";
import { readPolicies } from "./shared/policies.js";
import { describeUnread, saveRecords, saveState, toPlanned } from "./shared/state-files.js";
import { NOT_YET } from "./schema.js";

interface Input {
  readonly paths: readonly FlowPath[];
  readonly flows: readonly Flow[];
}

interface Output {
  readonly read: number;
}

export const stateInspect: StepKind<Input, Output> = {
  name: "state/inspect",
  title: "Read the nodes' state around the break",
  description:
    "Reads, and only reads, what the nodes around the break say of it: FDB, neighbours, routes, filters, counters. " +
    "Where nothing broke it reads nothing.",
  phase: "action",
  actions: ["node/read", "netns/read"],
  takes: { paths: "path", flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["paths", "flows"],
    additionalProperties: false,
    properties: {
      paths: pathList,
      flows: flowList,
    },
  },
  outputSchema: { type: "object", properties: { read: { type: "integer" } } },
  example: { paths: "${{ steps.path.outputs.paths }}", flows: "${{ steps.flows.outputs.flows }}" },
  plan: async (input) => ({
    commands: toPlanned(
      // Of the flows as well: one on a path of its own may be what breaks.
      mergeCommands(...[...input.paths, ...input.flows.map(({ path }) => path)].map(planSuperset)),
      "only around a break, if there is one",
    ),
    outputs: NOT_YET,
    notes: [],
  }),
  async run(input, context) {
    const breaks = await context.locateBreaks();
    const broken = breaks.flatMap((found) => {
      const flow = input.flows.find((candidate) => candidate.id === found.flowId);
      return flow === undefined || found.status === "delivered" ? [] : [{ path: flow.path, found }];
    });
    const plans = broken.map(({ path, found }) => planInspection(path, found));
    const policies = await readPolicies(
      broken.map(({ path }) => path),
      context,
    );
    if (policies !== null) await context.sink.writeJson("evidence/policies.json", policies);
    const records = await runInspection(mergeCommands(...plans), {
      accesses: context.accesses,
      signal: context.signal,
      save: saveState(context),
    });
    await saveRecords(records, context);
    describeUnread(records, context);
    return { read: records.filter((record) => record.exitCode === 0).length };
  },
};
