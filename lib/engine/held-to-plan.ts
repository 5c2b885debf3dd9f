import { HopbookError } from "../errors.js";
import type { Argv } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { partsOf } from "../model/snapshot.js";
import type { PlannedCommand, StepContext } from "../model/steps.js";

/**
 * The context of a step that may run on nodes what its plan says, and nothing else: a plan that somebody agreed to is
 * what happens. Files that a planned command makes may be copied from the node. Anything else is PERMISSION_DENIED.
 */
export function holdToPlan(context: StepContext, commands: readonly PlannedCommand[]): StepContext {
  const accesses = new Map<string, GuardedAccess>();
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

function holdAccess(access: GuardedAccess, { step, commands }: Bounds): GuardedAccess {
  const { node } = access;
  const keys = new Set(commands.flatMap(({ action, argv }) => keysOf(action, argv)));
  const folders = commands.flatMap(({ files = [] }) => files);
  const refuse = (argv: Argv): HopbookError =>
    new HopbookError(
      "PERMISSION_DENIED",
      `Cannot run a command on ${node}: it is not in the plan of step ${step}`,
      { where: { node, argv }, hint: "Plan again, and report this where the runbook did not change" },
    );
  const check = (action: string, argv: Argv): void => {
    if (!keysOf(action, argv).every((key) => keys.has(key))) throw refuse(argv);
  };
  return access.beside({
    async exec(argv, options, run) {
      check(options.action, argv);
      return run();
    },
    stream(argv, options, run) {
      const { reads } = options;
      const isMade = reads !== undefined && folders.includes(reads) && argv.includes(reads);
      if (!isMade) check(options.action, argv);
      return run();
    },
    async pull({ remotePath }, options, run) {
      const isMade = folders.some(
        (path) => remotePath.startsWith(`${path}/`) && !remotePath.includes("/../"),
      );
      const argv: Argv = ["cat", "--", remotePath];
      if (!isMade) check(options.action, argv);
      return run();
    },
  });
}

/** Of a snapshot each command counts: where less is asked for than was planned, nothing else is run. */
function keysOf(action: string, argv: Argv): string[] {
  return partsOf(argv).map((part) => JSON.stringify([action, ...part]));
}
