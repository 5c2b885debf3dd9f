import { inDepth } from "../fixtures/property.js";
import { compareWithKernel, nft } from "./kernel-compare.js";

// Ten packets each: 2,000 pairs in the slow suite, and as many of each of the other two.
compareWithKernel(nft, inDepth(4, 200));
