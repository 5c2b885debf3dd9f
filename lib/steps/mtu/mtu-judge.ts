import { stepEvidence } from "../../model/evidence.js";
import type { Flow } from "../../model/hops.js";
import type { StepKind } from "../../model/steps.js";
import { flowSchema, MAX_OBJECTS } from "../objects.js";
import { NOT_YET } from "../schema.js";
import { judgeSizes, type SizesVerdict } from "./sizes.js";

interface Input {
  readonly flows: readonly Flow[];
}

export const mtuJudge: StepKind<Input, SizesVerdict> = {
  name: "mtu/judge",
  title: "Say which sizes pass",
  description:
    "Says the largest packet that each way carries and between which hops larger ones are lost, by flows with `sizes`, against " +
    "the MTUs of the devices on the way.",
  phase: "action",
  actions: [],
  takes: { flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["flows"],
    additionalProperties: false,
    properties: {
      flows: { type: "array", maxItems: MAX_OBJECTS, items: flowSchema, title: "Flows, from flow/define" },
    },
  },
  outputSchema: {
    type: "object",
    properties: { code: { type: "string" }, summary: { type: "string" }, ways: { type: "array" } },
  },
  example: { flows: "${{ steps.flows.outputs.flows }}" },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run({ flows }, context) {
    const verdict = judgeSizes(flows, await context.followFlows());
    await context.sink.writeJson(stepEvidence("sizes", context.evidenceName), verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    return verdict;
  },
};
