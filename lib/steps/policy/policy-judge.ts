import type { Audit } from "../../model/audit/audit.js";
import type { StepKind } from "../../model/steps.js";
import { MAX_OBJECTS } from "../objects.js";
import { NOT_YET } from "../schema.js";
import { judgePolicies, type PoliciesVerdict } from "./judge-policies.js";

interface Input {
  readonly audits: readonly Audit[];
}

export const policyJudge: StepKind<Input, PoliciesVerdict> = {
  name: "policy/judge",
  title: "Say who may talk to whom",
  description:
    "Holds what became of what was sent between ends against what the rules on the nodes say of the same ways: which get through, " +
    "which end at a rule, which end elsewhere.",
  phase: "action",
  actions: [],
  inputSchema: {
    type: "object",
    required: ["audits"],
    additionalProperties: false,
    properties: {
      audits: {
        type: "array",
        maxItems: MAX_OBJECTS,
        items: {
          type: "object",
          required: ["from", "to", "port", "protocol", "statements"],
          properties: { statements: { type: "array", items: { type: "object" } } },
        },
        title: "What the rules say, as state/audit gives it",
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: { code: { type: "string" }, summary: { type: "string" }, pairs: { type: "array" } },
  },
  example: { audits: [] },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run({ audits }, context) {
    const verdict = judgePolicies(await context.followFlows(), audits);
    await context.sink.writeJson("evidence/policies.json", verdict);
    context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
    return verdict;
  },
};
