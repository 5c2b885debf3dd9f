import { inDepth } from "../fixtures/property.js";
import { compareWithKernel, iptables } from "./kernel-compare.js";

// Ten packets each: 2,000 pairs in the slow suite, and as many of each of the other two.
compareWithKernel(iptables("legacy"), inDepth(4, 200));
