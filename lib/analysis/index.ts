export { analyzeRun, followFlows, locateBreaks } from "./analyze.js";
export { findFileOrder } from "./file-order.js";
export { analyzePcaps, type AnalyzePcapsOptions, type KnownBeside } from "./pcaps.js";
export { loadRunRecord, readRunText } from "./evidence/load.js";
export { CAUSES } from "./cause/index.js";
