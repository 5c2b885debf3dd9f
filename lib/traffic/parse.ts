import type { ProbeRecord } from "../model/evidence.js";
import { cleanText } from "./clean.js";
import { parseAttempts } from "./parse-attempts.js";
import { addSecured } from "./tls/parse-https.js";
import { parsePing } from "./parse-ping.js";
import type { ProbePlan } from "./plan.js";

/** The way of https where the node has no openssl that starts: TLS is greeted, and nothing is asked inside. */
export const HELLO_ALONE = "hello";

export interface ProbeResult {
  readonly stdout: string;
  readonly stderr: string;
  /** null where a signal, a time-out or the transport ended it. */
  readonly exitCode: number | null;
  /** Unix seconds when it was started, for attempts whose own time is unknown. Default 0. */
  readonly startedAtSec?: number;
}

/** What a probe's command said, attempt by attempt. Never throws: whatever it said is somebody else's text. */
export function parseProbe(plan: ProbePlan, result: ProbeResult): ProbeRecord {
  const way = wayOf(plan, result);
  const isHello = plan.kind === "https" && way.way === HELLO_ALONE;
  const asked = isHello ? { ...plan, kind: "tls" as const } : plan;
  const made = plan.argv.includes("ping") ? parsePing(plan, result) : parseAttempts(asked, result);
  const attempts = asked.kind === "https" ? addSecured(made, result.stdout) : made;
  return {
    flowId: plan.flowId,
    kind: plan.kind,
    node: plan.node,
    argv: plan.argv,
    to: plan.to,
    tagHex: plan.tagHex,
    icmpId: plan.icmpId,
    ...way,
    attempts,
    exitCode: result.exitCode,
    error: findError(plan, result, attempts.length),
  };
}

function wayOf(plan: ProbePlan, result: ProbeResult): Pick<ProbeRecord, "way"> {
  if (plan.argv.includes("ping")) return { way: "ping" };
  const way = /^way ([a-z0-9-]{1,20})$/m.exec(result.stdout)?.[1];
  return way === undefined ? {} : { way };
}

/** Why there are fewer attempts than planned; null where there are all. */
function findError(plan: ProbePlan, result: ProbeResult, seen: number): string | null {
  if (seen >= plan.attempts.count) return null;
  const missing = /^missing ([a-z]+)$/m.exec(result.stdout)?.[1];
  if (missing !== undefined) return `the node has no ${missing}`;
  const said = cleanText(result.stderr.trim().split("\n").at(-1) ?? "");
  if (said !== "") return said;
  if (result.exitCode === null) return "the command was ended before its time";
  return `${seen} of ${plan.attempts.count} attempts were made`;
}
