/** Findings again, from what a run kept. */
export { analyzeExamples, analyzeRunFolder } from "../verdict/analyze.js";
export { analyzeBundle, isRunFolder } from "../verdict/analyze-folder.js";
export { analyzePcapFiles, type AnalyzeFilesOptions } from "../verdict/analyze-files.js";
export { exitCodeOfFindings } from "../verdict/exit-code.js";
