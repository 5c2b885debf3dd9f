// hopbook's analysis of a capture pair against tshark and tcpdump over the same pair, in one run.
// Then the same over a path of ten hops with thousands of flows.
//   node bench/run.js [PACKETS]        default 1,000,000 packets in all, 500 MB; needs eight times as much room once
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleAnalysis } from "./bundle.js";
import { FLOW, generateRun } from "./generate.js";
import { hasProgram, judge, measureMedian, runTimed } from "./measure.js";
import { benchPath } from "./path.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const GOALS = { tshark: 40, tcpdump: 2, version: 2, memory: 1.25 };
const FIELDS = [
  "frame.number",
  "frame.time_epoch",
  "ip.src",
  "ip.dst",
  "ip.id",
  "tcp.seq_raw",
  "tcp.ack_raw",
  "tcp.len",
].flatMap((field) => ["-e", field]);

const packets = Number(process.argv[2] ?? 1_000_000);
bundleAnalysis();
const dir = mkdtempSync(join(tmpdir(), "hopbook-bench-"));
try {
  benchAnalysis();
  for (const name of ["whole", "quarter"]) rmSync(join(dir, name), { recursive: true });
  benchPath(dir, { packets, fields: FIELDS });
} finally {
  rmSync(dir, { recursive: true, force: true });
}
benchStart();

function benchAnalysis() {
  const [whole, quarter] = [join(dir, "whole"), join(dir, "quarter")];
  const bytes = generateRun(whole, packets);
  generateRun(quarter, packets / 4);
  console.log(`capture pair: ${packets} packets, ${(bytes / 1e6).toFixed(0)} MB, the second inside VXLAN`);
  const hopbook = measureMedian(5, () => analyze(whole));
  const small = measureMedian(3, () => analyze(quarter));
  console.log(`hopbook analysis        ${seconds(hopbook)}   ${hopbook.stdout.trim()}`);
  const peaks = [small, hopbook].map(({ stdout }) => JSON.parse(stdout).peakKib / 1024);
  const growth = peaks[1] / peaks[0];
  console.log(
    `peak memory             ${peaks[0].toFixed(0)} MiB at a quarter, ${peaks[1].toFixed(0)} MiB whole`,
  );
  judge("memory, whole over quarter", growth, { most: GOALS.memory });
  const pair = [join(whole, "captures/pod.pcap"), join(whole, "captures/nic.pcap")];
  compareTcpdump(hopbook, pair);
  compareTshark(hopbook, pair);
}

function analyze(run) {
  return runTimed(process.execPath, [join(HERE, "analyze-child.js"), run]);
}

/** The flow's packets filtered out of both files: what one would do before looking at them. */
function compareTcpdump(hopbook, pair) {
  if (!hasProgram("tcpdump")) return console.log("tcpdump is not installed: not compared");
  const inner = `udp dst port 4789 and udp[42:4]=${hex(FLOW.client)} and udp[46:4]=${hex(FLOW.server)}`;
  const back = `udp dst port 4789 and udp[42:4]=${hex(FLOW.server)} and udp[46:4]=${hex(FLOW.client)}`;
  const filters = [
    `host ${FLOW.client} and host ${FLOW.server} and tcp port ${FLOW.port}`,
    `(${inner}) or (${back})`,
  ];
  const result = measureMedian(5, () => {
    const runs = pair.map((file, index) =>
      runTimed("tcpdump", ["-r", file, "-w", join(dir, `filtered-${index}.pcap`), filters[index]]),
    );
    return { seconds: runs[0].seconds + runs[1].seconds };
  });
  console.log(`tcpdump -r FILTER -w    ${seconds(result)}`);
  judge("hopbook's time over tcpdump's", hopbook.seconds / result.seconds, { most: GOALS.tcpdump });
}

function compareTshark(hopbook, pair) {
  if (!hasProgram("tshark")) return console.log("tshark is not installed: not compared");
  const total = pair
    .map((file) =>
      runTimed("sh", [
        "-c",
        'exec "$@" >/dev/null',
        "sh",
        "tshark",
        "-n",
        "-r",
        file,
        "-T",
        "fields",
        ...FIELDS,
      ]),
    )
    .reduce((sum, run) => sum + run.seconds, 0);
  console.log(`tshark -T fields        ${seconds({ seconds: total })}   8 fields`);
  judge("tshark's time over hopbook's", total / hopbook.seconds, { least: GOALS.tshark });
}

function benchStart() {
  const bin = join(HERE, "../bin/hopbook.js");
  const node = measureMedian(20, () => runTimed(process.execPath, ["-e", "0"]));
  const version = measureMedian(20, () => runTimed(process.execPath, [bin, "--version"]));
  console.log(`node -e 0 ${seconds(node)}, hopbook --version ${seconds(version)}`);
  judge("hopbook --version over node -e 0", version.seconds / node.seconds, { most: GOALS.version });
}

function seconds(result) {
  return `${result.seconds.toFixed(3)} s`;
}

function hex(address) {
  return `0x${Buffer.from(address.split(".").map(Number)).toString("hex")}`;
}
