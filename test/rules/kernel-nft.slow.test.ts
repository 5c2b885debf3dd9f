import { compareWithKernel, nft } from "./kernel-compare.js";

// Ten packets each: 2,000 pairs, and as many of each of the other two.
compareWithKernel(nft, 200);
