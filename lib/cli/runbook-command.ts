import { Command } from "commander";
import { checkOptions } from "./check-options.js";
import { hintOptions } from "./hints/option-hints.js";
import {
  addClusterOptions,
  addEntryOptions,
  addOutputOption,
  addPermissionOptions,
  addRunOutputOption,
} from "./options.js";
import { addInputFlags, type InputFlag } from "./runbook-flags.js";

/** What goes to the nodes for a runbook, and takes its inputs as flags. */
export type RunbookVerb = "run" | "plan";

/** All that stands behind a runbook's name: its inputs, and the options of `run` or `plan`. Help and completion show it. */
export function makeRunbookCommand(
  verb: RunbookVerb,
  runbook: { readonly name: string; readonly inputs: Readonly<Record<string, InputFlag>> },
): Command {
  const command = new Command(`hopbook ${verb} ${runbook.name}`);
  addInputFlags(command, runbook.inputs);
  addRunOptions(verb, command);
  checkOptions(command);
  hintOptions(command);
  return command;
}

/** The options of `run` or `plan` that are the same for every runbook. */
export function addRunOptions(verb: RunbookVerb, command: Command): Command {
  addPermissionOptions(addEntryOptions(addClusterOptions(command)));
  if (verb === "run") {
    command.option("--out <DIR>", "folder that run folders are made in", "artifacts");
    command.option("--detach", "let the captures go on without this client; hopbook collect brings them");
    command.option(
      "--for <TIME>",
      "with --detach: how long, such as 2h; default: as long as the runbook waits",
    );
    command.option("--print", "print each packet as it comes, a line with where it was seen and what it is");
    command.option("--no-record", "keep no recording: the run cannot be replayed");
  }
  if (verb === "plan") {
    command.option("--out <FILE>", "write the plan here, for hopbook run --plan");
    command.option("--force", "write over a file that is there");
  }
  if (verb === "plan") command.option("--full", "every step and command, not the summary");
  return verb === "run" ? addRunOutputOption(command) : addOutputOption(command);
}
