// Analyses one run folder in a process of its own and prints what it found and what it took.
import "../bin/small-heap.js";

// As the program does it: one file, and nothing else is loaded before.
const ANALYSIS = new URL("../.build/bench/analysis.js", import.meta.url).href;
const { analyzeRun } = await import(ANALYSIS);

const findings = await analyzeRun(process.argv[2]);
const { hops, verdict } = findings.flows[0];
const counts = hops.map(({ request, reply }) => request.packets + reply.packets);
const peakKib = process.resourceUsage().maxRSS;
console.log(JSON.stringify({ status: verdict.status, lost: verdict.lost, counts, peakKib }));
