import { Command } from "commander";
import { asHopbookError, EXIT, HopbookError } from "../../errors.js";
import { outputOf, type CommandIo } from "../io.js";
import {
  addClusterOptions,
  addOutputOption,
  addPermissionOptions,
  type CommonOptions,
  type PermissionOptions,
} from "../options.js";
import { askOn } from "../confirm.js";
import { makeProgress } from "../progress.js";
import { renderError } from "../render-error.js";
import { addInputFlags, readInputFlags, type RawInputs } from "../runbook-flags.js";
import { listenForSignals } from "../signals.js";

type RunFlags = CommonOptions & PermissionOptions & { readonly out: string };

interface ParsedRun {
  readonly runbook: string;
  readonly raw: RawInputs;
  readonly options: RunFlags;
}

/** run, plan, hops: they go to the nodes. */
export function addRunCommands(program: Command, io: CommandIo): void {
  addRunbookCommand(program, "run", "plan, ask, run, report").action(
    async (name: string, words: string[]) => {
      const parsed = await parseRunbookFlags("run", { name, words, program, io });
      if (parsed === null) return;
      await executeRun(parsed, io);
    },
  );
  addRunbookCommand(program, "plan", "the exact commands, node by node; changes nothing").action(
    async (name: string, words: string[]) => {
      const parsed = await parseRunbookFlags("plan", { name, words, program, io });
      if (parsed === null) return;
      await executePlan(parsed, io);
    },
  );
  const hops = program
    .command("hops")
    .description("the path between two ends, from evidence; nothing is captured")
    .argument("[from]", "namespace/pod or node/NAME")
    .option("--from <END>", "where the traffic starts")
    .option("--to <END>", "namespace/pod[:port], node/NAME or IP[:port]");
  addOutputOption(addPermissionOptions(addClusterOptions(hops))).action(
    async (
      argument: string | undefined,
      options: CommonOptions & PermissionOptions & { from?: string; to?: string },
    ) => {
      const from = options.from ?? argument;
      if (from === undefined || options.to === undefined) {
        throw new HopbookError("USAGE", "Cannot find hops: both ends are needed", {
          hint: "Name them as in hopbook hops shop/client --to shop/web:8080",
        });
      }
      await executeHops({ from, to: options.to, options }, io);
    },
  );
}

function addRunbookCommand(program: Command, name: string, description: string): Command {
  // The runbook's inputs are its flags, so what stands behind its name is parsed when it is known.
  return program
    .command(name)
    .description(description)
    .usage("<runbook> [inputs and options]")
    .passThroughOptions()
    .argument("[runbook]", "name or file: hopbook list shows the names")
    .argument("[words...]", `its inputs and options: hopbook ${name} RUNBOOK --help lists them`)
    .addHelpText(
      "after",
      `\nExample:\n  hopbook ${name} trace-path --from shop/client --to shop/web:8080 --cluster hopbook.yaml`,
    );
}

/** null where help was shown. */
async function parseRunbookFlags(
  verb: string,
  given: { name: string | undefined; words: readonly string[]; program: Command; io: CommandIo },
): Promise<ParsedRun | null> {
  const { name, io } = given;
  if (name === undefined || name.startsWith("-")) {
    throw new HopbookError("USAGE", `Cannot ${verb}: no runbook is named`, {
      hint: `Put its name first, as in hopbook ${verb} trace-path --from shop/client --to shop/web:8080; hopbook list shows the names`,
    });
  }
  const { describeRunbook } = await import("../../api/catalogue.js");
  const runbook = await describeRunbook(name, process.cwd());
  const command = new Command(`hopbook ${verb} ${name}`)
    .description(runbook.title)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput(outputOf(io));
  addInputFlags(command, runbook.inputs);
  addPermissionOptions(addClusterOptions(command));
  if (verb === "run") command.option("--out <DIR>", "folder that run folders are made in", "artifacts");
  addOutputOption(command).action(() => undefined);
  command.parse([...given.words], { from: "user" });
  return { runbook: name, raw: readInputFlags(command, runbook.inputs), options: command.opts<RunFlags>() };
}

async function executeRun({ runbook, raw, options }: ParsedRun, io: CommandIo): Promise<void> {
  const { runRunbook } = await import("../../api/run.js");
  const { reportText } = await import("../../api/report.js");
  const { terminal } = io;
  const interruption = listenForSignals(
    (name) => terminal.err(`\n${name}: stopping, collecting, cleaning up (again to force)\n`),
    () => process.exit(EXIT.interrupted),
  );
  try {
    const report = await runRunbook({
      runbook,
      raw,
      cluster: options.cluster,
      cwd: process.cwd(),
      out: options.out,
      grants: options,
      confirm: askOn(terminal),
      signal: interruption.signal,
      onEvent: makeProgress(terminal),
    });
    if (options.output === "json") terminal.out(`${JSON.stringify(report.findings, null, 2)}\n`);
    else terminal.out(`\n${reportText(report.findings, terminal)}`);
    const { error } = report.outcome;
    if (error !== null) terminal.err(`\n${renderError(asHopbookError(error), terminal)}`);
    terminal.err(`\nevidence: ${report.dir}\nreport:   ${report.dir}/report.html\n`);
    io.setExitCode(report.exitCode);
  } finally {
    interruption.dispose();
  }
}

async function executePlan({ runbook, raw, options }: ParsedRun, io: CommandIo): Promise<void> {
  const { planRunbook } = await import("../../api/run.js");
  const { renderPlan } = await import("../../api/report.js");
  const plan = await withSignals(io, (shared) =>
    planRunbook({ runbook, raw, cluster: options.cluster, grants: options, ...shared }),
  );
  io.terminal.out(options.output === "json" ? `${JSON.stringify(plan, null, 2)}\n` : renderPlan(plan));
}

async function executeHops(
  given: { from: string; to: string; options: CommonOptions & PermissionOptions },
  io: CommandIo,
): Promise<void> {
  const { discoverHops } = await import("../../api/run.js");
  const { reportPath } = await import("../../api/report.js");
  const { from, to, options } = given;
  const [path] = await withSignals(io, (shared) =>
    discoverHops({ from, to, cluster: options.cluster, grants: options, ...shared }),
  );
  if (path === undefined) throw new HopbookError("INTERNAL", "Discovery gave no path");
  io.terminal.out(options.output === "json" ? `${JSON.stringify(path, null, 2)}\n` : reportPath(path));
}

interface SignalOptions {
  readonly cwd: string;
  readonly confirm: ReturnType<typeof askOn>;
  readonly signal: AbortSignal;
  readonly onEvent: () => void;
}

/** For what only reads: the first signal ends it in good order, the second at once. */
async function withSignals<T>(io: CommandIo, body: (options: SignalOptions) => Promise<T>): Promise<T> {
  const interruption = listenForSignals(
    () => undefined,
    () => process.exit(EXIT.interrupted),
  );
  try {
    const { signal } = interruption;
    return await body({
      cwd: process.cwd(),
      confirm: askOn(io.terminal),
      signal,
      onEvent: () => undefined,
    });
  } finally {
    interruption.dispose();
  }
}
