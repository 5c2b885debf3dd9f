import {
  asUnseen,
  checkPodTools,
  checkTools,
  type CheckToolsOptions,
  type NodeTools,
} from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { StepContext } from "../../model/steps.js";

/** Programs without which nothing can be captured; said before anything is started. */
const NEEDED = ["tcpdump", "timeout", "nsenter"] as const;

interface Places {
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  /** Of the nodes those that are pods, which alone can be entered. */
  readonly pods: ReadonlySet<string>;
}

type Checking = Pick<StepContext, "profile" | "signal" | "unreachable">;

/** What nodes and pods have for captures, and why nothing can be captured on some. Throws only what says nothing of a node. */
export async function tryNodes(
  nodes: readonly string[],
  places: Places,
  context: Checking,
): Promise<{
  readonly tools: Record<string, NodeTools>;
  readonly errors: ReadonlyMap<string, HopbookError>;
}> {
  const tools: Record<string, NodeTools> = {};
  const errors = new Map<string, HopbookError>();
  const checked = await Promise.all(
    nodes.map(async (node) => {
      try {
        return await checkNode(node, places, context);
      } catch (error) {
        const unseen = asUnseen(error);
        if (unseen === null) throw error;
        return unseen;
      }
    }),
  );
  for (const [index, node] of nodes.entries()) {
    const found = checked[index];
    if (found instanceof HopbookError) errors.set(node, found);
    else if (found !== undefined) tools[found.node] = found;
  }
  return { tools, errors };
}

async function checkNode(
  node: string,
  { accesses, pods }: Places,
  { profile, signal, unreachable }: Checking,
): Promise<NodeTools> {
  const access = toCaptureOn(node, { accesses, unreachable });
  const options = { workDir: profile.workDir, signal };
  return judgeTools(access, await checkTools(access, options), { ...options, isPod: pods.has(node) });
}

/** Throws NODE_UNREACHABLE, or why the node is not entered. */
export function toCaptureOn(
  node: string,
  { accesses, unreachable }: Pick<StepContext, "accesses" | "unreachable">,
): GuardedAccess {
  const access = accesses.get(node);
  if (access !== undefined) return access;
  const message = `Cannot reach ${node}, where packets are to be captured`;
  throw unreachable.get(node) ?? new HopbookError("NODE_UNREACHABLE", message);
}

/** What a node has, if that is enough for captures; of a pod that alone is entered it is asked for a folder as well. */
export async function judgeTools(
  access: GuardedAccess,
  tools: NodeTools,
  { isPod, ...options }: CheckToolsOptions & { readonly isPod: boolean },
): Promise<NodeTools> {
  if (isPod) return checkPodTools(access, tools, options);
  const { node } = access;
  const missing = NEEDED.filter((tool) => tools.paths[tool] === null);
  if (missing.length === 0) return tools;
  throw new HopbookError("TOOL_MISSING", `Cannot capture on ${node}: it has no ${missing.join(", no ")}`, {
    where: { node },
    hint:
      "Install it on the node (Debian, Ubuntu: apt-get install tcpdump; RHEL, Fedora: dnf install tcpdump), " +
      "or log in through a toolbox that has it",
  });
}
