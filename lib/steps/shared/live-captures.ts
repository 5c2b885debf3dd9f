import { CaptureFollower, type NodeCapturePlan } from "../../capture/index.js";
import type { CaptureRecord } from "../../model/evidence.js";
import type { Flow } from "../../model/hops.js";
import type { LiveCounts, LiveFeed, LivePoint, LiveView } from "../../model/live/view.js";
import type { PointsFile } from "../../model/points.js";
import type { StepContext } from "../../model/steps.js";

const FINISH_MS = 5000;

interface Watched {
  readonly flows: readonly Flow[];
  /** In place of flows. */
  readonly points: PointsFile["points"] | null;
  /** How long the captures go on; null: not known. */
  readonly lastsMs: number | null;
}

/** A run's captures as somebody watches them. Nothing that befalls this befalls them. */
export class LiveCaptures {
  readonly #feed: LiveFeed;
  readonly #view: LiveView;
  readonly #followers: CaptureFollower[] = [];
  #isOver = false;

  private constructor(feed: LiveFeed, view: LiveView) {
    this.#feed = feed;
    this.#view = view;
  }

  /** null where nobody watches. */
  static begin(
    plans: readonly NodeCapturePlan[],
    { live, accesses }: Pick<StepContext, "live" | "accesses">,
    watched: Watched,
  ): LiveCaptures | null {
    if (live === undefined) return null;
    const { lastsMs } = watched;
    const feed = live.begin(describePoints(plans, watched), lastsMs === null ? null : Date.now() + lastsMs);
    if (feed === null) return null;
    const captures = new LiveCaptures(feed, live);
    captures.#follow(plans, accesses);
    return captures;
  }

  /** Captures at points that began meanwhile, and end with the others. */
  join(
    plans: readonly NodeCapturePlan[],
    points: PointsFile["points"],
    { accesses }: Pick<StepContext, "accesses">,
  ): void {
    if (this.#isOver) return;
    this.#feed.join(describePoints(plans, { flows: [], points, lastsMs: null }));
    this.#follow(plans, accesses);
  }

  #follow(plans: readonly NodeCapturePlan[], accesses: StepContext["accesses"]): void {
    const [feed, view] = [this.#feed, this.#view];
    for (const plan of plans) {
      const access = accesses.get(plan.node);
      if (access === undefined) continue;
      const nameOf = (hopId: string): string => idOf(plan.node, hopId);
      if (plan.ring !== null) feed.blind(plan.node, "its captures go round in rings of files");
      else this.#followers.push(new CaptureFollower(plan, access, { feed, view, nameOf }));
    }
  }

  /** Takes what tcpdump wrote at its end: before the files are taken from the nodes. */
  async drain(): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.finish(FINISH_MS)));
  }

  async end(records: readonly CaptureRecord[]): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const counts = records.map(
      ({ node, hopId, captured, received, droppedByKernel, droppedByInterface }): [string, LiveCounts] => [
        idOf(node, hopId),
        { captured, received, droppedByKernel, droppedByInterface },
      ],
    );
    await this.#feed.end(new Map(counts));
  }
}

function describePoints(plans: readonly NodeCapturePlan[], { flows, points }: Watched): readonly LivePoint[] {
  const hops = flows.flatMap(({ path }) => [...path.hops, ...(path.replyHops ?? [])]);
  return plans.flatMap((plan) =>
    plan.hops.map(({ hop, filter, snaplenBytes }): LivePoint => {
      const pod = hops.find(({ id, node }) => id === hop.id && node === hop.node)?.pod;
      const named = points?.find(({ id, node }) => id === hop.id && node === hop.node)?.name;
      const own = pod === undefined ? hop.interface : `${pod.split("/").at(-1) ?? pod}/${hop.interface}`;
      const where = points === null && pod === undefined ? `${hop.role} ${hop.interface}` : hop.interface;
      return {
        ...{ id: idOf(hop.node, hop.id), node: hop.node, name: named ?? `${own}@${hop.node}` },
        description: `${where} on ${hop.node}${pod === undefined ? "" : `, of pod ${pod}`}`,
        ...{ filter, snaplenBytes },
      };
    }),
  );
}

function idOf(node: string, hopId: string): string {
  return `${node} ${hopId}`;
}
