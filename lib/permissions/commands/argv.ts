import { readSnapshotValues, SNAPSHOT_NAME } from "../../model/snapshot.js";
import { ACTIONS, type ActionRule } from "./actions.js";
import { withoutProgramDir } from "./runners.js";
import { findValueFault } from "./script-rules.js";

/** The texts of the constant scripts, by the name in their `$0`. */
export type KnownScripts = ReadonlyMap<string, ReadonlySet<string>>;

const SHELLS = new Set(["sh", "bash"]);

/**
 * Why a command is none of those that an action stands for; undefined where it is one. With `scripts`, a
 * script's text has to be one that is known under its name, and its values what it takes; without, its name alone is looked at.
 */
export function findArgvFault(
  action: string,
  argv: readonly string[],
  scripts?: KnownScripts,
): string | undefined {
  const rule = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (rule === undefined) return `there is no action ${JSON.stringify(action)}`;
  if (argv.some((word) => word.includes("\0"))) return "an argument holds a NUL";
  const inner = stripNsenter(argv, rule);
  if (typeof inner === "string") return inner;
  const [program = "", ...args] = inner;
  if (SHELLS.has(program)) return findScriptFault({ action, rule }, args, scripts);
  return findProgramFault({ action, rule }, inner);
}

interface Asked {
  readonly action: string;
  readonly rule: ActionRule;
}

function findProgramFault(
  { action, rule }: Asked,
  [program = "", ...args]: readonly string[],
): string | undefined {
  const name = withoutProgramDir(program);
  if (!Object.hasOwn(rule.programs, name)) return `${JSON.stringify(program)} is no program of ${action}`;
  const fault = rule.programs[name]?.(args);
  return fault === undefined ? undefined : `${name}: ${fault}`;
}

/** The command behind `nsenter --net=PATH [--]`, or why it may not be there. */
function stripNsenter(argv: readonly string[], rule: ActionRule): readonly string[] | string {
  if (argv[0] !== "nsenter") return argv;
  if (!rule.entersNetns) return "it may not enter a network namespace";
  const path = /^--net=(\/.*)$/s.exec(argv[1] ?? "")?.[1];
  if (path === undefined || path.split("/").includes("..")) return "nsenter: only --net=PATH is allowed";
  return argv[2] === "--" ? argv.slice(3) : argv.slice(2);
}

function findScriptFault(
  asked: Asked,
  args: readonly string[],
  scripts: KnownScripts | undefined,
): string | undefined {
  const [flag, text = "", name = "", ...values] = args;
  if (flag !== "-c") return "a shell runs only constant scripts";
  const isListed = asked.rule.scripts.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
  if (!isListed) return `the script ${JSON.stringify(name)} is not one of this action`;
  if (scripts === undefined) return undefined;
  if (scripts.get(name)?.has(text) !== true) {
    return `the script ${JSON.stringify(name)} does not have the text it should have`;
  }
  const fault = name === SNAPSHOT_NAME ? findSnapshotFault(asked, values) : findValueFault(name, values);
  return fault === undefined ? undefined : `${name}: ${fault}`;
}

/** Through a snapshot goes what may be run alone, and nothing else. */
function findSnapshotFault(asked: Asked, values: readonly string[]): string | undefined {
  const commands = readSnapshotValues(values);
  if (commands === null) return "its values are no list of commands";
  return commands.map((argv) => findProgramFault(asked, argv)).find((fault) => fault !== undefined);
}
