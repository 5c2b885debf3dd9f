import type { Flow } from "../model/hops.js";
import type { ProbeAttempt, ProbeRecord } from "../model/evidence.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { parseDuration } from "../model/units.js";
import { HELLO_ALONE, planProbe, type TlsAnswer, type ProbePlan } from "../traffic/index.js";
import { flowList } from "./objects.js";
import { durationSchema, NOT_YET, toMs } from "./schema.js";
import { probeTagOf, runProbe } from "./shared/probing.js";

interface Input {
  readonly flows: readonly Flow[];
  readonly count?: number;
  readonly interval?: string | number;
  readonly wait?: string | number;
  readonly dnsName?: string;
  readonly httpPath?: string;
  readonly serverName?: string;
}

interface Output {
  readonly attempts: number;
  readonly answered: number;
  /** Of probes by TLS, what the last attempt of each was answered. */
  readonly tls: readonly TlsAnswer[];
}

export const trafficProbe: StepKind<Input, Output> = {
  name: "traffic/probe",
  title: "Make traffic",
  description:
    "Sends each flow's probe from the network namespace of its first end, with the node's tools, so that the pod " +
    "needs neither a shell nor tools. Its packets are marked, or known by their local port.",
  phase: "action",
  actions: ["netns/probe"],
  lastsMs({ count = 4, interval = "100ms" }) {
    const ms = typeof interval === "number" ? interval : parseDuration(String(interval));
    return typeof count === "number" && ms !== undefined ? (count - 1) * ms : null;
  },
  takes: { flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["flows"],
    additionalProperties: false,
    properties: {
      flows: flowList,
      count: {
        type: "integer",
        minimum: 1,
        maximum: 100,
        default: 4,
        title: "Packets or connections for each flow",
      },
      interval: { ...durationSchema, default: "100ms", title: "Time between them" },
      wait: { ...durationSchema, default: "1500ms", title: "How long to wait for each answer" },
      dnsName: {
        type: "string",
        default: "kubernetes.default.svc.cluster.local",
        title: "Name that DNS probes ask for",
      },
      httpPath: { type: "string", default: "/", title: "Path that http asks for" },
      serverName: {
        type: "string",
        maxLength: 253,
        default: "",
        title: "Name that TLS probes ask for (SNI); an address or nothing: none",
      },
    },
  },
  outputSchema: {
    type: "object",
    properties: {
      ...{ attempts: { type: "integer" }, answered: { type: "integer" }, tls: { type: "array" } },
    },
  },
  example: { flows: "${{ steps.flows.outputs.flows }}", count: 4 },
  plan: (input, context) => {
    const plans = planAll(input, context);
    return Promise.resolve({
      commands: plans.map(({ node, action, argv }) => ({ node, action, argv, effect: "traffic" as const })),
      outputs: NOT_YET,
      notes: [],
    });
  },
  async run(input, context) {
    const plans = planAll(input, context);
    for (const { node, kind } of plans) context.demand({ kind: "traffic", node, probe: kind });
    const [probes] = await Promise.all([
      Promise.all(plans.map((plan) => runProbe(plan, context))),
      watchUnseen(input.flows, context),
    ]);
    await context.sink.appendJson("evidence/traffic.json", { key: "probes", records: probes });
    context.signal.throwIfAborted();
    for (const { flowId, error } of probes) {
      if (error !== null) context.markIncomplete(`the probe of ${flowId} could not be made: ${error}`);
    }
    for (const { flowId, node } of probes.filter((probe) => probe.way === HELLO_ALONE)) {
      context.markIncomplete(
        `${node} has no openssl that starts, so that no page was asked for inside TLS (${flowId}): in its place the server was ` +
          "greeted as TLS 1.2 does, which tells its certificate and how long it takes",
      );
    }
    const attempts = probes.flatMap((probe) => probe.attempts);
    const answered = attempts.filter((attempt) => attempt.outcome === "answered").length;
    context.note("info", sayAnswers(input.flows, probes));
    const tls = probes.flatMap((probe) => tlsOf(probe, input.serverName ?? ""));
    return { attempts: attempts.length, answered, tls };
  },
};

/** Of packets that nothing answers, that they were sent is all there is to say. */
function sayAnswers(flows: readonly Flow[], probes: readonly ProbeRecord[]): string {
  const ids = new Set(flows.flatMap(({ id, oneWay }) => (oneWay === true ? [id] : [])));
  const [due, oneWay] = [false, true].map((is) =>
    probes.filter(({ flowId }) => ids.has(flowId) === is).flatMap(({ attempts }) => attempts),
  ) as [ProbeAttempt[], ProbeAttempt[]];
  const answered = due.filter(({ outcome }) => outcome === "answered").length;
  const said = oneWay.length === 0 ? "" : `${oneWay.length} were sent one-way: no answer is due`;
  if (due.length === 0 && said !== "") return said;
  return [`${answered} of ${due.length} attempts were answered`, ...(said === "" ? [] : [said])].join("; ");
}

function tlsOf({ flowId, kind, way, attempts }: ProbeRecord, serverName: string): readonly TlsAnswer[] {
  if (kind !== "tls" && kind !== "https") return [];
  const last = attempts.findLast(({ tls }) => tls !== undefined) ?? attempts.at(-1);
  if (last === undefined) return [];
  const answer = { flowId, serverName, atSec: last.sentAtSec, facts: last.tls ?? null, said: last.detail };
  if (kind === "tls" || way === HELLO_ALONE) return [answer];
  const took = attempts.flatMap(({ httpMs }) => httpMs ?? []).sort((one, other) => one - other);
  return [{ ...answer, http: { said: last.detail, tookMs: took[Math.floor(took.length / 2)] ?? null } }];
}

const WATCH_MS = 5000;

/** An end that cannot be entered may send by itself: that is watched in place of what cannot be made. */
async function watchUnseen(flows: readonly Flow[], context: StepContext): Promise<void> {
  const silent = flows.filter(({ path, probe }) => probe === null && path.from.unseen !== undefined);
  if (silent.length === 0) return;
  const names = [...new Set(silent.map(({ path }) => path.from.text))].join(" and ");
  context.note("warn", `nothing can be sent from ${names}, which could not be looked into: watched for 5 s`);
  await context.clock.sleep(WATCH_MS, context.signal);
}

function planAll(input: Input, context: StepContext): ProbePlan[] {
  return input.flows
    .filter((flow) => flow.probe !== null)
    .map((flow) =>
      planProbe(flow, {
        count: input.count ?? 4,
        intervalMs: toMs(input.interval ?? "100ms"),
        timeoutMs: toMs(input.wait ?? "1500ms"),
        runTag: probeTagOf(context.runId),
        dnsName: input.dnsName ?? "kubernetes.default.svc.cluster.local",
        httpPath: input.httpPath ?? "/",
        serverName: input.serverName ?? "",
      }),
    );
}
