import { EXIT } from "../errors.js";
import { nextCommand, type CarriedFlags } from "./next-command.js";
import type { Terminal } from "./terminal.js";

/** What a second signal does to a run: it ends at once, and says what then goes on without it. */
export function leaveAtOnce(terminal: Terminal, flags: CarriedFlags, runId?: string): () => never {
  const words = runId === undefined ? ["reap", "--dry-run"] : ["reap", "--run", runId];
  const command = nextCommand(terminal, words, { flags, carry: ["cluster", "permissions"] });
  const what = runId === undefined ? "list it" : "remove it";
  return () => {
    terminal.err(
      `\nleft at once: what it had made on nodes or in the cluster ends with its lease; ${what}:\n  ${command}\n`,
    );
    process.exit(EXIT.interrupted);
  };
}
