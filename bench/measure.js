// Runs a program and says how long it took and how much memory it held at most.
import { spawnSync } from "node:child_process";
import { hrtime } from "node:process";

/** Runs a program, and has the shell say by descriptor 3 what its children took. */
const WITH_TIMES = 'command=$1; shift; "$command" "$@"; status=$?; times >&3; exit $status';

/**
 * Seconds by the clock and of CPU (user and system), and stdout. A program that fails ends the benchmark: its time would
 * mean nothing.
 */
export function runTimed(command, args) {
  const start = hrtime.bigint();
  const result = spawnSync("sh", ["-c", WITH_TIMES, "sh", command, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const seconds = Number(hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`Cannot run ${command}: ${result.error ?? result.stderr}`);
  return { seconds, cpuSeconds: cpuOf(result.output[3]), stdout: result.stdout };
}

/** Of the children, whose times stand in the last line: `0m0.120s 0m0.340s`. */
function cpuOf(times) {
  const parts = [
    ...times
      .trim()
      .split("\n")
      .at(-1)
      .matchAll(/(\d+)m([\d.]+)s/g),
  ];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
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

/** Says whether a ratio is what it ought to be, and fails the benchmark where it is not. */
export function judge(name, ratio, { most, least }) {
  const met = most === undefined ? ratio >= least : ratio <= most;
  const goal = most === undefined ? `at least ${least}` : `at most ${most}`;
  console.log(`  ${met ? "met   " : "MISSED"} ${name}: ${ratio.toFixed(2)} (goal: ${goal})`);
  if (!met) process.exitCode = 1;
}
