import type { NodeAccess } from "../model/access.js";
import type { PlannedCommand } from "../model/steps.js";

/** Ways in that keep a list of what was asked, so that a plan can show what discovery did. */
export function watchAccesses(accesses: ReadonlyMap<string, NodeAccess>): {
  readonly accesses: ReadonlyMap<string, NodeAccess>;
  readonly commands: readonly PlannedCommand[];
} {
  const commands: PlannedCommand[] = [];
  const watch = (access: NodeAccess): NodeAccess => ({
    node: access.node,
    via: access.via,
    exec: (argv, options) => {
      commands.push({ node: access.node, action: options.action, argv, effect: "read" });
      return access.exec(argv, options);
    },
    stream: (argv, options) => access.stream(argv, options),
    pull: (remotePath, localPath, options) => access.pull(remotePath, localPath, options),
    close: () => access.close(),
  });
  return { accesses: new Map([...accesses].map(([node, access]) => [node, watch(access)])), commands };
}
