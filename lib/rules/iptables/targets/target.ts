import type { At } from "../../node.js";
import type { Action } from "../../chain.js";
import type { Option } from "../arguments.js";

/** What a target does; null where its options are not understood. */
export type MakeAction = (options: readonly Option[]) => ((at: At) => Action) | null;
