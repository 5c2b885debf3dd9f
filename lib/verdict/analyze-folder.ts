import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeBundle, readBundle } from "../bundles/index.js";
import type { Findings } from "../model/findings.js";
import { analyzePcapFiles, withCaveat, type AnalyzeFilesOptions } from "./analyze-files.js";

/** Any of these makes a folder a run's, damaged or not: its other captures are no whole path. */
const OF_RUNS = ["runbook.yaml", "manifest.json", "transcript.jsonl", "evidence/run.json"];

/** Whether hopbook run made a folder. */
export function isRunFolder(dir: string): boolean {
  return OF_RUNS.some((name) => existsSync(join(dir, name)));
}

/**
 * All flows of the captures in a folder that others collected (a must-gather, a sosreport, a sysdump, or any), the worst
 * first, with a caveat that says what the verdict does not rest on. Throws as readBundle and analyzePcapFiles do.
 */
export async function analyzeBundle(dir: string, options: AnalyzeFilesOptions = {}): Promise<Findings> {
  const bundle = await readBundle(dir);
  return withCaveat(await analyzePcapFiles(bundle.captures, options), describeBundle(bundle));
}
