import { dirname } from "node:path";
import {
  authorise,
  type Authority,
  type AuthoriseOptions,
  type GrantFlags,
} from "../../lib/authority/authority.js";
import { loadGrant } from "../../lib/authority/load-grant.js";

export interface AuthoriseBy extends Omit<AuthoriseOptions, "granted" | "folder"> {
  readonly grants: GrantFlags;
  readonly cwd?: string;
  readonly sourceFiles?: readonly string[];
  readonly isClusterNamed?: boolean;
}

/** As a session does it: what the flags grant first, then whether that is enough. */
export async function authoriseBy(options: AuthoriseBy): Promise<Authority> {
  const { runbook, profile, grants, cwd = process.cwd(), sourceFiles = [], isClusterNamed = true } = options;
  const granted = await loadGrant({
    ...{ flags: grants, profile, runbook: runbook.metadata.name, cwd, sourceFiles, overlayFiles: [] },
    ...{ isClusterNamed, parts: sourceFiles.map((file) => ({ file, sha256: null })) },
  });
  return authorise({ ...options, granted, folder: dirname(sourceFiles[0] ?? `${cwd}/.`) });
}
