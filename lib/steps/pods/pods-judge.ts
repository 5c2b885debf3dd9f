import { judgeKind } from "../shared/judge.js";
import { judgeWays, type WaysVerdict } from "./judge-ways.js";

export const podsJudge = judgeKind<Record<string, never>, WaysVerdict>({
  name: "pods/judge",
  title: "Say which pods get through, and follow one packet",
  description:
    "Says of each way between ends whether it is answered, and where what is lost is lost; names the captures, and follows one " +
    "packet and its answer through those of its way.",
  gives: { ways: { type: "array" }, captures: { type: "array" }, followed: { type: "array" } },
  evidence: "ways",
  judge: (_, flows) => judgeWays(flows),
  lines: ({ followed }) => followed,
});
