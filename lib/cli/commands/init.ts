import type { Command } from "commander";
import { resolve } from "node:path";
import { visible } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";
import { addOutputOption, type CommonOptions } from "../options.js";
import { printJson } from "../../model/json.js";

/** init: a start for a cluster's own folder. */
export function addInitCommands(program: Command, io: CommandIo): void {
  addOutputOption(
    program
      .command("init")
      .description("write a commented start: a cluster profile, an overlay, a folder for runbooks"),
  )
    .argument("[dir]", "folder to write into; it is made where it is not there", ".")
    .action(async (dir: string, options: CommonOptions) => {
      const { initFolder } = await import("../../api/new.js");
      const report = await initFolder(dir);
      if (options.output === "json") {
        io.terminal.out(printJson(report));
        return;
      }
      for (const file of report.files) io.terminal.out(`${visible(`${report.dir}/${file}`)}\n`);
      io.terminal.err(
        `\nName your nodes in hopbook.yaml, then:\n  ${nextCommand(io.terminal, ["check", resolve(report.dir, "hopbook.yaml")])}\n`,
      );
    });
}
