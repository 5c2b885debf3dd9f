import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { derivePatchSchemas, readSchema } from "../document/index.js";
import { loadRecipes } from "../hops/index.js";
import { EXAMPLE_RUN_DIR, RECIPE_DIR, RUNBOOK_DIR } from "../catalogue/places.js";
import { causesPage } from "./causes.js";
import { cnisPage, readmeWithCnis } from "./cnis.js";
import { errorsPage } from "./errors.js";
import { expressionsPage } from "./expressions.js";
import { permissionsPage } from "./permissions.js";
import { runbookPages } from "./runbooks.js";
import { runbookPage } from "./schema.js";
import { sessionLines } from "./session.js";
import { stepsPage } from "./steps.js";
import { terminalPicture } from "./terminal-picture.js";

/**
 * What is generated of the package's files, by path: the reference in docs/ and runbooks/, README.md's table of CNIs and its
 * picture, and the derived schemas.
 */
export async function makeReference(): Promise<Record<string, string>> {
  const recipes = await loadRecipes(RECIPE_DIR);
  const readme = await readFile(join(RUNBOOK_DIR, "../README.md"), "utf8");
  return {
    "README.md": readmeWithCnis(readme, recipes),
    "docs/cnis.md": cnisPage(recipes),
    "docs/causes.md": causesPage(),
    "docs/errors.md": errorsPage(),
    "docs/expressions.md": expressionsPage(),
    "docs/permissions.md": permissionsPage(),
    "docs/runbook.md": runbookPage(),
    "docs/steps.md": stepsPage(),
    "docs/session.svg": terminalPicture(
      await sessionLines(join(EXAMPLE_RUN_DIR, "policy-drop")),
      SESSION_TITLE,
    ),
    ...(await runbookPages(await catalogueNames(), RUNBOOK_DIR)),
    ...patchSchemas(),
  };
}

const SESSION_TITLE =
  "hopbook run trace-path follows packets over eight hops on two nodes and says at which one a policy dropped them";

/** Runbooks of the package alone, none of the folder that the docs are made in. */
async function catalogueNames(): Promise<string[]> {
  const files = await readdir(RUNBOOK_DIR);
  return files.flatMap((file) => /^([a-z][a-z0-9-]*)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

/** The schemas of overlays and of runbooks that extend others follow from the runbook's own. */
function patchSchemas(): Record<string, string> {
  const schemas = Object.entries(derivePatchSchemas(readSchema("runbook")));
  return Object.fromEntries(
    schemas.map(([name, schema]) => [`schemas/${name}.json`, JSON.stringify(schema, null, 2)]),
  );
}
