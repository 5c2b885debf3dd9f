import type { Audit } from "../../model/audit/audit.js";
import { MAX_OBJECTS } from "../objects.js";
import { judgeKind } from "../shared/judge.js";
import { judgePolicies, type PoliciesVerdict } from "./judge-policies.js";

interface Input {
  readonly audits: readonly Audit[];
}

export const policyJudge = judgeKind<Input, PoliciesVerdict>({
  name: "policy/judge",
  title: "Say who may talk to whom",
  description:
    "Holds what became of what was sent between ends against what the rules on the nodes say of the same ways: which get through, " +
    "which end at a rule, which end elsewhere.",
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
  gives: { pairs: { type: "array" } },
  example: { audits: [] },
  evidence: "policy-ways",
  judge: ({ audits }, flows) => judgePolicies(flows, audits),
});
