import type { RunEvent } from "../model/steps.js";
import { formatDuration } from "../model/units.js";
import { visible } from "../model/visible.js";
import { makePaint } from "../text/paint.js";
import { RunningLine } from "./running-line.js";
import type { Terminal } from "./terminal.js";

/**
 * Plain lines, one an event, that read the same on a terminal, in a log and over a bad line. The combinations of a
 * matrix stand indented before the step's own line; where steps run side by side, a note says whose it is. On a terminal
 * a last line says what goes on, and goes before the next one.
 */
export function makeProgress(terminal: Terminal, more?: () => readonly string[]): (event: RunEvent) => void {
  const paint = makePaint(terminal.color);
  const done = terminal.unicode ? "✓" : "ok";
  const failed = terminal.unicode ? "✗" : "FAILED";
  const info = terminal.unicode ? "·" : "-";
  /** Titles of the steps that run now, by id and combination. */
  const running = new Map<string, string>();
  const line = new RunningLine(terminal, more);
  const keyOf = (event: { step: string | null; combination?: string }): string =>
    JSON.stringify([event.step, event.combination]);
  return (event) => {
    switch (event.type) {
      case "phase":
        break;
      case "stepStarted":
        running.set(keyOf(event), event.title);
        line.begin(keyOf(event), event.title);
        break;
      case "stepEnded": {
        running.delete(keyOf(event));
        line.end(keyOf(event));
        // A step that was not wanted is in the transcript; here it would be noise.
        if (event.status === "skipped") break;
        const indent = event.combination === undefined ? "" : "  ";
        const took = paint("dim", formatDuration(event.durationMs));
        const mark = event.status === "done" ? paint("green", done) : paint("red", failed);
        terminal.err(`${indent}${mark} ${visible(event.message ?? event.step)} ${took}\n`);
        break;
      }
      case "note": {
        const title = running.get(keyOf(event));
        const whose = running.size > 1 && title !== undefined ? `${visible(title)}: ` : "";
        terminal.err(
          `  ${event.level === "warn" ? paint("yellow", "!") : info} ${whose}${visible(event.text)}\n`,
        );
        break;
      }
    }
  };
}
