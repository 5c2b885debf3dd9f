import type { AccessEnd, NodeAccess } from "../model/access.js";
import type { KubeReader } from "../model/kube.js";
import { systemClock, type Clock } from "../model/clock.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { LimitRequest, RunEvent } from "../model/steps.js";
import type { Recorder } from "../recording/index.js";
import { resolveEnds } from "../session/resolve-ends.js";
import type { Session } from "../session/session.js";
import { openCluster, type OpenCluster, type OpenClusterOptions } from "../session/open-cluster.js";

/** What a run happens in: the nodes as they are, or as they were recorded. */
export interface World {
  readonly clock: Clock;
  open(profile: ClusterProfile, options: OpenClusterOptions): Promise<OpenCluster>;
  /** Where commands for the nodes go. */
  ends(session: Session): Promise<readonly AccessEnd[]>;
  /** Throws what the world has against it, beyond the permissions. */
  demand(request: LimitRequest, permitted: () => void): void;
  event(event: RunEvent): void;
}

export const LIVE: World = {
  clock: systemClock,
  open: openCluster,
  ends: resolveEnds,
  demand: (_request, permitted) => permitted(),
  event: () => undefined,
};

/** The same world, all of it recorded. */
export function recordWorld(world: World, recorder: Recorder): World {
  return {
    clock: recorder.wrapClock(world.clock),
    ends: (session) => world.ends(session),
    async open(profile, options) {
      const cluster = await world.open(profile, {
        ...options,
        // Around the permissions: what they refuse is part of the run.
        wrap: (access: NodeAccess) => recorder.wrap(options.wrap(access)),
        ...(options.wrapKube === undefined
          ? {}
          : { wrapKube: (kube: KubeReader) => recorder.wrapKube(options.wrapKube?.(kube) ?? kube) }),
      });
      for (const { name } of profile.nodes) {
        if (cluster.accesses.has(name)) recorder.login(name, null);
        const error = cluster.unreachable.get(name);
        if (error !== undefined) recorder.login(name, error);
      }
      return cluster;
    },
    demand(request, permitted) {
      try {
        world.demand(request, permitted);
      } catch (error) {
        recorder.denial(request, error);
        throw error;
      }
    },
    event(event) {
      recorder.event(event);
      world.event(event);
    },
  };
}
