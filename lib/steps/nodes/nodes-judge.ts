import { judgeKind } from "../shared/judge.js";
import { judgeNodes, type NodesVerdict } from "./matrix.js";

export const nodesJudge = judgeKind<Record<string, never>, NodesVerdict>({
  name: "nodes/judge",
  title: "Say which ways between nodes are well",
  description:
    "Says of each way between two nodes whether pings pass, whether the largest do, and whether the ports of tunnels are " +
    "reached; where what is lost is lost.",
  gives: { ways: { type: "array" } },
  evidence: "nodes",
  judge: (_, flows) => judgeNodes(flows),
  lines: ({ ways }) => ways.map(({ from, to, said }) => `${from} → ${to}: ${said}`),
});
