import type { Command } from "commander";

/** As a runbook is called; a path is none. */
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** `hopbook NAME …` is `hopbook run NAME …` where NAME is a runbook's and no command's. */
export async function expandRunbookName(
  program: Command,
  argv: readonly string[],
  cwd: string,
): Promise<readonly string[]> {
  const [first = ""] = argv;
  if (!NAME.test(first) || isCommand(program, first)) return argv;
  const { suggestRunbooks } = await import("../api/completion.js");
  const runbooks = await suggestRunbooks({ cwd });
  return runbooks.some(({ value }) => value === first) ? ["run", ...argv] : argv;
}

function isCommand(program: Command, name: string): boolean {
  return (
    name === "help" ||
    program.commands.some((command) => command.name() === name || command.aliases().includes(name))
  );
}
