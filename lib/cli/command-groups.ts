import type { Command } from "commander";

/** What `hopbook --help` lists under which heading, in this order. */
const GROUPS: readonly (readonly [heading: string, names: readonly string[]])[] = [
  ["Follow packets:", ["run", "plan", "hops", "doctor"]],
  ["From evidence alone:", ["analyze", "report", "replay", "share"]],
  ["Runs on nodes:", ["runs", "status", "collect", "stop", "reap"]],
  ["Runbooks:", ["list", "suggest", "show", "check", "new", "test", "init"]],
  ["Rehearse without a cluster:", ["demo", "lab"]],
  ["Shells, editors and Wireshark:", ["completion", "schema", "extcap"]],
];

/** Puts every command under its heading. */
export function groupCommands(program: Command): void {
  const order = GROUPS.flatMap(([, names]) => names);
  const heading = new Map(GROUPS.flatMap(([text, names]) => names.map((name) => [name, text] as const)));
  for (const command of program.commands) command.helpGroup(heading.get(command.name()) ?? "More:");
  const rank = (command: Command): number => {
    const index = order.indexOf(command.name());
    return index < 0 ? order.length : index;
  };
  (program.commands as Command[]).sort((a, b) => rank(a) - rank(b));
}
