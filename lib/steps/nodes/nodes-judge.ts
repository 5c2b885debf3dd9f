import { stepEvidence } from "../../model/evidence.js";
import type { StepKind } from "../../model/steps.js";
import { NOT_YET } from "../schema.js";
import { judgeNodes, type NodesVerdict } from "./matrix.js";

export const nodesJudge: StepKind<Record<string, never>, NodesVerdict> = {
  name: "nodes/judge",
  title: "Say which ways between nodes are well",
  description:
    "Says of each way between two nodes whether pings pass, whether the largest do, and whether the ports of tunnels are " +
    "reached; where what is lost is lost.",
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
    const verdict = judgeNodes(await context.followFlows());
    await context.sink.writeJson(stepEvidence("nodes", context.evidenceName), verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    for (const { from, to, said } of verdict.ways) context.note("info", `${from} → ${to}: ${said}`);
    return verdict;
  },
};
