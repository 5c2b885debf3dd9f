import { judgeKind } from "../shared/judge.js";
import { judgeLoss, type LossVerdict } from "./judge-loss.js";

export const lossJudge = judgeKind<Record<string, never>, LossVerdict>({
  name: "loss/judge",
  title: "Say how much is lost between which hops",
  description:
    "Says of each flow that was captured how many of its packets are missing between neighbouring hops, both ways, and when most were " +
    "lost.",
  gives: { worstShare: { type: "number" }, flows: { type: "array" } },
  evidence: "loss",
  judge: (_, flows) => judgeLoss(flows),
});
