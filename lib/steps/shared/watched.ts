import type { GuardedAccess } from "../../model/guarded-access.js";
import type { PlannedCommand } from "../../model/steps.js";

/** Ways in that keep a list of what was asked, so that a plan can show what discovery did. */
export function watchAccesses(accesses: ReadonlyMap<string, GuardedAccess>): {
  readonly accesses: ReadonlyMap<string, GuardedAccess>;
  readonly commands: readonly PlannedCommand[];
} {
  const commands: PlannedCommand[] = [];
  const watch = (access: GuardedAccess): GuardedAccess =>
    access.beside({
      exec: (argv, options, run) => {
        commands.push({ node: access.node, action: options.action, argv, effect: "read" });
        return run();
      },
    });
  return { accesses: new Map([...accesses].map(([node, access]) => [node, watch(access)])), commands };
}

/** As a plan shows them: nodes are asked side by side, and answer in any order. */
export function sortByNode(commands: readonly PlannedCommand[]): PlannedCommand[] {
  return commands.toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
}
