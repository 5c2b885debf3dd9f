import { HopbookError } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { SealedPlan } from "../plan/seal.js";
import { plannedAccess } from "./plan-frame.js";

/** Ways in are no commands of the plan, and making them comes first: what differs there is found before anything is made. */
export function refuseOtherWays(
  { access = [] }: Pick<SealedPlan, "access">,
  profile: Pick<ClusterProfile, "nodes">,
): void {
  const now = plannedAccess(profile, new Set(access.map(({ node }) => node))).access ?? [];
  const spell = ({ via, image }: (typeof access)[number]): string =>
    image === null ? via : `${via} with the image ${image}`;
  for (const agreed of access) {
    const other = now.find(({ node }) => node === agreed.node);
    if (other !== undefined && other.identity !== agreed.identity) throw anotherNode(agreed, other);
    if (other !== undefined && spell(other) === spell(agreed)) continue;
    const is = other === undefined ? "it is not in the cluster now" : `it would be ${spell(other)}`;
    const byImage = other?.via === agreed.via && agreed.image !== null;
    throw new HopbookError(
      "PLAN_DRIFT",
      `Cannot run the plan: it enters ${agreed.node} by ${spell(agreed)}, and ${is}`,
      {
        where: { node: agreed.node },
        hint: byImage
          ? `Give the image again: --image ${agreed.image}`
          : `Give the way in again: --via ${agreed.via}, or make a new plan with hopbook plan … --out`,
      },
    );
  }
}

type Way = NonNullable<SealedPlan["access"]>[number];

/** Of the same name: it was made anew, or another machine is in its place. */
function anotherNode(agreed: Way, now: Way): HopbookError {
  const tell = ({ identity = "not known" }: Way): string => identity;
  const message = `Cannot run the plan: ${agreed.node} is another node than when it was made`;
  return new HopbookError("PLAN_DRIFT", message, {
    where: { node: agreed.node },
    detail: `${tell(agreed)} → ${tell(now)}`,
    hint: "Look at what became of it, and make a new plan with hopbook plan … --out",
  });
}
