// Runs a program and says how long it took and how much memory it held at most.
import { spawnSync } from "node:child_process";
import { hrtime } from "node:process";

/** Wall-clock seconds and stdout. A program that fails ends the benchmark: its time would mean nothing. */
export function runTimed(command, args) {
  const start = hrtime.bigint();
  const result = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 64 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seconds = Number(hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`Cannot run ${command}: ${result.error ?? result.stderr}`);
  return { seconds, stdout: result.stdout };
}

/** The median of several runs, after one that warms the page cache. */
export function measureMedian(times, run) {
  run();
  const results = Array.from({ length: times }, run).sort((a, b) => a.seconds - b.seconds);
  return results[Math.floor(times / 2)];
}

export function hasProgram(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}
