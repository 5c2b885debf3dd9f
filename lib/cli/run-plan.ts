import { HopbookError } from "../errors.js";
import { askOn } from "./confirm.js";
import { outputOf, type CommandIo } from "./io.js";
import { openLivePackets } from "./live/packets.js";
import { clusterOf, readRunOutput, type CommonOptions, type PermissionOptions } from "./options.js";
import { makeProgress } from "./progress.js";
import { makeRunbookCommand } from "./runbook-command.js";
import { readInputFlags, type InputFlag } from "./runbook-flags.js";
import { leaveAtOnce } from "./leave-at-once.js";
import { listenForSignals } from "./signals.js";
import { finishRun } from "./finish-run.js";

interface Flags extends Omit<CommonOptions, "output">, PermissionOptions {
  readonly output?: string;
  readonly print?: boolean;
  readonly out: string;
  readonly record: boolean;
  readonly detach?: boolean;
}

/** `hopbook run --plan FILE`: of the runbook's inputs only those that are secret can be given. */
export async function executeRunPlan(plan: string, words: readonly string[], io: CommandIo): Promise<void> {
  const { runPlan } = await import("../api/run.js");
  const { readPlanFile } = await import("../api/plan-file.js");
  const { describeRunbook } = await import("../api/runbooks.js");
  const agreed = await readPlanFile(plan);
  const { inputs } = await describeRunbook(agreed.named.runbook, process.cwd());
  const secrets = Object.fromEntries(
    Object.entries(inputs).filter(([, input]) => input.secret === true),
  ) as Record<string, InputFlag>;
  const command = makeRunbookCommand("run", { name: "--plan", inputs: secrets })
    .exitOverride()
    .configureOutput(outputOf(io))
    .action(() => undefined);
  command.parse([...words], { from: "user" });
  const flags = command.opts<Flags>();
  const { output, packets } = readRunOutput(flags.output);
  const options = { ...flags, output };
  if (options.detach === true) {
    throw new HopbookError("USAGE", "Cannot detach a plan that was made for an attended run", {
      hint: "Name the runbook: hopbook run RUNBOOK … --detach",
    });
  }
  const live = await openLivePackets({ packets, print: flags.print === true }, io, agreed.run.id);
  const { terminal } = live.io;
  const interruption = listenForSignals(
    (name) => terminal.err(`\n${name}: stopping, collecting, cleaning up (again to force)\n`),
    leaveAtOnce(terminal, options),
  );
  try {
    const report = await runPlan({
      ...{ plan, inputs: readInputFlags(command, secrets), ...clusterOf(options), cwd: process.cwd() },
      ...{ out: options.out, record: options.record, grants: options, confirm: askOn(terminal) },
      ...{ signal: interruption.signal, onEvent: makeProgress(terminal, live.lines), command: io.words },
      live: live.view ?? undefined,
    });
    await finishRun(report, options, live.io);
  } finally {
    interruption.dispose();
    await live.close();
  }
}
