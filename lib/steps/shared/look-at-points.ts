import { FILTER_CHECK_ACTION, linksTextOf, planFilterCheck, type FilterPlace } from "../../capture/index.js";
import { commandFailed, parseTools, runOnNode, type NodeTools } from "../../cluster/index.js";
import { readHostLinks } from "../../hops/index.js";
import { parseLinks, type Link } from "../../linux/links.js";
import type { StepContext } from "../../model/steps.js";
import { judgeTools, toCaptureOn } from "./check-nodes.js";

const LOOK_MS = 30_000;
const ONE_FILTER_MS = 6_000;

/** What a node said of the points there. */
export interface PointsLook {
  readonly tools: NodeTools;
  /** Its own devices, where they were wanted. */
  readonly links: readonly Link[];
  /** tcpdump's words on the filters, for readFilterCheck. */
  readonly said: string;
}

interface Wanted {
  readonly places: readonly FilterPlace[];
  /** It is a pod, which alone can be entered. */
  readonly isPod: boolean;
  readonly devices: boolean;
}

/**
 * Asks a node all that captures at points there need, by one command: each further one is a round trip that all nodes wait
 * for. Throws NODE_UNREACHABLE, TOOL_MISSING, or what the node says.
 */
export async function lookAtPoints(
  target: string,
  { places, isPod, devices }: Wanted,
  context: Pick<StepContext, "accesses" | "unreachable" | "profile" | "signal">,
): Promise<PointsLook> {
  const { signal } = context;
  const { workDir } = context.profile;
  const access = toCaptureOn(target, context);
  const doing = "see what is there for captures, and check the filter";
  const result = await runOnNode(access, planFilterCheck(places, { workDir, devices }), {
    ...{ action: FILTER_CHECK_ACTION, doing, signal },
    timeoutMs: LOOK_MS + ONE_FILTER_MS * places.length,
  });
  if (result.exitCode !== 0) throw commandFailed(access.node, result, doing);
  const said = result.stdout.toString("utf8");
  const sentAtMs = Date.parse(result.startedAt);
  const times = { sentAtMs, receivedAtMs: sentAtMs + result.durationMs };
  const found = parseTools(said, { node: access.node, ...times });
  const tools = await judgeTools(access, found, { workDir, signal, isPod });
  const told = devices ? parseLinks(linksTextOf(said) ?? "") : [];
  // It says of itself why there are none.
  const links = devices && told.length === 0 ? await readHostLinks(access, signal) : told;
  return { tools, links, said };
}
