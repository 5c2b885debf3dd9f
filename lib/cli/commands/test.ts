import { Option, type Command } from "commander";
import { EXIT } from "../../errors.js";
import type { CommandIo } from "../io.js";
import { listenForSignals } from "../signals.js";

const REPORTERS = ["text", "tap", "junit"] as const;

/** test: a runbook's own tests against recordings. It touches no node. */
export function addTestCommand(program: Command, io: CommandIo): void {
  program
    .command("test")
    .description("a runbook's own tests against recordings, with no cluster")
    .argument("<files...>", "NAME.test.yaml files")
    .addOption(new Option("--reporter <FORMAT>", "what stdout gets").choices(REPORTERS).default("text"))
    .action(async (files: string[], { reporter }: { reporter: (typeof REPORTERS)[number] }) => {
      const { runRunbookTests } = await import("../../api/replay.js");
      const { renderTests } = await import("../../api/replay.js");
      const interruption = listenForSignals(
        () => undefined,
        () => process.exit(EXIT.interrupted),
      );
      try {
        const report = await runRunbookTests({ files, cwd: process.cwd(), signal: interruption.signal });
        io.terminal.out(renderTests(report, { reporter, terminal: io.terminal }));
        if (report.failed > 0) io.setExitCode(EXIT.findings);
      } finally {
        interruption.dispose();
      }
    });
}
