import { join } from "node:path";
import { asHopbookError, HopbookError } from "../../errors.js";
import type {
  CaptureRecord,
  DropTraceRecord,
  FlowEvidence,
  PointEvidence,
  ProbeRecord,
  RunRecord,
  StateRecord,
} from "../../model/evidence.js";
import { findEncapsulationFault } from "./encapsulation.js";
import { readInside } from "./inside.js";
import { describeFault, type Validate } from "../../shapes/fault.js";
import * as shapes from "../../shapes/generated/evidence.js";

/** All that a run left for analysis. */
interface RunEvidence {
  readonly run: RunRecord;
  readonly paths: PathEvidence;
  readonly state: readonly StateRecord[];
  readonly drops: readonly DropTraceRecord[];
  /** What is missing of it, one sentence each. */
  readonly incomplete: readonly string[];
}

/** The part of it that a verdict without a cause needs. */
interface PathEvidence {
  readonly flows: readonly FlowEvidence[];
  readonly captures: readonly CaptureRecord[];
  readonly probes: readonly ProbeRecord[];
  /** Where was captured with no path. */
  readonly points: readonly PointEvidence[];
  readonly incomplete: readonly string[];
}

/** Reads a run folder's evidence. Throws EVIDENCE_INVALID that names the file where analysis cannot do without. */
export function loadRun(dir: string): RunEvidence {
  const incomplete: string[] = [];
  const run = loadRunRecord(dir);
  const paths = loadPaths(dir);
  const state = readOptional(dir, { name: "state", shape: shapes.state, incomplete })?.state ?? [];
  const drops = readOptional(dir, { name: "drops", shape: shapes.drops, incomplete })?.nodes ?? [];
  return { run, paths, state, drops, incomplete: [...paths.incomplete, ...incomplete] };
}

/** What a run knows of itself. Throws EVIDENCE_INVALID. */
export function loadRunRecord(dir: string): RunRecord {
  return readEvidence(dir, { name: "run", shape: shapes.run });
}

/** Reads flows, captures and traffic only: what is there while the run still goes on. */
export function loadPaths(dir: string): PathEvidence {
  const incomplete: string[] = [];
  const { flows } = readEvidence(dir, { name: "flows", shape: shapes.flows });
  const fault = findEncapsulationFault(flows);
  if (fault !== null) throw invalid("flows", join(dir, "evidence", "flows.json"), fault);
  const captures = readOptional(dir, { name: "captures", shape: shapes.captures, incomplete });
  if (captures === null && incomplete.length === 0)
    incomplete.push(
      "evidence/captures.json is missing: when the captures ran, and what they dropped, is not known",
    );
  const traffic = readOptional(dir, { name: "traffic", shape: shapes.traffic, incomplete });
  const points = readOptional(dir, { name: "points", shape: shapes.points, incomplete })?.points ?? [];
  return { flows, captures: captures?.captures ?? [], probes: traffic?.probes ?? [], points, incomplete };
}

/** A text file of the run folder by its relative path; undefined where it is not there, or not in there. */
export function readRunText(dir: string, path: string): string | undefined {
  return readInside(dir, path)?.toString("utf8");
}

interface EvidenceFile<T> {
  /** In `evidence/`, without `.json`. */
  readonly name: string;
  readonly shape: Validate<T>;
}

/** null where the file is missing; where it is damaged, null with the reason in `incomplete`. */
function readOptional<T>(dir: string, from: EvidenceFile<T> & { readonly incomplete: string[] }): T | null {
  if (readRunText(dir, `evidence/${from.name}.json`) === undefined) return null;
  try {
    return readEvidence<T>(dir, from);
  } catch (error) {
    from.incomplete.push(asHopbookError(error).message);
    return null;
  }
}

function readEvidence<T>(dir: string, { name, shape }: EvidenceFile<T>): T {
  const file = join(dir, "evidence", `${name}.json`);
  const content = readRunText(dir, `evidence/${name}.json`);
  if (content === undefined) throw invalid(name, file, "it is no readable file");
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw invalid(name, file, String(error));
  }
  if (!shape(value)) throw invalid(name, file, describeFault(shape, value, name));
  return value;
}

function invalid(name: string, file: string, reason: string): HopbookError {
  return new HopbookError("EVIDENCE_INVALID", `Cannot read evidence/${name}.json: ${reason}`, {
    where: { file },
    hint: "Name a run folder as hopbook makes it; a damaged one cannot be mended",
  });
}
