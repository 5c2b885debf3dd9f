import type { Command } from "commander";
import { relative, resolve } from "node:path";
import { visible } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";

/** new: a runbook and its test, to begin with. */
export function addNewCommand(program: Command, io: CommandIo): void {
  program
    .command("new")
    .description("a runbook from a template, with a test that passes")
    .argument("<name>", "what it is run by: letters, digits and dashes")
    .option("--dir <DIR>", "folder that gets runbooks/NAME.yaml", ".")
    .action(async (name: string, { dir }: { dir: string }) => {
      const { newRunbook } = await import("../../api/new.js");
      const made = await newRunbook({ name, dir });
      const show = (file: string): string => visible(relative(process.cwd(), file));
      io.terminal.out(
        [
          `made ${show(made.runbook)} and ${show(made.test)}`,
          `  ${nextCommand(io.terminal, ["check", resolve(made.runbook)])}`,
          `  ${nextCommand(io.terminal, ["test", resolve(made.test)])}`,
          "",
        ].join("\n"),
      );
    });
}
