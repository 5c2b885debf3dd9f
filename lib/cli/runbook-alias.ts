import type { Command } from "commander";

/** As a runbook is called; a path is none. */
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * `hopbook NAME …` is `hopbook run NAME …` where NAME is a runbook's and no command's, `hopbook help NAME` what a run of it
 * takes.
 */
export async function expandRunbookName(
  program: Command,
  argv: readonly string[],
  cwd: string,
): Promise<readonly string[]> {
  const isAsked = argv[0] === "help";
  const [name = "", ...rest] = isAsked ? argv.slice(1) : argv;
  if (!NAME.test(name) || isCommand(program, name)) return argv;
  const names = await listNames(cwd);
  if (names.includes(name)) return isAsked ? ["run", name, "--help"] : ["run", name, ...rest];
  // Whoever asks for the help of what there is not is told so as whoever runs it.
  return isAsked ? [name] : argv;
}

async function listNames(cwd: string): Promise<string[]> {
  const { suggestRunbooks } = await import("../api/completion.js");
  return (await suggestRunbooks({ cwd })).map(({ value }) => value);
}

function isCommand(program: Command, name: string): boolean {
  return (
    name === "help" ||
    program.commands.some((command) => command.name() === name || command.aliases().includes(name))
  );
}
