import type { Problem } from "../document/index.js";

/**
 * Flags that `hopbook run` and `hopbook plan` have themselves, whatever the runbook: an input that is spelled like one
 * could never be given. test/cli/reserved-flags.test.ts holds them against the commands.
 */
const FLAGS: ReadonlySet<string> = new Set([
  ...["cluster", "context", "kubeconfig", "namespace", "image", "via", "keep-warm"],
  ...["yes", "allow-all", "permission-profile"],
  ...[
    "out",
    "record",
    "no-record",
    "detach",
    "for",
    "print",
    "plan",
    "full",
    "force",
    "output",
    "help",
    "version",
  ],
]);

/** Scopes may be added, and each has these two. */
const PERMISSION_FLAG = /^(allow|deny)-/;

/** Inputs whose flags are hopbook's own. */
export function findFlagProblems(names: readonly string[]): Problem[] {
  return names.flatMap((name): Problem[] => {
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (!FLAGS.has(flag) && !PERMISSION_FLAG.test(flag)) return [];
    const message = `"${name}" cannot be an input: --${flag} is a flag of hopbook itself`;
    const suggestion = "give it another name";
    return [{ path: ["inputs", name], at: "key", message, suggestion, rule: "reserved-name" }];
  });
}
