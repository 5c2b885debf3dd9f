// Sharing a run folder against copying it and packing it, in one run: what anybody would do with it who hides nothing.
//   node bench/share.js [PACKETS]        default 2,000,000 packets in all, 1 GB; needs four times as much room
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateRun } from "./generate.js";
import { judge, runTimed } from "./measure.js";

const CHILD = join(dirname(fileURLToPath(import.meta.url)), "share-child.js");
const GOAL = 2;
const packets = Number(process.argv[2] ?? 2_000_000);
const root = mkdtempSync(join(tmpdir(), "hopbook-bench-share-"));
try {
  const dir = join(root, "run");
  const bytes = generateRun(dir, packets, { isNoisy: true });
  runTimed(process.execPath, [CHILD, "finish", dir]);
  console.log(`run folder: ${packets} packets, ${(bytes / 1e6).toFixed(0)} MB, half of them inside VXLAN`);
  const copy = runTimed("cp", ["-r", dir, join(root, "copy")]);
  const packed = runTimed("tar", ["-C", root, "-czf", join(root, "copy.tar.gz"), "copy"]);
  rmSync(join(root, "copy"), { recursive: true });
  const plain = copy.cpuSeconds + packed.cpuSeconds;
  console.log(`cp, then tar with gzip   ${told(copy)} + ${told(packed)}`);
  for (const payload of ["cut", "payload"]) {
    const archive = join(root, `${payload}.tar.gz`);
    const shared = runTimed(process.execPath, [CHILD, "share", dir, archive, payload]);
    console.log(`hopbook share, ${payload.padEnd(9)} ${told(shared)}   ${shared.stdout.trim()}`);
    // By CPU: what else a machine does makes the clock say anything.
    judge(`share (${payload}) over cp and gzip`, shared.cpuSeconds / plain, { most: GOAL });
    rmSync(archive);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}

function told({ seconds, cpuSeconds }) {
  return `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU)`;
}
