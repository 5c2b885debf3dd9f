import type { Argv } from "./access.js";

/** The name in the script's `$0` by which guard, plan and recordings know a snapshot. */
export const SNAPSHOT_NAME = "hopbook-snapshot";

/** Ahead of the commands: seconds that one may take, seconds that all may take, bytes that one may print. */
const LIMIT = /^[1-9][0-9]{0,8}$/;
const LIMITS = 3;
const COUNT = /^[1-9][0-9]{0,2}$/;

/** Commands as words of one: each behind the number of its words, so that no word can end or begin one. */
export function joinCommands(commands: readonly Argv[]): readonly string[] {
  return commands.flatMap((argv) => [String(argv.length), ...argv]);
}

/** What `joinCommands` joined; null where words are left over or missing. */
function splitCommands(words: readonly string[]): readonly Argv[] | null {
  const commands: Argv[] = [];
  for (let at = 0; at < words.length;) {
    const count = words[at] ?? "";
    if (!COUNT.test(count)) return null;
    const [program, ...rest] = words.slice(at + 1, at + 1 + Number(count));
    if (program === undefined || rest.length + 1 !== Number(count)) return null;
    commands.push([program, ...rest]);
    at += 1 + Number(count);
  }
  return commands.length === 0 ? null : commands;
}

/** The commands that a snapshot's values ask for; null where they are none of a snapshot. */
export function readSnapshotValues(values: readonly string[]): readonly Argv[] | null {
  const limits = values.slice(0, LIMITS);
  return limits.every((limit) => LIMIT.test(limit)) ? splitCommands(values.slice(LIMITS)) : null;
}

interface SnapshotWords {
  /** All that stands before the commands. */
  readonly head: Argv;
  readonly commands: readonly Argv[];
}

/** What a snapshot's words are made of; null for any other command. */
export function readSnapshotArgv(argv: Argv): SnapshotWords | null {
  const shell = argv[0] === "nsenter" ? 2 : 0;
  const at = shell + 3;
  if (argv[shell] !== "sh" || argv[shell + 1] !== "-c" || argv[at] !== SNAPSHOT_NAME) return null;
  const commands = readSnapshotValues(argv.slice(at + 1));
  const [program, ...head] = argv.slice(0, at + 1 + LIMITS);
  return commands === null || program === undefined ? null : { head: [program, ...head], commands };
}

/**
 * A command as all that it runs: for a snapshot each of its commands behind what stands before them, else itself. Two
 * snapshots of one place with equal limits differ in their commands alone.
 */
export function partsOf(argv: Argv): readonly Argv[] {
  const snapshot = readSnapshotArgv(argv);
  return snapshot === null ? [argv] : snapshot.commands.map((command) => [...snapshot.head, ...command]);
}
