import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HopbookError } from "../../errors.js";

/** What stands for a cluster where nothing is named. */
const DEFAULT_FILE = "hopbook.yaml";

interface FindProfileOptions {
  /**
   * `--cluster`: the name of a profile in ~/.config/hopbook/clusters, which comes first, a file, or a folder with a
   * hopbook.yaml.
   */
  readonly flag?: string | undefined;
  readonly cwd: string;
  readonly home: string;
}

/**
 * The absolute path of the profile to use: `--cluster FILE|NAME`, else ./hopbook.yaml.
 * Throws CLUSTER_NOT_FOUND, which says where was looked.
 */
export async function findProfile(options: FindProfileOptions): Promise<string> {
  const candidates =
    options.flag === undefined ? [resolve(options.cwd, DEFAULT_FILE)] : flagCandidates(options);
  for (const candidate of candidates) {
    if (await isFile(candidate)) return candidate;
  }
  const wanted = options.flag === undefined ? "nothing was named" : `there is no ${options.flag}`;
  throw new HopbookError("CLUSTER_NOT_FOUND", `Cannot find a cluster profile: ${wanted}`, {
    hint:
      options.flag === undefined
        ? "name one with --cluster FILE, write ./hopbook.yaml, or bring up a lab with `hopbook lab up`"
        : "name a file, or a profile in ~/.config/hopbook/clusters",
    detail: `looked for:\n${candidates.map((candidate) => `  ${candidate}`).join("\n")}`,
  });
}

function flagCandidates(options: FindProfileOptions): string[] {
  const flag = options.flag ?? "";
  const asFile = resolve(options.cwd, flag);
  const here = [asFile, join(asFile, DEFAULT_FILE)];
  if (!/^[0-9A-Za-z][0-9A-Za-z._-]*$/.test(flag)) return here;
  const folder = join(options.home, ".config", "hopbook", "clusters");
  // A folder that one happens to stand in may hold anything: what has the name there is not the operator's profile.
  return [
    join(folder, `${flag}.yaml`),
    join(folder, `${flag}.yml`),
    join(folder, flag, DEFAULT_FILE),
    ...here,
  ];
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM") return false;
    // It may well be there, and what stands behind it is not what was meant.
    throw new HopbookError(
      "FILE_UNREADABLE",
      `Cannot look for the cluster profile ${path}: permission denied`,
      {
        where: { file: path },
        hint: "Run as the user who made it (a lab that root brought up is root's), or name another one with --cluster",
      },
    );
  }
}
