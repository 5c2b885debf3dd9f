import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folders; the same from lib/ and from dist/. */
const root = new URL("../../", import.meta.url);

export const RUNBOOK_DIR = fileURLToPath(new URL("runbooks", root));
export const RECIPE_DIR = fileURLToPath(new URL("runbooks/cni", root));
/** What a person does after a verdict. */
export const NEXT_STEPS_FILE = fileURLToPath(new URL("runbooks/next/steps.yaml", root));
/** Runs that were recorded with real packets, for where no lab can be had. */
export const EXAMPLE_RUN_DIR = fileURLToPath(new URL("docs/example-runs", root));
export const SCHEMA_DIR = fileURLToPath(new URL("schemas", root));

const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };

/** Of the package. */
export const VERSION = manifest.version;

/** Where runbooks are looked for: the cluster's own first, then beside the person, then those that come with hopbook. */
export function runbookDirs(cwd: string, ofCluster?: string): string[] {
  return [...new Set([...(ofCluster === undefined ? [] : [ofCluster]), join(cwd, "runbooks"), RUNBOOK_DIR])];
}
