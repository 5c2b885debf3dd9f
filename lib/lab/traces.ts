import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { runProgram } from "./enter.js";

const INSTANCE_NAME = /^hopbook-[A-Za-z0-9_.-]{1,120}$/;

/**
 * Trace instances that agents on these nodes hold. A real node takes its kernel with it when it dies; one of the
 * lab leaves the instance behind, because the agent that would remove it dies with the node's PID namespace.
 */
export function findTraceInstances(nodePids: readonly number[]): string[] {
  const namespaces = new Set(nodePids.map(pidNamespaceOf).filter((link) => link !== null));
  const names = new Set<string>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const link = pidNamespaceOf(Number(entry));
    if (link === null || !namespaces.has(link)) continue;
    const words = wordsOf(entry);
    const at = words.indexOf("hopbook-droptrace");
    const name = at < 0 ? undefined : words[at + 1];
    if (name !== undefined && INSTANCE_NAME.test(name)) names.add(name);
  }
  return [...names];
}

/**
 * Removes them; one that its agent has removed already is as good. The nodes' own tracefs is gone with them, and the
 * machine need not have it mounted: it is mounted for this alone.
 */
export async function removeTraceInstances(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await runProgram(["unshare", "-m", "sh", "-c", REMOVE_SCRIPT, "hopbook-lab-traces", ...names]);
}

const REMOVE_SCRIPT = `
mount -n -t tracefs tracefs /sys/kernel/tracing || exit
cd /sys/kernel/tracing/instances || exit
for name; do
  # What the dead agent held open is let go a moment after its end.
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -d "$name" ] || break
    rmdir "$name" && break
    sleep 0.05
  done
done
`;

function pidNamespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

function wordsOf(entry: string): string[] {
  try {
    return readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}
