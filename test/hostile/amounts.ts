import { inDepth } from "../fixtures/property.js";

/** Bytes that come one by one. */
export const SINGLY = inDepth(300_000, 1_500_000);
/** Anchors or aliases of a document, which may have 10,000. */
export const MANY = inDepth(12_000, 60_000);
