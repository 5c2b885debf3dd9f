import { Command, CommanderError } from "commander";
import { asHopbookError, EXIT, HopbookError } from "../errors.js";
import { addAnalyzeCommands } from "./commands/analyze.js";
import { addCatalogueCommands } from "./commands/catalogue.js";
import { addCheckCommand } from "./commands/check.js";
import { addCompletionCommand } from "./commands/completion.js";
import { addDetachedCommands } from "./commands/detached.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addInitCommands } from "./commands/init.js";
import { addLabCommands } from "./commands/lab.js";
import { addReapCommand } from "./commands/reap.js";
import { addReplayCommands } from "./commands/replay.js";
import { addNewCommand } from "./commands/new.js";
import { addRunCommands } from "./commands/run.js";
import { addShareCommand } from "./commands/share.js";
import { addTestCommand } from "./commands/test.js";
import { addExtcapCommand } from "./commands/extcap.js";
import { addSchemaCommand } from "./commands/schema.js";
import { checkOptions } from "./check-options.js";
import { hintOptions } from "./hints/option-hints.js";
import { groupCommands } from "./command-groups.js";
import { errorObject, renderError } from "./render-error.js";
import { outputOf, type CommandIo } from "./io.js";
import { expandRunbookName } from "./runbook-alias.js";
import { describeLabsUp } from "./lab-hint.js";
import { processTerminal, type Terminal } from "./terminal.js";
import { fromCommander } from "./usage-error.js";
import { printJson } from "../model/json.js";

/**
 * The command line. Resolves with the exit code, never rejects: argv is typed here, and nothing below sees a
 * flag.
 */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let exitCode: number = EXIT.healthy;
  const program = makeProgram({
    terminal,
    words: [terminal.programName ?? "hopbook", ...argv],
    setExitCode: (code) => (exitCode = code),
  });
  try {
    if (argv[0] === "__complete") {
      const { answerCompletion } = await import("./completion/answer.js");
      terminal.out(await answerCompletion(program, argv.slice(1)));
      return EXIT.healthy;
    }
    if (argv.length === 0) throw nothingToDo(program, terminal);
    const words = await expandRunbookName(program, argv, process.cwd());
    await program.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.healthy;
    const known = error instanceof CommanderError ? await asUsageError(error, argv) : asHopbookError(error);
    if (wantsJson(argv)) terminal.out(printJson(errorObject(known)));
    terminal.err(renderError(known, terminal));
    terminal.err(await describeLabsUp(known));
    return known.exitCode;
  }
}

async function asUsageError(error: CommanderError, argv: readonly string[]): Promise<HopbookError> {
  const [word = ""] = argv[0] === "help" ? argv.slice(1) : argv;
  if (error.code !== "commander.unknownCommand") return fromCommander(error, argv, []);
  const { nearRunbooks } = await import("../api/completion.js");
  return fromCommander(error, argv, await nearRunbooks(word, { cwd: process.cwd() }));
}

export function makeProgram(io: CommandIo): Command {
  const program = new Command(io.terminal.programName ?? "hopbook")
    .description("Follows a pod's packets hop by hop, and says where they stop.")
    .option("-V, --version", "print the version")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput(outputOf(io))
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace(/ \[options\]/, ""),
    })
    .addHelpText("after", HELP_AFTER);
  addRunCommands(program, io);
  addDoctorCommand(program, io);
  addCatalogueCommands(program, io);
  addCheckCommand(program, io);
  addAnalyzeCommands(program, io);
  addReplayCommands(program, io);
  addShareCommand(program, io);
  addDetachedCommands(program, io);
  addReapCommand(program, io);
  addTestCommand(program, io);
  addNewCommand(program, io);
  addLabCommands(program, io);
  addInitCommands(program, io);
  addCompletionCommand(program, io);
  addSchemaCommand(program, io);
  addExtcapCommand(program, io);
  groupCommands(program);
  checkOptions(program);
  hintOptions(program);
  return program;
}

function nothingToDo(program: Command, terminal: Terminal): HopbookError {
  terminal.err(`${program.helpInformation()}${HELP_AFTER}\n`);
  return new HopbookError("USAGE", "Cannot tell what to do: no command was named", {
    hint: "Try hopbook list, or hopbook demo",
  });
}

const HELP_AFTER = `
A runbook's name is a command: hopbook capture … is hopbook run capture …; hopbook list shows the names.

Exit codes: 0 healthy; 1 internal error; 2 usage or invalid runbook, nothing was touched; 3 findings of severity
fail; 4 permission refused; 5 target not reachable; 6 incomplete, partial evidence; 130 interrupted, cleaned up.
`;

function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) => word === "--output=json" || word === "-ojson" || isJsonAfterFlag(argv, index),
  );
}

function isJsonAfterFlag(argv: readonly string[], index: number): boolean {
  return argv[index] === "json" && ["--output", "-o"].includes(argv[index - 1] ?? "");
}
