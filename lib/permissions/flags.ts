import type { Declared } from "./declared.js";
import { namesAction, namesNode, namesTraffic, type Grant } from "./grant.js";

/**
 * The flags that would grant what is declared and not granted, ready to be typed; empty where nothing is
 * missing. With `nodes` they name those; else the names that the runbook selects. What is denied is not
 * listed: no flag grants it.
 */
export function missingFlags(declared: Declared, grant: Grant, nodes?: readonly string[]): string[] {
  if (grant.everythingBy !== null) return [];
  const wantedNodes = declared.node === null ? [] : (nodes ?? declared.node.select);
  const missing = {
    node: wantedNodes.filter((node) => !namesNode(grant.node, node) && !namesNode(grant.deny.node, node)),
    exec: declared.exec.filter(
      (name) => !namesAction(grant.exec, name) && !namesAction(grant.deny.exec, name),
    ),
    traffic: declared.traffic.filter(
      (probe) => !namesTraffic(grant.traffic, probe) && !namesTraffic(grant.deny.traffic, probe),
    ),
  };
  const needsCapture = declared.capture !== null && grant.capture === null && grant.deny.capture !== "all";
  return [
    ...listFlag("--allow-node", missing.node),
    ...listFlag("--allow-exec", missing.exec),
    ...(needsCapture ? ["--allow-capture"] : []),
    ...listFlag("--allow-traffic", missing.traffic),
  ];
}

function listFlag(flag: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [quoteFlag(`${flag}=${names.join(",")}`)];
}

/** A flag as it is typed in a POSIX shell: in single quotes where it has a star or worse in it. */
export function quoteFlag(flag: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", "'\\''")}'`;
}
