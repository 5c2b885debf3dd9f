// Analyzes captures in a process of its own and prints what it found and what it took.
import "../bin/small-heap.js";

// As the program does it: one file, and nothing else is loaded before.
const ANALYSIS = new URL("../.build/bench/analysis.js", import.meta.url).href;
const { analyzePcaps } = await import(ANALYSIS);

const { flows, leftOut } = await analyzePcaps(process.argv.slice(2));
const statuses = new Set([
  ...flows.map(({ verdict }) => verdict.status),
  ...Object.keys(leftOut?.statuses ?? {}),
]);
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(
  JSON.stringify({
    flows: flows.length + (leftOut?.flows ?? 0),
    statuses: [...statuses],
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakKib: maxRSS,
  }),
);
