import { inDepth } from "../fixtures/property.js";
import { compareWithKernel, iptables } from "./kernel-compare.js";

// Ten packets each: 5,000 pairs in the slow suite.
compareWithKernel(iptables("legacy"), inDepth(12, 500));
