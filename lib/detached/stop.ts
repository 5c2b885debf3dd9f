import { stopDetached } from "../capture/index.js";
import { contextOf, prepareDetached, type CollectOptions } from "./collect.js";
import { openCluster } from "../session/open-cluster.js";
import { waysOf } from "../session/ways.js";

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
  const { file, session } = await prepareDetached(options);
  const { id, profile, signal } = session;
  const detached = contextOf(file, session).pods;
  const cluster = await openCluster(profile, waysOf(session, { leaseMs: LEASE_MS, detached }));
  try {
    const places = file.nodes.map(({ name, stateDir }) => ({ node: name, stateDir }));
    const ended = await stopDetached(places, { accesses: cluster.accesses, signal });
    return {
      id,
      stopped: ended.filter(({ why }) => why === null).map(({ node }) => node),
      failed: ended.flatMap(({ node, why }) => (why === null ? [] : [{ node, why }])),
    };
  } finally {
    await cluster.close();
  }
}
