import { HopbookError } from "../errors.js";
import type { Argv, ExecOptions, NodeAccess, StreamOptions } from "../model/access.js";
import { GuardedAccess } from "../model/guarded-access.js";
import type { Policy } from "./policy.js";
import type { Decision } from "./requests.js";
import { showsSecret } from "./secrets.js";
import { visible } from "../model/visible.js";

interface GuardOptions {
  readonly policy: Pick<Policy, "check">;
  /** Told of every decision, before the command runs. `argv` is what was checked; null where it may not be shown. */
  readonly audit: (decision: Decision, argv: Argv | null) => void;
  /** Values that no command line may show. */
  readonly secrets?: readonly string[];
}

/**
 * The one choke point: a way onto a node on which every command is checked before it is run, and every
 * decision told to `audit`. What is refused is PERMISSION_DENIED: `exec` and `pull` reject, `stream` throws.
 * What is checked is what is run: argv and options are read once, into plain values that nobody else holds.
 */
export function guardAccess(access: NodeAccess, options: GuardOptions): GuardedAccess {
  const { policy, audit, secrets = [] } = options;
  const { node, via } = access;
  const demand = (action: string, argv: Argv): void => {
    if (showsSecret(argv, secrets)) {
      const decision = { ...SECRET, node, subject: action };
      audit(decision, null);
      throw permissionDenied(decision, { action, argv: null });
    }
    const decision = policy.check({ kind: "exec", node, via, action, argv });
    audit(decision, argv);
    if (!decision.allowed) throw permissionDenied(decision, { action, argv });
  };
  return GuardedAccess.ofGuard({
    node,
    via,
    async exec(given, givenOptions) {
      const argv = copyArgv(given);
      const checked = copyOptions(givenOptions);
      demand(checked.action, argv);
      return access.exec(argv, checked);
    },
    stream(given, givenOptions) {
      const argv = copyArgv(given);
      const checked = copyOptions(givenOptions);
      demand(checked.action, argv);
      return access.stream(argv, checked);
    },
    async pull(givenPath, givenLocal, givenOptions) {
      const [remotePath, localPath] = [copyWord(givenPath), copyWord(givenLocal)];
      const checked = copyOptions(givenOptions);
      demand(checked.action, ["cat", "--", remotePath]);
      return access.pull(remotePath, localPath, checked);
    },
    close: () => access.close(),
  });
}

const SECRET = {
  allowed: false,
  scope: "exec",
  by: "secret",
  reason: "a secret would become visible in the process list",
  flag: null,
} as const;

/** Getters, proxies and objects that only look like text could say one thing to the check and another to the node. */
function copyArgv(given: Argv): Argv {
  if (!Array.isArray(given)) throw malformed("what is no list");
  const argv = Array.from(given as readonly unknown[], copyWord);
  const [program, ...args] = argv;
  if (program === undefined) throw malformed("an empty command");
  return Object.freeze<Argv>([program, ...args]);
}

function copyWord(word: unknown): string {
  if (typeof word !== "string")
    throw malformed(`an argument that is ${word === null ? "null" : typeof word}`);
  return word;
}

function copyOptions<O extends ExecOptions | StreamOptions>(given: O): O {
  const copy = { ...given };
  if (typeof copy.action !== "string") throw malformed("an action that is no text");
  return Object.freeze(copy);
}

function malformed(what: string): HopbookError {
  return new HopbookError("PERMISSION_DENIED", `Cannot run ${what}: only lists of words are commands`);
}

/** The error of a decision that refuses. */
export function permissionDenied(
  decision: Decision,
  command: { readonly action: string; readonly argv: readonly string[] | null },
): HopbookError {
  const { node, reason, flag, by } = decision;
  const where = node === null ? "" : ` on ${visible(node)}`;
  return new HopbookError(
    "PERMISSION_DENIED",
    `Cannot run ${visible(command.action)}${where}: ${visible(reason)}`,
    {
      where: {
        ...(node === null ? {} : { node }),
        ...(command.argv === null ? {} : { argv: command.argv }),
      },
      hint: decision.hint ?? (flag === null ? hintOf(by) : `Add ${flag}`),
    },
  );
}

function hintOf(by: string): string {
  if (by === "secret") return "Give it to the script's env, or read it on the node from a file";
  if (by === "declaration") return "Declare it under permissions in the runbook, if it is meant to do this";
  if (by === "argv" || by === "path")
    return "No flag allows this; see docs/permissions.md for what each action may run";
  return `Leave out ${visible(by)}, if this is meant to be allowed`;
}
