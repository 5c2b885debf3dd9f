import { HopbookError } from "../errors.js";
import type { Argv, NodeAccess } from "../model/access.js";
import type { Decision, Policy } from "./policy.js";
import { visible } from "./visible.js";

/**
 * The one choke point: a way onto a node on which every command is checked before it is run, and every
 * decision told to `audit`. What is refused is PERMISSION_DENIED: `exec` and `pull` reject, `stream` throws.
 */
export function guardAccess(
  access: NodeAccess,
  policy: Policy,
  audit: (decision: Decision) => void,
): NodeAccess {
  const demand = (action: string, argv: Argv): void => {
    const decision = policy.check({ kind: "exec", node: access.node, via: access.via, action, argv });
    audit(decision);
    if (!decision.allowed) throw permissionDenied(decision, { action, argv });
  };
  return {
    node: access.node,
    via: access.via,
    async exec(argv, options) {
      // A copy: what was checked must be what is run.
      const [program, ...args] = argv;
      const checked: Argv = [program, ...args];
      demand(options.action, checked);
      return access.exec(checked, options);
    },
    stream(argv, options) {
      // A copy: what was checked must be what is run.
      const [program, ...args] = argv;
      const checked: Argv = [program, ...args];
      demand(options.action, checked);
      return access.stream(checked, options);
    },
    async pull(remotePath, localPath, options) {
      demand(options.action, ["cat", "--", remotePath]);
      return access.pull(remotePath, localPath, options);
    },
    close: () => access.close(),
  };
}

/** The error of a decision that refuses. */
export function permissionDenied(
  decision: Decision,
  command: { readonly action: string; readonly argv: readonly string[] },
): HopbookError {
  const { node, reason, flag } = decision;
  const hint =
    flag === null
      ? "Nothing on the command line allows this; see permissions in the runbook, and the --deny flags given"
      : `Add ${flag}`;
  return new HopbookError(
    "PERMISSION_DENIED",
    `Cannot run ${visible(command.action)} on ${visible(node)}: ${visible(reason)}`,
    {
      where: { node, argv: command.argv },
      hint,
    },
  );
}
