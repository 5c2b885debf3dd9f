import type { Command } from "commander";
import { asHopbookError, EXIT } from "../../errors.js";
import type { CommandIo } from "../io.js";
import { addOutputOption, type CommonOptions } from "../options.js";
import { printFindings } from "../print-findings.js";
import { makeProgress } from "../progress.js";
import { renderError } from "../render-error.js";
import { listenForSignals } from "../signals.js";

interface ReplayFlags extends CommonOptions {
  readonly out?: string;
  readonly runbook?: string;
  readonly input?: readonly string[];
  readonly yes?: boolean;
}

/** replay: a run again from what it recorded. It touches no node. */
export function addReplayCommands(program: Command, io: CommandIo): void {
  addOutputOption(program.command("replay").description("the run again from its recording, with no cluster"))
    .argument("<run folder>", "a folder that hopbook run made, or example:healthy, example:policy-drop")
    .option("--out <DIR>", "keep the replay's own run folder in this one; without it nothing is left")
    .option("--runbook <FILE|NAME>", "in place of the one that the folder keeps")
    .option("--input <NAME=VALUE>", "another value for an input; may be given again", collect)
    .option("-y, --yes", "let scripts read, write and connect on this machine as the runbook declares")
    .action(async (dir: string, options: ReplayFlags) => {
      await executeReplay(dir, options, io);
    });
}

async function executeReplay(dir: string, options: ReplayFlags, io: CommandIo): Promise<void> {
  const { replayRun } = await import("../../api/replay.js");
  const { terminal } = io;
  const interruption = listenForSignals(
    () => undefined,
    () => process.exit(EXIT.interrupted),
  );
  try {
    const report = await replayRun({
      ...{ dir, out: options.out, runbook: options.runbook, inputs: readInputs(options.input ?? []) },
      ...(options.yes === true ? { grants: { yes: true } } : {}),
      ...{ cwd: process.cwd(), signal: interruption.signal, onEvent: makeProgress(terminal) },
    });
    const { findings, outcome, same, differences } = report;
    await printFindings(findings, { dir: report.dir, output: options.output, terminal });
    if (outcome.error !== null) terminal.err(`\n${renderError(asHopbookError(outcome.error), terminal)}`);
    if (report.dir !== null) terminal.err(`\nevidence: ${report.dir}\n`);
    if (same !== null) terminal.err(`\nfindings: ${sayWhetherSame(same, differences)}\n`);
    io.setExitCode(report.exitCode);
  } finally {
    interruption.dispose();
  }
}

/** A shared run has its payload cut: what an application said is missing in it, and the verdict is the same. */
function sayWhetherSame(same: boolean, differences: readonly string[] | null): string {
  if (same) return "the same as those of the recorded run";
  if (differences?.length === 0) return "the verdict is that of the recorded run, and other findings differ";
  const [first] = differences ?? [];
  return `not those of the recorded run${first === undefined ? "" : `: ${first}`}`;
}

function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** `to=a` and `to=b` together are a list. */
function readInputs(words: readonly string[]): Record<string, string | string[]> {
  const inputs = new Map<string, string | string[]>();
  for (const word of words) {
    const at = word.indexOf("=");
    const [name, value] = at === -1 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
    const known = inputs.get(name);
    inputs.set(name, known === undefined ? value : [known, value].flat());
  }
  return Object.fromEntries(inputs);
}
