import { judgeKind } from "../shared/judge.js";
import { judgeEgress, type EgressVerdict } from "./judge-egress.js";

export const egressJudge = judgeKind<Record<string, never>, EgressVerdict>({
  name: "egress/judge",
  title: "Say how packets left the cluster, and what came back",
  description:
    "Says of each way to the outside by which device its packets left, under which address, and whether they were answered; " +
    "where they were lost within the cluster.",
  gives: { ways: { type: "array" } },
  evidence: "egress",
  judge: (_, flows) => judgeEgress(flows),
});
