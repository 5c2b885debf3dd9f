import type { Recorder } from "../authority/authority.js";
import { madeObjects } from "../authority/trust-store.js";
import type { DetachedPods } from "../model/detached.js";
import type { Lease } from "../model/kube.js";
import { auditKube } from "./audit-kube.js";
import type { OpenClusterOptions } from "./open-cluster.js";
import { watchPods } from "./seen-pods.js";
import type { Permitted } from "./session.js";
import { whoRuns } from "./who-runs.js";

export interface WaysUse {
  /** How long what is made in the cluster for it stays, whatever becomes of the client. */
  readonly leaseMs: number;
  /** In place of the session's. */
  readonly runId?: string | undefined;
  /** Takes down what is done; without it nobody does. */
  readonly record?: Recorder;
  /** Captures that outlive the client, or did. */
  readonly detached?: DetachedPods | undefined;
}

/** The ways in of a session, each behind its permissions: the only ones there are. */
export function waysOf(session: Permitted, use: WaysUse): OpenClusterOptions {
  const { authority, onPods, openKube, profile, signal } = session;
  const { record = () => undefined, detached } = use;
  return {
    signal,
    openKube,
    lease: leaseOf(session, use),
    ...(detached === undefined ? {} : { detached }),
    wrap: (access) => {
      const wrapped = authority.wrap(access, record);
      if (onPods === undefined) return wrapped;
      return watchPods(wrapped, (pods) => onPods({ cluster: profile.name, node: access.node, pods }));
    },
    wrapKube: (kube) => session.guard(auditKube(kube, record)),
    isAllowed: (target) => authority.isNodeAllowed(target, record),
  };
}

export function leaseOf({ id }: Pick<Permitted, "id">, { leaseMs, runId = id }: WaysUse): Lease {
  return { runId, owner: whoRuns(), durationMs: leaseMs, made: madeObjects };
}
