/** What runs left. */
export { reap, type Leftover, type ReapOptions, type ReapReport } from "../reap/reap.js";
