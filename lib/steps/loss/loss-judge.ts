import type { StepKind } from "../../model/steps.js";
import { NOT_YET } from "../schema.js";
import { judgeLoss, type LossVerdict } from "./judge-loss.js";

export const lossJudge: StepKind<Record<string, never>, LossVerdict> = {
  name: "loss/judge",
  title: "Say how much is lost between which hops",
  description:
    "Says of each flow that was captured how many of its packets are missing between neighbouring hops, both ways, and when most were " +
    "lost.",
  phase: "action",
  actions: [],
  inputSchema: { type: "object", additionalProperties: false, properties: {} },
  outputSchema: {
    type: "object",
    properties: {
      code: { type: "string" },
      summary: { type: "string" },
      worstShare: { type: "number" },
      flows: { type: "array" },
    },
  },
  example: {},
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run(_, context) {
    const verdict = judgeLoss(await context.followFlows());
    await context.sink.writeJson("evidence/loss.json", verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    return verdict;
  },
};
