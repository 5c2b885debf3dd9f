import type { ProbeAttempt } from "../model/evidence.js";
import { cleanText, linesOf } from "./clean.js";
import type { ProbePlan } from "./plan.js";

interface Heard {
  outcome: ProbeAttempt["outcome"];
  detail: string;
  rttMs: number | null;
  /** When it was sent, where its line tells. */
  sentAtSec: number | null;
}

const STAMP = /^\[([0-9]{1,12}\.[0-9]{1,9})\] /;
const REPLY = /^[0-9]+ bytes from .*icmp_seq=([0-9]{1,5}) .*time=([0-9.]{1,12}) ms/;
const SILENT = /^no answer yet for icmp_seq=([0-9]{1,5})/;
const FAULT = /^From ([0-9a-fA-F.:]+)(?:%[^ ]*)? icmp_seq=([0-9]{1,5}) (.*)$/;
const LOCAL = /^ping: (?:local error|sendmsg|sendto): ?(.*)$/i;
const SUMMARY = /^([0-9]{1,5}) packets transmitted/m;

/** ping(8) of iputils with -D and -O, line by line. A second answer to one echo (DUP!) changes nothing. */
export function parsePing(
  plan: ProbePlan,
  result: { readonly stdout: string; readonly stderr: string; readonly startedAtSec?: number },
): ProbeAttempt[] {
  const { count, intervalMs } = plan.attempts;
  const heard = new Map<number, Heard>();
  const local: string[] = [];
  let lastSeq = 0;
  for (const line of linesOf(`${result.stdout}\n${result.stderr}`)) {
    const atSec = Number(STAMP.exec(line)?.[1] ?? "NaN");
    const text = line.replace(STAMP, "").trim();
    const own = LOCAL.exec(text)?.[1];
    if (own !== undefined) local.push(cleanText(own));
    const entry = readLine(text, { atSec, intervalMs });
    if (entry === undefined || entry.seq < 1 || entry.seq > count) continue;
    lastSeq = Math.max(lastSeq, entry.seq);
    const known = heard.get(entry.seq);
    if (known === undefined || known.outcome === "timeout") {
      heard.set(entry.seq, { ...entry, sentAtSec: entry.sentAtSec ?? known?.sentAtSec ?? null });
    }
  }
  const summary = Number(SUMMARY.exec(result.stdout)?.[1] ?? 0);
  const made = Math.min(count, Math.max(summary, lastSeq, Math.min(local.length, count)));
  blameLocally(heard, { local, made });
  const startSec = findStart(heard, { intervalMs, fallbackSec: result.startedAtSec ?? 0 });
  return Array.from({ length: made }, (_, index): ProbeAttempt => {
    const seq = index + 1;
    const found = heard.get(seq);
    return {
      seq,
      sentAtSec: toMicroseconds(found?.sentAtSec ?? startSec + (index * intervalMs) / 1000),
      localPort: null,
      outcome: found?.outcome ?? "timeout",
      rttMs: found?.rttMs ?? null,
      detail: found?.detail ?? "no answer",
    };
  });
}

function readLine(
  text: string,
  when: { readonly atSec: number; readonly intervalMs: number },
): (Heard & { seq: number }) | undefined {
  const atSec = Number.isFinite(when.atSec) ? when.atSec : null;
  const reply = REPLY.exec(text);
  if (reply !== null) {
    const rttMs = Number(reply[2]);
    if (!Number.isFinite(rttMs)) return undefined;
    const sentAtSec = atSec === null ? null : atSec - rttMs / 1000;
    return { seq: Number(reply[1]), outcome: "answered", detail: "echo reply", rttMs, sentAtSec };
  }
  const silent = SILENT.exec(text);
  if (silent !== null) {
    // Said when the next one is sent.
    const sentAtSec = atSec === null ? null : atSec - when.intervalMs / 1000;
    return { seq: Number(silent[1]), outcome: "timeout", detail: "no answer", rttMs: null, sentAtSec };
  }
  const fault = FAULT.exec(text);
  if (fault === null) return undefined;
  const [, router = "", seq = "", what = ""] = fault;
  const outcome = /prohibited|filtered|administratively|port unreachable|policy|reject/i.test(what)
    ? "refused"
    : "error";
  return {
    seq: Number(seq),
    outcome,
    detail: `${cleanText(what)}, from ${router}`,
    rttMs: null,
    sentAtSec: null,
  };
}

/**
 * The kernel's own refusals ("message too long", "Operation not permitted") do not say which echo they are of:
 * the last ones without a word, since a path's MTU is learnt from the first.
 */
function blameLocally(
  heard: Map<number, Heard>,
  { local, made }: { readonly local: readonly string[]; readonly made: number },
): void {
  const left = [...local];
  for (let seq = made; seq >= 1 && left.length > 0; seq--) {
    const known = heard.get(seq);
    if (known !== undefined && known.outcome !== "timeout") continue;
    const detail = left.pop() ?? "";
    heard.set(seq, { outcome: "error", detail, rttMs: null, sentAtSec: known?.sentAtSec ?? null });
  }
}

/** When the first one was sent, counted back from the first whose time is known. */
function findStart(
  heard: ReadonlyMap<number, Heard>,
  options: { readonly intervalMs: number; readonly fallbackSec: number },
): number {
  const timed = [...heard]
    .sort(([one], [other]) => one - other)
    .find(([, entry]) => entry.sentAtSec !== null);
  if (timed === undefined) return options.fallbackSec;
  const [seq, entry] = timed;
  return (entry.sentAtSec ?? 0) - ((seq - 1) * options.intervalMs) / 1000;
}

function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
