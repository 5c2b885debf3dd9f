import { relative } from "node:path";
import { originsOf, renderProvenance, type RunbookSource } from "../runbook/index.js";
import { loadNamedRunbook } from "../catalogue/named-runbook.js";
import { openProfileIfAny, type ClusterChoice } from "../session/cluster-profile.js";

export interface ResolvedRunbook {
  /** The runbook's data: what it extends below it, the cluster's overlays above it. */
  readonly data: unknown;
  /** Who set each value, by JSON pointer: `/steps/0/with/count`. */
  readonly origins: Readonly<Record<string, { file: string; line: number; column: number }>>;
  /** The files it was made of, the bottom one first. */
  readonly sources: readonly RunbookSource[];
  /** As YAML, with `# FILE:LINE` behind each value; files below `cwd` are named relative to it. */
  readonly yaml: string;
}

/** What a runbook comes to on a cluster, and who set each of its values. Touches no node. */
export async function resolveNamedRunbook(
  nameOrFile: string,
  choice: ClusterChoice,
): Promise<ResolvedRunbook> {
  const cluster = await openProfileIfAny({ ...choice, isClusterNamed: true });
  const runbook = await loadNamedRunbook(nameOrFile, choice.cwd, { cluster });
  const nameOf = (file: string): string => {
    const path = relative(choice.cwd, file);
    return path === "" || path.startsWith("..") ? file : path;
  };
  return {
    data: runbook.document.data,
    origins: originsOf(runbook),
    sources: runbook.sources,
    yaml: renderProvenance(runbook, { nameOf }),
  };
}
