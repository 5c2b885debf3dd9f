import type { RunRecord } from "../model/evidence.js";
import { quoteShellWord } from "../model/shell-word.js";
import { formatSpan } from "./numbers.js";

/** What a run says of itself beside its findings. */
export type RunFacts = Pick<RunRecord, "startedAt" | "finishedAt" | "cluster" | "profile" | "command">;

/** "took 14.2 s", "cluster lab", "profile /etc/hopbook.yaml", raw: what of it is known. */
export function describeFacts(facts: RunFacts | undefined): readonly string[] {
  if (facts === undefined) return [];
  const { startedAt, finishedAt, cluster, profile } = facts;
  const tookMs = finishedAt === null ? NaN : Date.parse(finishedAt) - Date.parse(startedAt);
  return [
    ...(tookMs >= 0 ? [`took ${formatSpan(tookMs)}`] : []),
    ...(cluster === "" ? [] : [`cluster ${cluster}`]),
    ...(profile === undefined ? [] : [profile.startsWith("context ") ? profile : `profile ${profile}`]),
  ];
}

/** The command line as it can be typed in a POSIX shell, raw; null where it is not known. */
export function quoteCommand(facts: RunFacts | undefined): string | null {
  const words = facts?.command ?? [];
  return words.length === 0 ? null : words.map(quoteShellWord).join(" ");
}
