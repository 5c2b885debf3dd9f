/** A run's captures as they go on. */
export { joinViews } from "../live/join.js";
export { makeLineWriter } from "../live/line-writer.js";
export { openLiveOutput, type LiveOutput } from "../live/output.js";
export { makePointCounts, type PointCounts } from "../live/point-counts.js";
export { makePcapngWriter } from "../live/pcapng-writer.js";
export { makeLiveStream } from "../live/stream.js";
export type { LiveView } from "../model/live/view.js";
