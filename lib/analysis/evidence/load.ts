import { join } from "node:path";
import { asHopbookError, HopbookError } from "../../errors.js";
import type {
  CaptureRecord,
  DropTraceRecord,
  FlowEvidence,
  ProbeRecord,
  RunRecord,
  StateRecord,
} from "../../model/evidence.js";
import { readInside } from "./inside.js";
import { EVIDENCE_SHAPES, type EvidenceFile } from "./shapes.js";

/** All that a run left for analysis. */
export interface RunEvidence {
  readonly run: RunRecord;
  readonly paths: PathEvidence;
  readonly state: readonly StateRecord[];
  readonly drops: readonly DropTraceRecord[];
  /** What is missing of it, one sentence each. */
  readonly incomplete: readonly string[];
}

/** The part of it that a verdict without a cause needs. */
export interface PathEvidence {
  readonly flows: readonly FlowEvidence[];
  readonly captures: readonly CaptureRecord[];
  readonly probes: readonly ProbeRecord[];
  readonly incomplete: readonly string[];
}

/** Reads a run folder's evidence. Throws EVIDENCE_INVALID that names the file where analysis cannot do without. */
export function loadRun(dir: string): RunEvidence {
  const incomplete: string[] = [];
  const run = loadRunRecord(dir);
  const paths = loadPaths(dir);
  const state = readOptional<{ state: StateRecord[] }>(dir, "state.json", incomplete)?.state ?? [];
  const drops = readOptional<{ nodes: DropTraceRecord[] }>(dir, "drops.json", incomplete)?.nodes ?? [];
  return { run, paths, state, drops, incomplete: [...paths.incomplete, ...incomplete] };
}

/** What a run knows of itself. Throws EVIDENCE_INVALID. */
export function loadRunRecord(dir: string): RunRecord {
  return readEvidence<RunRecord>(dir, "run.json");
}

/** Reads flows, captures and traffic only: what is there while the run still goes on. */
export function loadPaths(dir: string): PathEvidence {
  const incomplete: string[] = [];
  const { flows } = readEvidence<{ flows: FlowEvidence[] }>(dir, "flows.json");
  const captures = readOptional<{ captures: CaptureRecord[] }>(dir, "captures.json", incomplete);
  if (captures === null && incomplete.length === 0)
    incomplete.push(
      "evidence/captures.json is missing: when the captures ran, and what they dropped, is not known",
    );
  const traffic = readOptional<{ probes: ProbeRecord[] }>(dir, "traffic.json", incomplete);
  return { flows, captures: captures?.captures ?? [], probes: traffic?.probes ?? [], incomplete };
}

/** A text file of the run folder by its relative path; undefined where it is not there, or not in there. */
export function readRunText(dir: string, path: string): string | undefined {
  return readInside(dir, path)?.toString("utf8");
}

/** null where the file is missing; where it is damaged, null with the reason in `incomplete`. */
function readOptional<T>(dir: string, name: EvidenceFile, incomplete: string[]): T | null {
  if (readRunText(dir, `evidence/${name}`) === undefined) return null;
  try {
    return readEvidence<T>(dir, name);
  } catch (error) {
    incomplete.push(asHopbookError(error).message);
    return null;
  }
}

function readEvidence<T>(dir: string, name: EvidenceFile): T {
  const file = join(dir, "evidence", name);
  const content = readRunText(dir, `evidence/${name}`);
  if (content === undefined) throw invalid(name, file, "no readable file");
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(name, file, String(error));
  }
  const wrong = EVIDENCE_SHAPES[name](value, name.replace(".json", ""));
  if (wrong !== null) throw invalid(name, file, wrong);
  return value as T;
}

function invalid(name: string, file: string, value: string): HopbookError {
  return new HopbookError("EVIDENCE_INVALID", `Cannot read evidence/${name}: current value is ${value}`, {
    where: { file },
    hint: "Name a run folder as hopbook makes it; a damaged one cannot be mended",
  });
}
