import { ALL_VIAS } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { DetachedPods } from "../model/detached.js";
import type { Lease } from "../model/kube.js";
import { authorise, type Confirm, type GrantFlags } from "../authority/authority.js";
import { openCluster, type OpenCluster } from "./open-cluster.js";

export interface EnterNodesOptions {
  readonly grants: GrantFlags;
  readonly confirm: Confirm | undefined;
  readonly isClusterNamed: boolean;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly lease: Lease;
  /** Captures that were left there are to be found again. */
  readonly detached?: DetachedPods | undefined;
}

/** What a command that is no runbook does on nodes, as a runbook would declare it. */
export interface NodeErrand {
  readonly name: string;
  readonly title: string;
  readonly action: string;
  /** See AuthoriseOptions. */
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Opens the ways onto a profile's nodes for one action. Throws PERMISSION_DENIED, and why none can be reached. */
export async function enterNodes(
  profile: ClusterProfile,
  { action, scripts = {}, ...metadata }: NodeErrand,
  { grants, confirm, isClusterNamed, cwd, signal, lease, detached }: EnterNodesOptions,
): Promise<OpenCluster> {
  const node = { via: ALL_VIAS, select: ["*"], max: Math.max(1, profile.nodes.length) };
  const authority = await authorise({
    runbook: {
      metadata: { ...metadata, description: undefined, labels: {} },
      permissions: { node, exec: [action] },
    },
    ...{ profile, grants, confirm, isClusterNamed, cwd, scripts },
  });
  // There is no run folder, and so no transcript.
  const record = (): void => undefined;
  return openCluster(profile, {
    ...{ signal, lease, ...(detached === undefined ? {} : { detached }) },
    wrap: (access) => authority.wrap(access, record),
    isAllowed: (target) => authority.isNodeAllowed(target, record),
  });
}
