import { fileURLToPath } from "node:url";

/** The package's own folders; the same from lib/api and from dist/api. */
const root = new URL("../../", import.meta.url);

export const RUNBOOK_DIR = fileURLToPath(new URL("runbooks", root));
export const RECIPE_DIR = fileURLToPath(new URL("runbooks/cni", root));
/** Runs that were recorded with real packets, for where no lab can be had. */
export const EXAMPLE_RUN_DIR = fileURLToPath(new URL("docs/example-runs", root));
