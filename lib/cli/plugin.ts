import { main as runMain } from "./main.js";
import { processTerminal } from "./terminal.js";

/** The flags that kubectl's users write anywhere, and whether a value follows. */
const KUBECTL_FLAGS = /^(?:-n|--namespace|--context|--kubeconfig)(=.*)?$/s;

/** Commands that take those flags. */
const CLUSTER_COMMANDS: readonly string[] = [
  ...["run", "plan", "hops", "doctor", "list", "show"],
  ...["runs", "status", "collect", "stop", "reap"],
];
/** Their runbook's name comes before all flags. */
const NAMED_FIRST: readonly string[] = ["run", "plan"];

/**
 * kubectl takes its flags in front of a command as well as behind it; this puts those in front behind the command's
 * name, where hopbook takes them: `-n shop run X` is `run X -n shop`. `-nshop` and `--flag=value` are known too.
 */
export function movePluginFlags(argv: readonly string[]): string[] {
  const moved: string[] = [];
  let at = 0;
  for (let word = argv[at]; word !== undefined; word = argv[at]) {
    const isJoined = /^-n[^-=]/.test(word);
    const match = KUBECTL_FLAGS.exec(word);
    if (match === null && !isJoined) break;
    const takesNext = match !== null && match[1] === undefined;
    moved.push(...argv.slice(at, at + (takesNext ? 2 : 1)));
    at += takesNext ? 2 : 1;
  }
  const [command, ...rest] = argv.slice(at);
  if (command === undefined) return moved;
  // What is said of a cluster means nothing to a command that has none.
  if (!CLUSTER_COMMANDS.includes(command)) return [command, ...rest];
  const [runbook, ...words] = rest;
  return NAMED_FIRST.includes(command) && runbook !== undefined && !runbook.startsWith("-")
    ? [command, runbook, ...moved, ...words]
    : [command, ...moved, ...rest];
}

/** As hopbook's own main; help and errors speak of `kubectl hopbook`. */
export function main(argv: readonly string[]): Promise<number> {
  return runMain(argv, { ...processTerminal(), programName: "kubectl hopbook" });
}
