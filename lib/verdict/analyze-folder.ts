import { existsSync } from "node:fs";
import { join } from "node:path";
import type { KnownBeside } from "../analysis/index.js";
import {
  describeBundle,
  KnownNodes,
  placeCaptures,
  podsOfCaptures,
  readBundle,
  type Bundle,
} from "../bundles/index.js";
import { RECIPE_DIR } from "../catalogue/places.js";
import { loadNamings } from "../cluster/index.js";
import type { FlowEvidence } from "../model/evidence.js";
import type { Findings, FlowAudit } from "../model/findings.js";
import { analyzePcapFiles, withCaveat, type AnalyzeFilesOptions } from "./analyze-files.js";
import { auditFlow } from "./audit-flow.js";

/** Any of these makes a folder a run's, damaged or not: its other captures are no whole path. */
const OF_RUNS = ["runbook.yaml", "manifest.json", "transcript.jsonl", "evidence/run.json"];
/** So many flows, the worst, are held against the nodes' state. */
const MOST_AUDITED = 24;

/** Whether hopbook run made a folder. */
export function isRunFolder(dir: string): boolean {
  return OF_RUNS.some((name) => existsSync(join(dir, name)));
}

/**
 * All flows of the captures in a folder that others collected (a must-gather, a sosreport, a sysdump, or any), the worst
 * first, with hops, causes and an audit by what the nodes printed beside them, and a caveat that says what the verdict rests
 * on. Throws as readBundle and analyzePcapFiles do.
 */
export async function analyzeBundle(dir: string, options: AnalyzeFilesOptions = {}): Promise<Findings> {
  const bundle = await readBundle(dir);
  const known = bundle.known.records.length === 0 ? {} : { known: await knowNodes(dir, bundle) };
  return withCaveat(
    await analyzePcapFiles(bundle.captures, { ...options, ...known }),
    describeBundle(bundle),
  );
}

async function knowNodes(dir: string, { known, paths }: Bundle): Promise<KnownBeside> {
  const nodes = new KnownNodes(known, podsOfCaptures(dir, paths));
  const looks = { state: known.records, readText: (file: string) => known.texts.get(file) };
  let audited = 0;
  return {
    ...looks,
    namings: await loadNamings([RECIPE_DIR]),
    places: placeCaptures(paths, known),
    complete: (flow) => nodes.complete(flow),
    audit(flow: FlowEvidence): FlowAudit | null {
      audited += 1;
      return audited > MOST_AUDITED ? null : auditFlow(flow, looks);
    },
  };
}
