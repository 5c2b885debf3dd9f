import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeSafeName, resolveInside, type RunFolder } from "../artifacts/index.js";
import { NAMES_DIR } from "../cluster/index.js";
import { EVIDENCE_DIR } from "../hops/index.js";
import { RECORDING_DIR } from "../recording/index.js";
import { RECIPE_DIR } from "../catalogue/places.js";

const FOLDER = `${RECORDING_DIR}/recipes`;
const MAX_RECIPES = 100;
const MAX_RECIPE_BYTES = 1024 * 1024;

/** Keeps the cluster's own hop recipes with the recording: those that come with hopbook are there anyway. */
export async function keepRecipes(folder: RunFolder, dirs: readonly string[]): Promise<void> {
  for (const dir of dirs.filter((each) => each !== RECIPE_DIR)) {
    await keepFiles(folder, dir, FOLDER);
    for (const beside of [EVIDENCE_DIR, NAMES_DIR]) {
      const more = join(dir, beside);
      if (existsSync(more)) await keepFiles(folder, more, `${FOLDER}/${beside}`);
    }
  }
}

async function keepFiles(folder: RunFolder, dir: string, into: string): Promise<void> {
  const files = (await readdir(dir)).filter((name) => /\.ya?ml$/.test(name)).sort();
  for (const name of files.slice(0, MAX_RECIPES)) {
    const info = await stat(join(dir, name));
    if (!info.isFile() || info.size > MAX_RECIPE_BYTES) continue;
    await folder.writeText(`${into}/${makeSafeName(name)}`, await readFile(join(dir, name)));
  }
}

/** Where a replay finds the recipes of the recorded run. */
export function recipeDirsOf(dir: string): string[] {
  const inside = resolveInside(dir, FOLDER);
  return inside.ok && existsSync(inside.path) ? [RECIPE_DIR, inside.path] : [RECIPE_DIR];
}
