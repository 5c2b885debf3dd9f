import { matchBounded } from "../../cel/index.js";
import { textOfLogLine } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";

interface LogOf {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
}

/** What a line means of what follows a pod's log. Throws TARGET_NOT_FOUND where the node has no log of it. */
export function readLogLine(
  line: string,
  match: string,
  { namespace, name, node }: LogOf,
): "armed" | { readonly what: string } | null {
  if (line === "ready") return "armed";
  if (line === "none") {
    throw new HopbookError(
      "TARGET_NOT_FOUND",
      `Cannot follow the log of ${namespace}/${name}: ${node} has none in /var/log/pods`,
      {
        where: { node },
        hint: "Has its container started, and does it log to its output? kubectl logs shows it; else wait for a packet",
      },
    );
  }
  const said = textOfLogLine(line);
  return matchBounded(said, match) ? { what: said } : null;
}
