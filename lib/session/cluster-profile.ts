import { homedir } from "node:os";
import { resolve } from "node:path";
import { findProfile, loadCluster, makeKubeCluster, type LoadedCluster } from "../cluster/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import { shareKube } from "../kube/index.js";
import type { KubeRef, OpenKube } from "../model/kube.js";
import { applyAccessFlags } from "./access-flags.js";
import type { KubeChoice } from "./options.js";

export interface ClusterChoice {
  /** Cluster profile: a file, a folder or a name. */
  readonly cluster?: string | undefined;
  /** Where a context or a kubeconfig is named, that is the cluster. */
  readonly kube?: KubeChoice | undefined;
  /** Who runs it named the profile. Default: whether there is one. */
  readonly isClusterNamed?: boolean;
  /** Opens its API. Default: by a client of its own; several sessions of one command share one. */
  readonly openKube?: OpenKube | undefined;
  readonly cwd: string;
}

/**
 * The cluster that is meant: a profile that is named, else a context or a kubeconfig that is named, else
 * ./hopbook.yaml, else the kubeconfig's current context. Files are read, and nothing else. Throws CLUSTER_NOT_FOUND,
 * USAGE where two are named, and what is wrong with a profile or its overlays.
 */
export async function openProfile(choice: ClusterChoice): Promise<LoadedCluster> {
  return applyAccessFlags(await findCluster(choice), choice.kube ?? {});
}

async function findCluster(choice: ClusterChoice): Promise<LoadedCluster> {
  const { cluster, kube = {}, cwd, openKube = shareKube() } = choice;
  const isKubeNamed = kube.context !== undefined || kube.kubeconfig !== undefined;
  if (cluster === undefined && isKubeNamed) return clusterOfContext(refOf(kube, cwd), openKube);
  let file: string;
  try {
    file = await findProfile({ flag: cluster, cwd, home: homedir() });
  } catch (error) {
    if (cluster !== undefined) throw error;
    return currentContext(refOf(kube, cwd), { openKube, noProfile: asHopbookError(error) });
  }
  const found = await loadCluster(file);
  const isNamed = choice.isClusterNamed ?? cluster !== undefined;
  const [own] = found.profile.kube?.kubeconfig ?? [];
  if (!isNamed) {
    const [program] = found.programs ?? [];
    if (own !== undefined && kube.kubeconfig === undefined) throw foreign(file, `the kubeconfig ${own}`);
    if (program !== undefined) throw foreign(file, `${program.program} as ${program.key}`);
  }
  return withFlags(found, refOf(kube, cwd));
}

/** The same; null where none is named and none is here: what needs no node does not need a cluster. */
export async function openProfileIfAny(choice: ClusterChoice): Promise<LoadedCluster | null> {
  try {
    return await openProfile(choice);
  } catch (error) {
    const isNamed = [choice.cluster, choice.kube?.context, choice.kube?.kubeconfig].some(
      (name) => name !== undefined,
    );
    if (!isNamed && asHopbookError(error).code === "CLUSTER_NOT_FOUND") return null;
    throw error;
  }
}

/**
 * A folder may come from anybody. A kubeconfig names programs that run here before anybody is asked, and servers that
 * credentials go to; kubectl and oc are such programs themselves.
 */
function foreign(file: string, what: string): HopbookError {
  const message = `Cannot use ${what}: ${file} brings it along, and was not named`;
  return new HopbookError("PERMISSION_DENIED", message, {
    where: { file },
    hint: `Name the profile, if you trust it: --cluster ${file}`,
  });
}

function refOf({ context, kubeconfig, ...kube }: KubeChoice, cwd: string): KubeRef {
  const namespace = kube.namespace ?? kube.contextNamespace;
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig: [resolve(cwd, kubeconfig)] }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function clusterOfContext(ref: KubeRef, openKube: OpenKube): LoadedCluster {
  const { context, namespace } = openKube(ref);
  // What is current may be another one in a moment; the run stays with this.
  return makeKubeCluster(context, { ...ref, context, namespace });
}

function currentContext(
  ref: KubeRef,
  { openKube, noProfile }: { readonly openKube: OpenKube; readonly noProfile: HopbookError },
): LoadedCluster {
  try {
    return clusterOfContext(ref, openKube);
  } catch (error) {
    const { code, message, detail } = asHopbookError(error);
    if (code !== "CLUSTER_NOT_FOUND") throw error;
    throw new HopbookError(code, noProfile.message, {
      ...(noProfile.hint === undefined ? {} : { hint: noProfile.hint }),
      detail: [noProfile.detail, message, detail].filter((line) => line !== undefined).join("\n"),
    });
  }
}

/** kubectl's flags beside a profile: they say how its API is reached, and cannot make another cluster of its nodes. */
function withFlags(cluster: LoadedCluster, flags: KubeRef): LoadedCluster {
  const { profile } = cluster;
  if (Object.keys(flags).length === 0) return cluster;
  const isElsewhere = flags.context !== undefined || flags.kubeconfig !== undefined;
  if (isElsewhere && (profile.kube === undefined || profile.nodes.length > 0)) {
    const flag = flags.context === undefined ? "--kubeconfig" : "--context";
    throw new HopbookError("USAGE", `Cannot take ${flag} with ${profile.name}: its profile lists its nodes`, {
      hint: `Leave out ${flag} or --cluster`,
    });
  }
  if (profile.kube === undefined) return cluster;
  const kube = { ...profile.kube, ...flags };
  return { ...cluster, profile: { ...profile, kube } };
}
