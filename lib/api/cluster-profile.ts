import { homedir } from "node:os";
import { findProfile, loadCluster, type LoadedCluster } from "../cluster/index.js";
import { asHopbookError } from "../errors.js";

export interface ClusterChoice {
  /** Cluster profile: a file, a folder or a name; undefined: ./hopbook.yaml. */
  readonly cluster?: string | undefined;
  readonly cwd: string;
}

/** The cluster that is meant. Throws CLUSTER_NOT_FOUND, and what is wrong with its profile or its overlays. */
export async function openProfile({ cluster, cwd }: ClusterChoice): Promise<LoadedCluster> {
  return loadCluster(await findProfile({ flag: cluster, cwd, home: homedir() }));
}

/** The same; null where none is named and none is here: what needs no node does not need a cluster. */
export async function openProfileIfAny(choice: ClusterChoice): Promise<LoadedCluster | null> {
  try {
    return await openProfile(choice);
  } catch (error) {
    if (choice.cluster === undefined && asHopbookError(error).code === "CLUSTER_NOT_FOUND") return null;
    throw error;
  }
}
