import { inDepth } from "../fixtures/property.js";
import { compareWithKernel, nft } from "./kernel-compare.js";

// Ten packets each: 5,000 pairs in the slow suite.
compareWithKernel(nft, inDepth(12, 500));
