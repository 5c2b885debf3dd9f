import type { StepKind } from "../../model/steps.js";
import { NOT_YET } from "../schema.js";
import { judgeEgress, type EgressVerdict } from "./judge-egress.js";

export const egressJudge: StepKind<Record<string, never>, EgressVerdict> = {
  name: "egress/judge",
  title: "Say how packets left the cluster, and what came back",
  description:
    "Says of each way to the outside by which device its packets left, under which address, and whether they were answered; " +
    "where they were lost within the cluster.",
  phase: "action",
  actions: [],
  inputSchema: { type: "object", additionalProperties: false, properties: {} },
  outputSchema: {
    type: "object",
    properties: { code: { type: "string" }, summary: { type: "string" }, ways: { type: "array" } },
  },
  example: {},
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run(_, context) {
    const verdict = judgeEgress(await context.followFlows());
    await context.sink.writeJson("evidence/egress.json", verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    return verdict;
  },
};
