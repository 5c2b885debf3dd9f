import { LOSSES } from "./losses.js";
import { ODDITIES } from "./oddities.js";
import { REFUSALS } from "./refusals.js";
import type { Scenario } from "./scenario.js";

/** Sets in which something is wrong, for real, and of which it is known what. */
export const FAULTS: readonly Scenario[] = [...LOSSES, ...REFUSALS, ...ODDITIES];
