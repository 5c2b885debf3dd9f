import { stepEvidence } from "../../model/evidence.js";
import type { StepKind } from "../../model/steps.js";
import { nameTime, type DnsAsk, type ResolverConfig } from "../../traffic/index.js";
import { durationSchema, NOT_YET, toMs } from "../schema.js";
import { attributeTime, type Timing } from "./attribute.js";

interface Input {
  readonly slow?: string | number;
  readonly config?: ResolverConfig;
  readonly asks?: readonly DnsAsk[];
}

export const connectJudge: StepKind<Input, Timing> = {
  name: "connect/judge",
  title: "Say where the time goes",
  description:
    "Says how much of a connection's time goes to its name, to each leg of the way there and back, and to the far end, by the " +
    "packets at every hop; which of them is the delay where all of it is slow.",
  phase: "action",
  actions: [],
  inputSchema: {
    type: "object",
    additionalProperties: false,
    properties: {
      slow: { ...durationSchema, default: "100ms", title: "What takes less in all is not slow" },
      config: { type: "object", title: "Configuration, as dns/read gives it; without it there is no name" },
      asks: {
        type: "array",
        maxItems: 256,
        items: { type: "object" },
        title: "What was asked, as dns/lookup gives it",
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      code: { type: "string" },
      summary: { type: "string" },
      totalMs: { type: "number" },
      parts: { type: "array" },
    },
  },
  example: { slow: "100ms" },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run({ slow, config, asks }, context) {
    const followed = await context.followFlows();
    // Of the way to the name's server its own verdict tells.
    const flows = followed.filter(({ probe }) => probe !== null && !probe.startsWith("dns-"));
    const nameMs = config === undefined || asks === undefined ? null : nameTime(asks, config);
    const timing = attributeTime({ flows, nameMs, slowMs: toMs(slow ?? "100ms") });
    await context.sink.writeJson(stepEvidence("timing", context.evidenceName), timing);
    context.note(timing.code === "none" ? "info" : "warn", timing.summary);
    return timing;
  },
};
