import type { OutputConfiguration } from "commander";
import { visibleLines } from "../model/visible.js";
import type { Terminal } from "./terminal.js";

/** What every command is given: where to speak, and where the exit code goes. */
export interface CommandIo {
  readonly terminal: Terminal;
  /** The words of the command line, the program's own name first. */
  readonly words: readonly string[];
  setExitCode(code: number): void;
}

/** Where commander writes: help may hold a runbook's words. Its errors are thrown, and shown like all others. */
export function outputOf({ terminal }: CommandIo): OutputConfiguration {
  return {
    writeOut: (text) => terminal.out(visibleLines(text)),
    writeErr: (text) => terminal.err(visibleLines(text)),
    outputError: () => undefined,
    getOutHelpWidth: () => terminal.width,
    getErrHelpWidth: () => terminal.width,
  };
}
