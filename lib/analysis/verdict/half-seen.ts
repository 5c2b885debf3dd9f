import { sayUnentered } from "../../model/hops.js";
import { REQUEST } from "../follow/ends.js";
import { nameHop, type Doubts } from "./doubts.js";
import type { DecideInput } from "./input.js";
import { hopOf } from "./route.js";

/** What could not be looked into, whatever the verdict. */
export function noteUnentered({ flow }: DecideInput, doubts: Doubts): void {
  for (const one of flow.unentered ?? []) doubts.note(sayUnentered(one));
}

/** Of packets of a direction that showed at all places up to the last: whether they arrived, nobody saw. */
export function doubtArrival({ flow, route }: DecideInput, direction: 0 | 1, doubts: Doubts): void {
  const receiver = direction === REQUEST ? "to" : "from";
  const dark = flow.unentered?.find(({ end }) => end === receiver);
  const last = (direction === REQUEST ? route.requestOrder : route.replyOrder).at(-1);
  if (dark === undefined || last === undefined) return;
  const what = direction === REQUEST ? "requests" : "replies";
  doubts.doubt(
    `Nothing behind ${nameHop(hopOf(route, last))} was captured, so whether the ${what} arrived is not known`,
  );
}
