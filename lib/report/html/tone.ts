import type { CheckStatus, DetectorFinding, FlowFinding, VerdictStatus } from "../../model/findings.js";
import { troubleOf } from "../ranking.js";

/** Class names of the style sheet. */
export type Tone = "good" | "warn" | "bad" | "quiet";

const STATUS_TONE: Readonly<Record<VerdictStatus, Tone>> = {
  delivered: "good",
  lost: "bad",
  rejected: "bad",
  unanswered: "warn",
  inconclusive: "warn",
};

export const CHECK_TONE: Readonly<Record<CheckStatus, Tone>> = {
  pass: "good",
  warn: "warn",
  fail: "bad",
  skipped: "quiet",
  incomplete: "warn",
};

export const SEVERITY_TONE: Readonly<Record<DetectorFinding["severity"], Tone>> = {
  fail: "bad",
  warn: "warn",
  note: "quiet",
};

/** What was delivered and has a fault all the same does not look well. */
export function toneOf(flow: FlowFinding): Tone {
  const tone = STATUS_TONE[flow.verdict.status];
  return tone === "good" && troubleOf(flow) < 3 ? "warn" : tone;
}
