import type { ClusterProfile } from "../model/cluster.js";
import type { Grant } from "../permissions/index.js";
import type { GrantFlags } from "./authority.js";
import { loadGrant } from "./load-grant.js";

export interface ErrandGrantOptions {
  readonly grants: GrantFlags;
  readonly cwd: string;
  readonly cluster?: string | undefined;
  readonly isClusterNamed?: boolean;
}

/**
 * What is granted and denied to a command that is no runbook; `name` stands where a runbook's does. What is denied of
 * the cluster's API is denied to every command, not to runs alone.
 */
export async function loadErrandGrant(
  name: string,
  profile: ClusterProfile,
  { grants, cwd, cluster, isClusterNamed = cluster !== undefined }: ErrandGrantOptions,
): Promise<Grant> {
  const { grant } = await loadGrant({
    ...{ flags: grants, profile, runbook: name, cwd, isClusterNamed },
    ...{ sourceFiles: [], overlayFiles: [] },
  });
  return grant;
}
