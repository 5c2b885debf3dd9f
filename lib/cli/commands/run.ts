import { resolve } from "node:path";
import type { Command } from "commander";
import { HopbookError } from "../../errors.js";
import { outputOf, type CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";
import {
  addClusterOptions,
  addEntryOptions,
  addOutputOption,
  addPermissionOptions,
  clusterOf,
  readRunOutput,
  type CommonOptions,
  type PermissionOptions,
} from "../options.js";
import { openLivePackets, refuseDetachedPackets, type ShownPackets } from "../live/packets.js";
import { askOn } from "../confirm.js";
import { keepPods } from "../keep-pods.js";
import { makeProgress } from "../progress.js";
import { finishRun } from "../finish-run.js";
import { makeRunbookCommand, type RunbookVerb } from "../runbook-command.js";
import { readInputFlags, type RawInputs } from "../runbook-flags.js";
import { addAuditOptions, executeAudit, familyOf, type AuditFlags } from "./audit-hops.js";
import { withSignals } from "../with-signals.js";
import { leaveAtOnce } from "../leave-at-once.js";
import { listenForSignals } from "../signals.js";
import { printJson } from "../../model/json.js";

type RunFlags = CommonOptions &
  PermissionOptions & {
    readonly out?: string;
    readonly full?: boolean;
    readonly force?: boolean;
    readonly record?: boolean;
    readonly detach?: boolean;
    readonly for?: string;
    readonly print?: boolean;
  };

interface ParsedRun {
  readonly runbook: string;
  readonly inputs: RawInputs;
  readonly options: RunFlags;
  /** How its packets are shown while it goes on. */
  readonly shown: ShownPackets;
  /** Of the runbook's inputs, by name. */
  readonly types: Readonly<Record<string, string>>;
}

/** run, plan, hops: they go to the nodes. */
export function addRunCommands(program: Command, io: CommandIo): void {
  addRunbookCommand(program, "run", "plan, ask, run, report")
    .option("--plan <FILE>", "run what this plan says and nothing else; hopbook plan … --out FILE wrote it")
    .allowUnknownOption()
    .action(async (name: string | undefined, words: string[], { plan }: { plan?: string }) => {
      if (plan !== undefined) {
        const { executeRunPlan } = await import("../run-plan.js");
        await executeRunPlan(plan, name === undefined ? words : [name, ...words], io);
        return;
      }
      const parsed = await parseRunbookFlags("run", { name, words, program, io });
      if (parsed === null) return;
      await executeRun(parsed, io);
    });
  addRunbookCommand(program, "plan", "the exact commands, node by node; changes nothing").action(
    async (name: string, words: string[]) => {
      const parsed = await parseRunbookFlags("plan", { name, words, program, io });
      if (parsed === null) return;
      await executePlan(parsed, io);
    },
  );
  const hops = program
    .command("hops")
    .description("the path between two ends, or what one pod hangs on, from evidence; nothing is captured")
    .argument(
      "[from]",
      "namespace/pod or node/NAME; alone: also deploy/NAME, svc/NAME, labels, a node's pods",
    )
    .option("--from <END>", "where the traffic starts")
    .option("--to <END>", "namespace/pod[:port], node/NAME or IP[:port]; without it: what the pod hangs on")
    .addHelpText(
      "after",
      "\nExamples:\n  hopbook hops shop/client --to shop/web:8080\n  hopbook hops shop/client      which interface of which node is the pod's, by every method",
    );
  addAuditOptions(hops);
  addOutputOption(addPermissionOptions(addEntryOptions(addClusterOptions(hops)))).action(
    async (
      argument: string | undefined,
      options: CommonOptions & PermissionOptions & AuditFlags & { from?: string; to?: string },
    ) => {
      const from = options.from ?? argument;
      if (from === undefined) {
        throw new HopbookError("USAGE", "Cannot find hops: no end is named", {
          hint: "Name both as in hopbook hops shop/client --to shop/web:8080, or one pod alone for what it hangs on",
        });
      }
      if (options.audit === true) await executeAudit({ from, to: options.to, options }, io);
      else if (options.to === undefined) await executeAttachments({ from, options }, io);
      else await executeHops({ from, to: options.to, options }, io);
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

/** What stands behind `--cluster` and the like, before the words as a whole can be parsed. */
function findClusterFlags(words: readonly string[]): ReturnType<typeof clusterOf> {
  const end = words.indexOf("--");
  const own = end < 0 ? words : words.slice(0, end);
  const find = (...names: readonly string[]): string | undefined => {
    const index = own.findLastIndex((word) =>
      names.some((name) => word === name || word.startsWith(`${name}=`)),
    );
    const word = own[index];
    if (word === undefined) return undefined;
    return names.includes(word) ? own[index + 1] : word.slice(word.indexOf("=") + 1);
  };
  const found = (value: string | undefined, name: string): Record<string, string> =>
    value === undefined ? {} : { [name]: value };
  return clusterOf({
    ...found(find("--cluster"), "cluster"),
    ...found(find("--context"), "context"),
    ...found(find("--kubeconfig"), "kubeconfig"),
  });
}

/** null where help was shown. */
async function parseRunbookFlags(
  verb: RunbookVerb,
  given: { name: string | undefined; words: readonly string[]; program: Command; io: CommandIo },
): Promise<ParsedRun | null> {
  const { name, io } = given;
  if (name === undefined || name.startsWith("-")) {
    throw new HopbookError("USAGE", `Cannot ${verb}: no runbook is named`, {
      hint:
        name === undefined
          ? `Put its name first, as in hopbook ${verb} trace-path --from shop/client --to shop/web:8080; hopbook list shows the names`
          : `The runbook's name comes before its options: hopbook ${verb} trace-path ${name} …`,
    });
  }
  const { describeRunbook } = await import("../../api/runbooks.js");
  // The cluster's overlays have a say in what the inputs are.
  const runbook = await describeRunbook(name, process.cwd(), findClusterFlags(given.words));
  const command = makeRunbookCommand(verb, { name, inputs: runbook.inputs })
    .description(runbook.title)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput(outputOf(io))
    .action(() => undefined);
  command.parse([...given.words], { from: "user" });
  const types = Object.fromEntries(Object.entries(runbook.inputs).map(([input, { type }]) => [input, type]));
  const inputs = readInputFlags(command, runbook.inputs);
  const options = command.opts<Omit<RunFlags, "output"> & { readonly output?: string }>();
  const { output, packets } = readRunOutput(options.output);
  const shown = { packets, print: options.print === true };
  return { runbook: name, inputs, options: { ...options, output }, shown, types };
}

/** Runs a runbook whose words are known, and shows its packets. */
export async function executeNamedRun(
  { name, words }: { readonly name: string; readonly words: readonly string[] },
  { program, io, shown }: { program: Command; io: CommandIo; shown: ShownPackets },
): Promise<void> {
  const parsed = await parseRunbookFlags("run", { name, words, program, io });
  if (parsed !== null) await executeRun({ ...parsed, shown }, io);
}

async function executeRun({ runbook, inputs, options, shown }: ParsedRun, io: CommandIo): Promise<void> {
  if (options.detach === true || options.for !== undefined) {
    refuseDetachedPackets(shown);
    const { executeDetached } = await import("../detach-run.js");
    await executeDetached({ runbook, inputs, options }, io);
    return;
  }
  const { runRunbook } = await import("../../api/run.js");
  const { newRunId } = await import("../../api/plan-file.js");
  const runId = newRunId();
  const live = await openLivePackets(shown, io, runId);
  const { terminal } = live.io;
  const interruption = listenForSignals(
    (name) => terminal.err(`\n${name}: stopping, collecting, cleaning up (again to force)\n`),
    leaveAtOnce(terminal, options, runId),
  );
  try {
    const report = await runRunbook({
      ...{ runbook, inputs, runId },
      ...clusterOf(options),
      cwd: process.cwd(),
      out: options.out ?? "artifacts",
      record: options.record !== false,
      grants: options,
      confirm: askOn(terminal),
      signal: interruption.signal,
      onEvent: makeProgress(terminal, live.lines),
      onPods: keepPods(),
      live: live.view ?? undefined,
      command: io.words,
    });
    await finishRun(report, options, live.io);
  } finally {
    interruption.dispose();
    await live.close();
  }
}

async function executePlan({ runbook, inputs, options, types }: ParsedRun, io: CommandIo): Promise<void> {
  const { planRunbook } = await import("../../api/run.js");
  const { renderPlan } = await import("../../api/report.js");
  const plan = await withSignals({ io, flags: options }, (shared) =>
    planRunbook({ runbook, inputs, ...clusterOf(options), grants: options, ...shared }),
  );
  io.terminal.out(
    options.output === "json" ? printJson(plan) : renderPlan(plan, { full: options.full === true, types }),
  );
  if (!plan.complete) {
    const flags = plan.missingFlags.join(" ");
    io.terminal.err(`\nThe nodes may not be read, so no command is known yet. To see them: ${flags}\n`);
    if (options.out !== undefined) throw cannotWritePlan(flags);
  }
  if (options.out === undefined) return;
  const { writePlanFile } = await import("../../api/plan-file.js");
  const file = resolve(await writePlanFile(plan, { file: options.out, force: options.force === true }));
  const again = nextCommand(io.terminal, ["run", "--plan", file], {
    // A plan may come from anybody: a profile that it names has to be named again, as an image of the operator's.
    flags: { ...options, context: undefined, namespace: undefined },
    carry: [options.cluster === undefined ? "kubeconfig" : "cluster", "entry", "permissions"],
  });
  io.terminal.err(`\nplan: ${file}\nrun it: ${again}\n`);
}

function cannotWritePlan(flags: string): HopbookError {
  return new HopbookError("PERMISSION_DENIED", "Cannot write the plan: without the nodes it cannot be run", {
    hint: `Grant what it reads: ${flags}`,
  });
}

async function executeHops(
  given: { from: string; to: string; options: CommonOptions & PermissionOptions & AuditFlags },
  io: CommandIo,
): Promise<void> {
  const { discoverHops } = await import("../../api/run.js");
  const { reportPath } = await import("../../api/report.js");
  const { from, to, options } = given;
  const [path] = await withSignals({ io, flags: options }, (shared) =>
    discoverHops({ from, to, ...familyOf(options), ...clusterOf(options), grants: options, ...shared }),
  );
  if (path === undefined) throw new HopbookError("INTERNAL", "Discovery gave no path");
  io.terminal.out(options.output === "json" ? printJson(path) : reportPath(path));
}

async function executeAttachments(
  { from, options }: { from: string; options: CommonOptions & PermissionOptions },
  io: CommandIo,
): Promise<void> {
  const { discoverAttachments } = await import("../../api/run.js");
  const { reportAttachments } = await import("../../api/report.js");
  const found = await withSignals({ io, flags: options }, (shared) =>
    discoverAttachments({ pods: [from], ...clusterOf(options), grants: options, ...shared }),
  );
  io.terminal.out(options.output === "json" ? printJson(found) : reportAttachments(found, io.terminal));
}
