import { matchBounded } from "../../cel/index.js";
import { HopbookError } from "../../errors.js";
import type { ProbeAttempt } from "../../model/evidence.js";
import type { Flow } from "../../model/hops.js";
import type { StepContext } from "../../model/steps.js";
import { TRIGGER_FLOW } from "../../model/traffic.js";
import { visible } from "../../model/visible.js";
import { planProbe } from "../../traffic/index.js";
import { findEnd } from "../command-place.js";
import { probeTagOf, runProbe } from "../shared/probing.js";
import type { TriggerSource } from "./types.js";

export interface ProbeTrigger {
  /** `ns/pod` or `node/NAME`. */
  readonly from: string;
  /** `ns/pod:PORT`, `node/NAME:PORT` or `ADDRESS:PORT`. */
  readonly to: string;
  readonly kind?: "http" | "tcp-connect" | "ping";
  readonly httpPath?: string;
  /** Default: fails. Of http a status of 500 and above is a failure. */
  readonly until?: "fails" | "works";
  /** In place of `until`: what an attempt's outcome looks like in words: `HTTP 404`, `connection refused`. */
  readonly match?: string;
}

const ANSWER_MS = 2000;

/** Probes again and again, one attempt each, until an outcome fires. One that cannot be made is no outcome: the source is lost. */
export async function planProbeTrigger(
  { from, to, kind = "http", httpPath = "/", until = "fails", match }: ProbeTrigger,
  context: StepContext,
  everyMs: number,
): Promise<TriggerSource> {
  const [source, target] = await Promise.all([findEnd(from, context), findEnd(to, context)]);
  const path = {
    ...{ from: source.end, to: target.end, recipe: "", hops: [], replyHops: null, underlay: {} },
    ...{ tunnels: {}, notes: [] },
  };
  const flow: Flow = { id: TRIGGER_FLOW, path, protocol: kind === "ping" ? "icmp" : "tcp", probe: kind };
  const plan = planProbe(flow, {
    ...{ count: 1, intervalMs: 100, timeoutMs: ANSWER_MS, dnsName: "", httpPath },
    runTag: probeTagOf(context.runId),
  });
  const { node, action, argv } = plan;
  const what = `${kind} from ${from} to ${to}`;
  const wish = match === undefined ? `it ${until}` : `its outcome matches ${JSON.stringify(match)}`;
  return {
    commands: [...source.reads, ...target.reads, { node, action, argv, effect: "traffic" }],
    note: `probes ${what} until ${wish}`,
    async wait(run, { signal, armed }) {
      run.demand({ kind: "traffic", node, probe: kind });
      for (let isFirst = true; ; isFirst = false) {
        const { attempts, error } = await runProbe(plan, { ...run, signal });
        signal.throwIfAborted();
        const [attempt] = attempts;
        if (attempt === undefined) {
          throw new HopbookError("CAPTURE_FAILED", `Cannot wait for ${what}: ${error ?? "it was not made"}`, {
            where: { node, argv },
          });
        }
        if (isFirst) armed();
        if (
          match === undefined ? works(attempt) === (until === "works") : matchBounded(attempt.detail, match)
        ) {
          return { by: "probe", what: `${what}: ${visible(attempt.detail, { maxChars: 200 })}`, node };
        }
        await run.clock.sleep(everyMs, signal);
      }
    },
  };
}

function works({ outcome, detail }: ProbeAttempt): boolean {
  return outcome === "answered" && !/^(HTTP 5|not HTTP$)|, not to its end/.test(detail);
}
