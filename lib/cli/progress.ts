import type { RunEvent } from "../model/steps.js";
import { formatDuration } from "../model/units.js";
import { visible } from "../model/visible.js";
import type { Terminal } from "./terminal.js";

/** Plain lines, one an event, that read the same on a terminal, in a log and over a bad line. */
export function makeProgress(terminal: Terminal): (event: RunEvent) => void {
  const paint = (code: number, text: string): string =>
    terminal.color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const done = terminal.unicode ? "✓" : "ok";
  const failed = terminal.unicode ? "✗" : "FAILED";
  const info = terminal.unicode ? "·" : "-";
  return (event) => {
    switch (event.type) {
      case "phase":
      case "stepStarted":
        break;
      case "stepEnded": {
        const took = paint(2, formatDuration(event.durationMs));
        const title = visible(event.message ?? event.step);
        if (event.status === "done") terminal.err(`${paint(32, done)} ${title} ${took}\n`);
        else if (event.status === "failed") terminal.err(`${paint(31, failed)} ${title} ${took}\n`);
        // A step that was not wanted is in the transcript; here it would be noise.
        break;
      }
      case "note":
        terminal.err(`  ${event.level === "warn" ? paint(33, "!") : info} ${visible(event.text)}\n`);
        break;
    }
  };
}
