import type { Flow } from "../../model/hops.js";
import { flowList } from "../objects.js";
import { judgeKind } from "../shared/judge.js";
import { judgeSizes, type SizesVerdict } from "./sizes.js";

interface Input {
  readonly flows: readonly Flow[];
}

export const mtuJudge = judgeKind<Input, SizesVerdict>({
  name: "mtu/judge",
  title: "Say which sizes pass",
  description:
    "Says the largest packet that each way carries and between which hops larger ones are lost, by flows with `sizes`, against " +
    "the MTUs of the devices on the way.",
  takes: { flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["flows"],
    additionalProperties: false,
    properties: {
      flows: flowList,
    },
  },
  gives: { ways: { type: "array" } },
  example: { flows: "${{ steps.flows.outputs.flows }}" },
  evidence: "sizes",
  judge: ({ flows }, found) => judgeSizes(flows, found),
});
