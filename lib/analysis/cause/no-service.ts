import type { CauseInput, CauseResult } from "../../model/cause.js";
import type { Cause } from "../../model/findings.js";
import type { CauseKind } from "./candidate.js";

/** By the end alone, wherever its packets went: nothing leads them to a pod. */
export const NO_SERVICE: Readonly<Record<string, CauseKind>> = {
  "no-service": { title: "The address is one of Services', and no Service has it" },
};

type FlowAlone = Pick<CauseInput, "flow" | "direction">;

/** `was` is what else was found: a rule that drops what is for such addresses is how, and no reason of its own. */
export function blameStray({ flow, direction }: FlowAlone, was: Cause | null): Cause | null {
  const { ip, noService } = flow.to;
  if (noService === undefined || direction === "reply") return null;
  const found = was === null ? [] : [was.summary, ...was.evidence];
  const summary = `${ip} belongs to no Service: ${noService}. No rule leads its packets to a pod`;
  return { code: "no-service", summary, evidence: found };
}

/** The cause that a flow tells by itself, with nothing read of the nodes. */
export function findCauseInFlow(input: FlowAlone & Pick<CauseInput, "status">): CauseResult {
  const isBroken = input.status !== "delivered" && input.status !== "inconclusive";
  return { cause: isBroken ? blameStray(input, null) : null, lookedAt: [], caveats: [] };
}
