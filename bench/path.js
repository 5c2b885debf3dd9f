// Ten hops, 20,000 flows, NAT and VXLAN on the way: hopbook against tcpdump and tshark over the same files, in one run.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generatePath } from "./generate-path.js";
import { hasProgram, judge, measureMedian, runTimed } from "./measure.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const FLOWS = 20_000;
/** Peak memory is compared with that of so many times the packets. */
const MORE = 8;
const GOALS = { tcpdump: 1, tshark: 60, peakMib: 150, growth: 1.25 };

/** `fields`: what tshark is to print. */
export function benchPath(dir, { packets, fields }) {
  const files = generatePath(join(dir, "path"), { packets, flows: FLOWS });
  const hopbook = measureMedian(5, () => analyze(files));
  console.log(`path of ten hops: ${packets} packets in all, ${FLOWS} flows, NAT and VXLAN on the way`);
  console.log(`hopbook analysis        ${times(hopbook)}   ${hopbook.stdout.trim()}`);
  if (hasProgram("tcpdump")) compareTcpdump(hopbook, { files, dir });
  else console.log("tcpdump is not installed: not compared");
  if (hasProgram("tshark")) compareTshark(hopbook, files, fields);
  else console.log("tshark is not installed: not compared");
  const peakMib = peakOf(hopbook);
  console.log(`peak memory             ${peakMib.toFixed(0)} MiB`);
  judge("peak memory, MiB", peakMib, { most: GOALS.peakMib });
  rmSync(join(dir, "path"), { recursive: true });
  const growth = measureMore(dir, packets * MORE) / peakMib;
  judge(`memory, ${MORE} times the packets over these`, growth, { most: GOALS.growth });
}

function compareTcpdump(hopbook, { files, dir }) {
  const filter = 'tcpdump -r "$file" -w "$to" tcp or udp port 4789';
  const args = forEach(files, filter, join(dir, "filtered.pcap"));
  const result = measureMedian(5, () => runTimed("sh", args));
  console.log(`tcpdump -r FILTER -w    ${times(result)}`);
  judge("hopbook's time over tcpdump's", hopbook.seconds / result.seconds, { most: GOALS.tcpdump });
  judge("hopbook's CPU over tcpdump's", hopbook.cpuSeconds / result.cpuSeconds, { most: GOALS.tcpdump });
}

function compareTshark(hopbook, files, fields) {
  const read = `tshark -n -r "$file" -T fields ${fields.join(" ")} >"$to"`;
  const result = runTimed("sh", forEach(files, read, "/dev/null"));
  console.log(`tshark -T fields        ${times(result)}`);
  judge("tshark's time over hopbook's", result.seconds / hopbook.seconds, { least: GOALS.tshark });
}

/** Arguments of a shell that runs a command with each file, one after the other. */
function forEach(files, command, to) {
  return ["-c", `set -e; to=$1; shift; for file; do ${command}; done`, "sh", to, ...files];
}

function measureMore(dir, packets) {
  const files = generatePath(join(dir, "more"), { packets, flows: FLOWS });
  const peakMib = peakOf(analyze(files));
  console.log(`peak memory             ${peakMib.toFixed(0)} MiB at ${packets} packets`);
  rmSync(join(dir, "more"), { recursive: true });
  return peakMib;
}

function analyze(files) {
  return runTimed(process.execPath, [join(HERE, "path-child.js"), ...files]);
}

function peakOf({ stdout }) {
  return JSON.parse(stdout).peakKib / 1024;
}

function times({ seconds, cpuSeconds }) {
  return `${seconds.toFixed(3)} s, ${cpuSeconds.toFixed(3)} s of CPU`;
}
