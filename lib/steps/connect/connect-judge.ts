import { stepEvidence } from "../../model/evidence.js";
import type { FlowPath } from "../../model/hops.js";
import type { StepKind } from "../../model/steps.js";
import { walkOf, type TlsAnswer, type DnsAsk, type ResolverConfig } from "../../traffic/index.js";
import { pathSchema, MAX_OBJECTS } from "../objects.js";
import { durationSchema, NOT_YET, toMs } from "../schema.js";
import { attributeTime, type Timing } from "./attribute.js";

interface Input {
  readonly slow?: string | number;
  readonly config?: ResolverConfig;
  readonly asks?: readonly DnsAsk[];
  readonly tls?: readonly TlsAnswer[];
  readonly namePaths?: readonly FlowPath[];
}

export const connectJudge: StepKind<Input, Timing> = {
  name: "connect/judge",
  title: "Say where the time goes",
  description:
    "Says how long the name, the connection, TLS and HTTP take, and how much of it goes to each leg of the way there and back " +
    "and to the far end, by the packets at every hop; which of them is the delay where all of it is slow.",
  phase: "action",
  actions: [],
  takes: { namePaths: "path" },
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
      tls: {
        type: "array",
        maxItems: MAX_OBJECTS,
        items: { type: "object", required: ["flowId", "facts", "said", "serverName", "atSec"] },
        title: "What TLS probes were answered, as traffic/probe gives it",
      },
      namePaths: {
        type: "array",
        maxItems: MAX_OBJECTS,
        items: pathSchema,
        title: "Ways to the name's servers, from path/discover: what both ways share is no fault of the name",
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      code: { type: "string" },
      summary: { type: "string" },
      totalMs: { type: "number" },
      phases: { type: "array" },
      parts: { type: "array" },
      tls: { type: "array" },
    },
  },
  example: { slow: "100ms" },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run({ slow, config, asks, tls = [], namePaths = [] }, context) {
    const followed = await context.followFlows();
    // Of the way to the name's server its own verdict tells.
    const flows = followed.filter(({ probe }) => probe !== null && !probe.startsWith("dns-"));
    const walk = config === undefined || asks === undefined ? null : walkOf(asks, config);
    const name = walk === null ? null : { tookMs: walk.tookMs, rounds: walk.names.length, paths: namePaths };
    const timing = attributeTime({ flows, name, tls, slowMs: toMs(slow ?? "100ms") });
    await context.sink.writeJson(stepEvidence("timing", context.evidenceName), timing);
    for (const said of timing.tls) context.note("info", `TLS: ${said}`);
    context.note(timing.code === "none" ? "info" : "warn", timing.summary);
    return timing;
  },
};
