import { Argument, type Command } from "commander";
import type { CommandIo } from "../io.js";

/** completion: scripts for the shells. What they ask for on each TAB is answered in main.ts. */
export function addCompletionCommand(program: Command, io: CommandIo): void {
  program
    .command("completion")
    .description("a script that makes the shell complete hopbook's words")
    .addArgument(new Argument("<shell>", "whose script").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
In ~/.bashrc:                     source <(hopbook completion bash)
In ~/.zshrc, behind compinit:     source <(hopbook completion zsh)
In ~/.config/fish/config.fish:    hopbook completion fish | source`,
    )
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { COMPLETION_SCRIPTS } = await import("../completion/scripts.js");
      io.terminal.out(COMPLETION_SCRIPTS[shell]);
    });
}
