import { planBaseline, runInspection } from "../inspect/index.js";
import type { FlowPath } from "../model/hops.js";
import type { StepKind } from "../model/steps.js";
import { describeUnread, saveRecords, saveState, toPlanned } from "./shared/state-files.js";
import { pathList } from "./objects.js";
import { NOT_YET } from "./schema.js";

interface Input {
  readonly paths: readonly FlowPath[];
}

interface Output {
  /** How many looks gave an answer. */
  readonly read: number;
}

export const stateBaseline: StepKind<Input, Output> = {
  name: "state/baseline",
  title: "Read the nodes' counters",
  description:
    "Reads the counters of the path's nodes and pods, so that their growth over the run can be told.",
  phase: "action",
  actions: ["node/read", "netns/read"],
  takes: { paths: "path" },
  inputSchema: {
    type: "object",
    required: ["paths"],
    additionalProperties: false,
    properties: {
      paths: pathList,
    },
  },
  outputSchema: { type: "object", properties: { read: { type: "integer" } } },
  example: { paths: "${{ steps.path.outputs.paths }}" },
  plan: async (input) => ({
    commands: toPlanned(planBaseline(input.paths)),
    outputs: NOT_YET,
    notes: [],
  }),
  async run(input, context) {
    const records = await runInspection(planBaseline(input.paths), {
      accesses: context.accesses,
      signal: context.signal,
      save: saveState(context),
    });
    await saveRecords(records, context);
    describeUnread(records, context);
    return { read: records.filter((record) => record.exitCode === 0).length };
  },
};
