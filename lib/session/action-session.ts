import { authorise } from "../authority/authority.js";
import { regardNodes } from "../authority/load-grant.js";
import { ALL_VIAS, type NodeTarget } from "../model/access.js";
import { openCluster, type OpenCluster } from "./open-cluster.js";
import type { Session, Work } from "./session.js";
import { waysOf, type WaysUse } from "./ways.js";

/** What a command that is no runbook does on nodes. */
interface NodeErrand {
  readonly name: string;
  readonly title: string;
  readonly action: string;
  /** See AuthoriseOptions. */
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Such a command as work of a session. */
export function workOf({ name, title, action }: NodeErrand): Work {
  const metadata = { name, title, description: undefined, labels: {} };
  return {
    runbook: { metadata, permissions: { exec: [action] } },
    sourceFiles: [],
    overlayFiles: [],
    parts: [],
  };
}

interface EnterOptions extends WaysUse {
  readonly nodes: readonly NodeTarget[];
}

/** Opens the ways onto nodes for one action. Throws PERMISSION_DENIED, and why none can be reached. */
export async function enterNodes(
  session: Session,
  errand: NodeErrand,
  { nodes, ...use }: EnterOptions,
): Promise<OpenCluster> {
  const { runbook } = workOf(errand);
  const node = { via: ALL_VIAS, select: ["*"], max: Math.max(1, nodes.length) };
  const profile = { ...session.profile, nodes };
  const authority = await authorise({
    runbook: { ...runbook, permissions: { node, ...runbook.permissions } },
    ...{ profile, confirm: session.confirm, folder: session.cwd },
    granted: regardNodes(session.granted, { profile, isClusterNamed: session.isClusterNamed }),
    scripts: errand.scripts ?? {},
  });
  // There is no run folder, and so no transcript.
  return openCluster(profile, waysOf({ ...session, profile, authority }, use));
}
