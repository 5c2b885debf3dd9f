import { stepEvidence } from "../../model/evidence.js";
import type { Flow } from "../../model/hops.js";
import type { StepContext, StepKind } from "../../model/steps.js";
import {
  planProbe,
  readLookups,
  sayAsk,
  type DnsAsk,
  type DnsServer,
  type ProbePlan,
} from "../../traffic/index.js";
import { flowList } from "../objects.js";
import { durationSchema, NOT_YET, toMs } from "../schema.js";
import { probeTagOf, runProbe } from "../shared/probing.js";
import { listAsks, type PlannedAsk } from "./asking.js";
import { familyOf, familySchema, type FamilyChoice } from "./family.js";
import { namesSchema, serversSchema } from "./schema.js";

interface Input {
  readonly flows: readonly Flow[];
  readonly names: readonly string[];
  readonly servers: readonly DnsServer[];
  readonly family?: FamilyChoice;
  readonly followed?: boolean;
  readonly wait?: string | number;
  readonly interval?: string | number;
}

interface Output {
  readonly asks: readonly DnsAsk[];
}

type Planned = PlannedAsk & { readonly plan: ProbePlan };

export const dnsLookup: StepKind<Input, Output> = {
  name: "dns/lookup",
  title: "Ask for the names",
  description:
    "Asks for each name's A and AAAA records, or those of one family, over UDP and TCP: the servers and those behind them from the pod's network " +
    "namespace, and both from their nodes, with the nodes' tools. All names are asked for at once; what a resolver, which " +
    "asks for one after the other, comes to is reckoned from the answers.",
  phase: "action",
  actions: ["netns/probe"],
  takes: { flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["flows", "names", "servers"],
    additionalProperties: false,
    properties: {
      flows: flowList,
      names: { ...namesSchema, title: "Whole names, as dns/read gives it" },
      servers: { ...serversSchema, title: "Servers, as dns/read gives it" },
      family: { ...familySchema, title: "Which addresses are asked for: of `4` A, of `6` AAAA" },
      followed: { type: "boolean", default: true, title: "Whether the flows are captured in this run" },
      wait: { ...durationSchema, default: "2s", title: "How long to wait for each answer" },
      interval: { ...durationSchema, default: "50ms", title: "Time between two queries to one server" },
    },
  },
  outputSchema: { type: "object", properties: { asks: { type: "array" } } },
  example: {
    flows: "${{ steps.flows.outputs.flows }}",
    names: ["web.shop.svc.cluster.local"],
    servers: [
      { ip: "10.96.0.10", role: "nameserver", service: "kube-system/kube-dns", endpoints: ["10.244.1.5"] },
    ],
  },
  makesTraffic: () => ["dns-udp", "dns-tcp"],
  plan: (input, context) => {
    const commands = planAll(input, context).map(({ plan: { node, action, argv } }) => ({
      node,
      action,
      argv,
    }));
    return Promise.resolve({
      commands: commands.map((command) => ({ ...command, effect: "traffic" as const })),
      ...{ outputs: NOT_YET, notes: [] },
    });
  },
  async run(input, context) {
    const planned = planAll(input, context);
    for (const { plan } of planned) context.demand({ kind: "traffic", node: plan.node, probe: plan.kind });
    const done = await Promise.all(
      planned.map(async ({ plan, ...ask }) => ({ ask, probe: await runProbe(plan, context) })),
    );
    const followed = done.filter(({ ask }) => ask.flowId !== null).map(({ probe }) => probe);
    await context.sink.appendJson("evidence/traffic.json", { key: "probes", records: followed });
    context.signal.throwIfAborted();
    const asks = done.map(({ ask, probe }): DnsAsk => {
      const { flowId, from, node, server, role, transport, queries } = ask;
      const lookups = readLookups(queries, probe);
      return { flowId, from, node, server, role, transport, lookups, error: probe.error };
    });
    await context.sink.writeJson(stepEvidence("dns", context.evidenceName), { asks });
    for (const ask of asks) {
      if (ask.error !== null)
        context.markIncomplete(`${ask.server} could not be asked from ${ask.node}: ${ask.error}`);
      else if (ask.from === "pod" && ask.role === "nameserver") context.note("info", sayAsk(ask));
    }
    return { asks };
  },
};

function planAll(
  { flows, names, servers, family, followed, wait, interval }: Input,
  context: StepContext,
): Planned[] {
  const options = {
    ...{ count: 1, dnsName: "", httpPath: "/", runTag: probeTagOf(context.runId) },
    ...{ intervalMs: toMs(interval ?? "50ms"), timeoutMs: toMs(wait ?? "2s") },
  };
  return listAsks({ flows, names, servers, family: familyOf(family) })
    .filter(({ flow }) => context.accesses.has(flow.path.from.target ?? flow.path.from.node ?? ""))
    .map((ask) => (followed === false ? { ...ask, flowId: null } : ask))
    .map((ask) => ({ ...ask, plan: planProbe(ask.flow, { ...options, queries: ask.queries }) }));
}
