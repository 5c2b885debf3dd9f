import { HopbookError } from "../errors.js";
import type { Argv, NodeAccess } from "../model/access.js";
import type { PlannedCommand, StepContext } from "../model/steps.js";

/**
 * The context of a step that may run on nodes what its plan says, and nothing else: a plan that somebody agreed to is
 * what happens. Files that a planned command makes may be copied from the node. Anything else is PERMISSION_DENIED.
 */
export function holdToPlan(context: StepContext, commands: readonly PlannedCommand[]): StepContext {
  const accesses = new Map<string, NodeAccess>();
  for (const [name, access] of context.accesses) {
    const own = commands.filter(({ node }) => node === access.node);
    accesses.set(name, holdAccess(access, { step: context.evidenceName, commands: own }));
  }
  return { ...context, accesses };
}

interface Bounds {
  readonly step: string;
  readonly commands: readonly PlannedCommand[];
}

function holdAccess(access: NodeAccess, { step, commands }: Bounds): NodeAccess {
  const { node } = access;
  const keys = new Set(commands.map(({ action, argv }) => keyOf(action, argv)));
  const folders = commands.flatMap(({ files = [] }) => files);
  const refuse = (argv: Argv): HopbookError =>
    new HopbookError(
      "PERMISSION_DENIED",
      `Cannot run a command on ${node}: it is not in the plan of step ${step}`,
      { where: { node, argv }, hint: "Plan again, and report this where the runbook did not change" },
    );
  const check = (action: string, argv: Argv): void => {
    if (!keys.has(keyOf(action, argv))) throw refuse(argv);
  };
  return {
    node,
    via: access.via,
    async exec(argv, options) {
      check(options.action, argv);
      return access.exec(argv, options);
    },
    stream(argv, options) {
      check(options.action, argv);
      return access.stream(argv, options);
    },
    async pull(remotePath, localPath, options) {
      const isMade = folders.some(
        (path) => remotePath.startsWith(`${path}/`) && !remotePath.includes("/../"),
      );
      const argv: Argv = ["cat", "--", remotePath];
      if (!isMade) check(options.action, argv);
      return access.pull(remotePath, localPath, options);
    },
    close: () => access.close(),
  };
}

function keyOf(action: string, argv: Argv): string {
  return JSON.stringify([action, ...argv]);
}
