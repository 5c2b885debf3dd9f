import { stepEvidence } from "../../model/evidence.js";
import type { StepKind } from "../../model/steps.js";
import {
  judgeDns,
  type DnsAsk,
  type DnsServer,
  type DnsVerdict,
  type ResolverConfig,
} from "../../traffic/index.js";
import { NOT_YET } from "../schema.js";
import { serversSchema } from "./schema.js";

interface Input {
  readonly name: string;
  readonly config: ResolverConfig;
  readonly servers: readonly DnsServer[];
  readonly asks: readonly DnsAsk[];
}

export const dnsJudge: StepKind<Input, DnsVerdict> = {
  name: "dns/judge",
  title: "Say what is at fault",
  description:
    "Says whether the name, the server, the network or the pod's resolv.conf is at fault, by what was asked from where, what " +
    "came back, and where the captures show that queries or answers were lost.",
  phase: "action",
  actions: [],
  inputSchema: {
    type: "object",
    required: ["name", "config", "servers", "asks"],
    additionalProperties: false,
    properties: {
      name: { type: "string", minLength: 1, maxLength: 255, title: "The name as a program has it" },
      config: {
        type: "object",
        title: "Configuration, as dns/read gives it",
        required: ["nameservers", "search", "ndots", "timeoutSec", "attempts"],
      },
      servers: { ...serversSchema, title: "Servers, as dns/read gives it" },
      asks: {
        type: "array",
        maxItems: 256,
        title: "What was asked, as dns/lookup gives it",
        items: { type: "object" },
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      code: { type: "string" },
      fault: { type: ["string", "null"] },
      summary: { type: "string" },
      evidence: { type: "array", items: { type: "string" } },
    },
  },
  example: {
    name: "web",
    config: { nameservers: ["10.96.0.10"], search: [], ndots: 5, timeoutSec: 5, attempts: 2 },
    servers: [],
    asks: [],
  },
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run({ name, config, servers, asks }, context) {
    const breaks = await context.locateBreaks();
    const verdict = judgeDns({ name, config, servers, asks, breaks });
    await context.sink.writeJson(stepEvidence("dns-verdict", context.evidenceName), verdict);
    context.note(verdict.code === "none" ? "info" : "warn", verdict.summary);
    for (const line of verdict.evidence) context.note("info", line);
    return verdict;
  },
};
