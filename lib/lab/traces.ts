import { readdirSync, readFileSync, readlinkSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/** Where trace instances are: of the machine's one kernel, which all nodes of a lab share. */
const INSTANCES = "/sys/kernel/tracing/instances";
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

/** Removes them; one that its agent has removed already is as good. */
export function removeTraceInstances(names: readonly string[]): void {
  for (const name of names) {
    try {
      rmdirSync(join(INSTANCES, name));
    } catch {
      // Gone already, or tracefs is not to be had.
    }
  }
}

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
