import type { TranscriptEntry } from "../artifacts/index.js";
import { stopDetached } from "../capture/index.js";
import { auditKube } from "../session/audit-kube.js";
import { contextOf, prepareDetached, type CollectOptions } from "./collect.js";
import { openCluster } from "../session/open-cluster.js";
import { whoRuns } from "../session/who-runs.js";

export interface StopReport {
  readonly id: string;
  /** Nodes whose captures have ended and wait to be collected. */
  readonly stopped: readonly string[];
  /** Why not, of the others. */
  readonly failed: readonly { readonly node: string; readonly why: string }[];
}

const LEASE_MS = 10 * 60_000;

/** Ends the captures of a run that goes on without its client before their time; they stay to be collected. */
export async function stopRun(options: CollectOptions): Promise<StopReport> {
  const { file, prepared } = await prepareDetached(options);
  const { authority, profile } = prepared;
  const id = file.about.run;
  const record = (_entry: TranscriptEntry): void => undefined;
  const cluster = await openCluster(profile, {
    ...{ signal: options.signal, lease: { runId: id, owner: whoRuns(), durationMs: LEASE_MS } },
    detached: contextOf(file, prepared).pods,
    wrap: (access) => authority.wrap(access, record),
    wrapKube: (kube) => auditKube(kube, record),
    isAllowed: (target) => authority.isNodeAllowed(target, record),
  });
  try {
    const places = file.nodes.map(({ name, stateDir }) => ({ node: name, stateDir }));
    const ended = await stopDetached(places, { accesses: cluster.accesses, signal: options.signal });
    return {
      id,
      stopped: ended.filter(({ why }) => why === null).map(({ node }) => node),
      failed: ended.flatMap(({ node, why }) => (why === null ? [] : [{ node, why }])),
    };
  } finally {
    await cluster.close();
  }
}
