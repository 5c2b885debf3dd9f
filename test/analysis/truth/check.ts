import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { analyzePcaps, analyzeRun } from "../../../lib/analysis/index.js";
import { writeCaptures } from "./captures.js";
import { writeRun } from "./run.js";
import { compare } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { shrink } from "./shrink.js";
import { play } from "./traffic.js";

export interface Failure {
  readonly scenario: Scenario;
  /** What is wrong, in words. */
  readonly problems: readonly string[];
}

/** Plays a scenario, writes its captures into the folder, and gives what the analysis gets wrong; null: nothing. */
export async function findFailure(dir: string, scenario: Scenario): Promise<Failure | null> {
  const problems = await judge(dir, scenario);
  return problems.length === 0 ? null : { scenario, problems };
}

async function judge(dir: string, scenario: Scenario): Promise<readonly string[]> {
  const played = play(scenario);
  if (played.network.sightings.length === 0) return [];
  mkdirSync(dir, { recursive: true });
  const files = writeCaptures(dir, scenario, played.network.sightings);
  try {
    const findings =
      scenario.windows === null
        ? await analyzePcaps(files)
        : await analyzeRun(writeRun(dir, scenario, files));
    return compare(scenario, played, { findings, files });
  } catch (error) {
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

/** Looks for the smallest scenario that fails with the same word, and leaves its captures in `dir/smallest`. */
export async function minimise(dir: string, failure: Failure): Promise<Failure> {
  const folder = join(dir, "smallest");
  let best = failure;
  await shrink(failure.scenario, async (candidate) => {
    const next = await findFailure(dir, candidate);
    if (next === null || kindOf(next) !== kindOf(failure)) return false;
    best = next;
    return true;
  });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await findFailure(folder, best.scenario);
  return best;
}

/** The first problem without what changes when a scenario gets smaller: numbers and names. */
const kindOf = ({ problems }: Failure): string =>
  (problems[0] ?? "").replace(/^[^:]*: /, "").replace(/[0-9]+\S*|-/g, "");

export function describeFailure({ scenario, problems }: Failure): string {
  return [...problems, JSON.stringify(scenario)].join("\n");
}
