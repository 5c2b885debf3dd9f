import { checkPodTools, checkTools, type NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { StepContext } from "../model/steps.js";

/** Programs without which nothing can be captured; said before anything is started. */
const NEEDED = ["tcpdump", "timeout", "nsenter"] as const;

/** What nodes and pods have for captures. Throws NODE_UNREACHABLE, TOOL_MISSING, or what a node says. */
export async function checkNodes(
  nodes: readonly string[],
  {
    accesses,
    pods,
  }: { readonly accesses: ReadonlyMap<string, GuardedAccess>; readonly pods: ReadonlySet<string> },
  context: Pick<StepContext, "profile" | "signal" | "unreachable">,
): Promise<Record<string, NodeTools>> {
  const { workDir } = context.profile;
  const checked = await Promise.all(
    nodes.map(async (node) => {
      const access = accesses.get(node);
      if (access === undefined) {
        const reason = context.unreachable.get(node);
        throw (
          reason ??
          new HopbookError("NODE_UNREACHABLE", `Cannot reach ${node}, where packets are to be captured`)
        );
      }
      const options = { workDir, signal: context.signal };
      const tools = await checkTools(access, options);
      return pods.has(node) ? checkPodTools(access, tools, options) : tools;
    }),
  );
  for (const tools of checked) {
    if (pods.has(tools.node)) continue;
    const missing = NEEDED.filter((tool) => tools.paths[tool] === null);
    if (missing.length > 0) {
      throw new HopbookError(
        "TOOL_MISSING",
        `Cannot capture on ${tools.node}: it has no ${missing.join(", no ")}`,
        {
          where: { node: tools.node },
          hint:
            "Install it on the node (Debian, Ubuntu: apt-get install tcpdump; RHEL, Fedora: dnf install tcpdump), " +
            "or log in through a toolbox that has it",
        },
      );
    }
  }
  return Object.fromEntries(checked.map((tools) => [tools.node, tools]));
}
