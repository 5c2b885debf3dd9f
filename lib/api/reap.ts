/** What runs left. */
import * as leftovers from "../reap/reap.js";
import { IN_CLUSTER, withDefaults, type Lenient } from "./defaults.js";

export type ReapOptions = Lenient<leftovers.ReapOptions>;
export type { Leftover, ReapReport } from "../reap/reap.js";

export const reap = withDefaults(leftovers.reap, IN_CLUSTER);
