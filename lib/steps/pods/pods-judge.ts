import type { StepKind } from "../../model/steps.js";
import { NOT_YET } from "../schema.js";
import { judgeWays, type WaysVerdict } from "./judge-ways.js";

export const podsJudge: StepKind<Record<string, never>, WaysVerdict> = {
  name: "pods/judge",
  title: "Say which pods get through, and follow one packet",
  description:
    "Says of each way between ends whether it is answered, and where what is lost is lost; names the captures, and follows one " +
    "packet and its answer through those of its way.",
  phase: "action",
  actions: [],
  inputSchema: { type: "object", additionalProperties: false, properties: {} },
  outputSchema: {
    type: "object",
    properties: {
      code: { type: "string" },
      summary: { type: "string" },
      ways: { type: "array" },
      captures: { type: "array" },
      followed: { type: "array" },
    },
  },
  example: {},
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run(_, context) {
    const verdict = judgeWays(await context.followFlows());
    await context.sink.writeJson("evidence/ways.json", verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    for (const line of verdict.followed) context.note("info", line);
    return verdict;
  },
};
