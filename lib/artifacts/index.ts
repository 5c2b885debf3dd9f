export { createRunFolder } from "./create.js";
export { openRunFolder } from "./folder.js";
export type { RunFolder } from "./folder.js";
export { hashFile, listFolder, MANIFEST_FILE } from "./manifest.js";
export type { Manifest } from "./manifest.js";
export { makeSafeName, resolveInside } from "./names.js";
export {
  FINDINGS_FILE,
  readFindings,
  readManifest,
  readRunJson,
  requireRunFolder,
  verifyManifest,
} from "./read.js";
export { createRedactor } from "./redact.js";
export { describeError } from "./transcript.js";
export type { TranscriptEntry } from "./transcript.js";
