/** Findings again, from what a run kept. */
export { analyzeExamples, analyzePcapFiles, analyzeRunFolder } from "../verdict/analyze.js";
export { exitCodeOfFindings } from "../verdict/exit-code.js";
