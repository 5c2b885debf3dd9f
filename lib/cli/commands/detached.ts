import type { Command } from "commander";
import type { CollectOptions } from "../../api/detached.js";
import type { DetachedRun } from "../../api/detached.js";
import { EXIT } from "../../errors.js";
import { formatSize } from "../../model/units.js";
import { visible } from "../../model/visible.js";
import { askOn } from "../confirm.js";
import { finishRun } from "../finish-run.js";
import type { CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";
import {
  addClusterOptions,
  addImageOption,
  addOutputOption,
  addPermissionOptions,
  clusterOf,
  type CommonOptions,
  type PermissionOptions,
} from "../options.js";
import { makeProgress } from "../progress.js";
import { listenForSignals } from "../signals.js";
import { printJson } from "../../model/json.js";

type Flags = CommonOptions & PermissionOptions & { readonly out: string };

/** runs, status, collect, stop: of runs that go on without their client. */
export function addDetachedCommands(program: Command, io: CommandIo): void {
  const add = (name: string, description: string): Command => {
    const command = program.command(name).description(description);
    command.option("--out <DIR>", "folder that run folders are made in", "artifacts");
    return addOutputOption(addPermissionOptions(addImageOption(addClusterOptions(command))));
  };
  const RUN = "its id, the beginning of it, or its folder: hopbook runs lists them";
  add("runs", "runs that go on without their client: hopbook run … --detach").action((flags: Flags) =>
    withOptions(flags, io, async (options) => {
      const { listRuns } = await import("../../api/detached.js");
      const report = await listRuns(options);
      if (flags.output === "json") io.terminal.out(printJson(report));
      else io.terminal.out(await renderRuns(report.runs));
      for (const note of report.notes) io.terminal.err(`! ${visible(note)}\n`);
      if (report.isClusterAsked) {
        for (const { id, state } of report.runs.filter((each) => each.state === "unknown"))
          io.terminal.err(`! ${id} is ${state}; look at its nodes: ${next(io, flags, "status", id)}\n`);
      }
    }),
  );
  add("status", "one run that goes on without its client")
    .argument("<run>", RUN)
    .action((run: string, flags: Flags) =>
      withOptions(flags, io, async (options) => {
        const { describeOneRun } = await import("../../api/detached.js");
        const found = await describeOneRun({ ...options, run });
        io.terminal.out(flags.output === "json" ? printJson(found) : renderRun(found));
        if (found.state !== "unknown") return;
        for (const note of found.notes) io.terminal.err(`! ${visible(note)}\n`);
        io.terminal.err(
          "! its nodes did not say: name the cluster that it runs on with --cluster or --context\n",
        );
        io.setExitCode(EXIT.unreachable);
      }),
    );
  add("collect", "end the captures of such a run, bring them here, judge and report")
    .argument("<run>", RUN)
    .action((run: string, flags: Flags) =>
      withOptions(flags, io, async (options) => {
        const { collectRun } = await import("../../api/detached.js");
        await finishRun(await collectRun({ ...options, run, command: io.words }), flags, io);
      }),
    );
  add("stop", "end the captures of such a run before their time; they wait to be collected")
    .argument("<run>", RUN)
    .action((run: string, flags: Flags) =>
      withOptions(flags, io, async (options) => {
        const { stopRun } = await import("../../api/detached.js");
        const { id, stopped, failed } = await stopRun({ ...options, run });
        if (flags.output === "json") {
          io.terminal.out(printJson({ id, stopped, failed }));
        } else {
          for (const node of stopped) io.terminal.out(`stopped: ${visible(node)}\n`);
        }
        for (const { node, why } of failed) io.terminal.err(`! ${visible(node)}: ${visible(why)}\n`);
        io.terminal.err(`\ncollect it: ${next(io, flags, "collect", id)}\n`);
        if (failed.length > 0) io.setExitCode(EXIT.incomplete);
      }),
    );
}

function next(io: CommandIo, flags: Flags, ...words: readonly string[]): string {
  return nextCommand(io.terminal, words, { flags, carry: ["cluster", "out", "permissions"] });
}

async function withOptions(
  flags: Flags,
  { terminal }: CommandIo,
  body: (options: Omit<CollectOptions, "run">) => Promise<void>,
): Promise<void> {
  const interruption = listenForSignals(
    (name) => terminal.err(`\n${name}: letting go (again to force)\n`),
    () => process.exit(EXIT.interrupted),
  );
  try {
    await body({
      ...{ ...clusterOf(flags), cwd: process.cwd(), out: flags.out, grants: flags, confirm: askOn(terminal) },
      ...{ signal: interruption.signal, onEvent: makeProgress(terminal) },
    });
  } finally {
    interruption.dispose();
  }
}

const HEADINGS = ["RUN", "STATE", "RUNBOOK", "TARGET", "SINCE", "UNTIL", "BYTES", "NODES"] as const;

async function renderRuns(runs: readonly DetachedRun[]): Promise<string> {
  if (runs.length === 0) return "no run goes on without its client\n";
  const rows = runs.map(({ id, state, runbook, target, since, until, bytes, nodes }) => [
    ...[id, state, visible(runbook), visible(target), shorten(since), shorten(until)],
    ...[formatSize(bytes), nodes.map(({ node }) => visible(node)).join(",")],
  ]);
  const { alignCells } = await import("../../text/table.js");
  return alignCells([HEADINGS, ...rows]);
}

/** To the second. */
function shorten(time: string): string {
  return time.replace(/\.\d+Z$/, "Z");
}

function renderRun(run: DetachedRun): string {
  const lines = [
    `run ${run.id}: ${run.state}`,
    `  ${visible(run.runbook)} ${visible(run.target)} on ${visible(run.cluster)}, of ${visible(run.owner)}`,
    `  since ${shorten(run.since)}, until ${shorten(run.until)}, kept until ${shorten(run.expires)}`,
    ...run.nodes.map(
      ({ node, state, bytes, store }) =>
        `  ${visible(node)}: ${state}${bytes === null ? "" : `, ${formatSize(bytes)} so far`}` +
        (store === "pod" && bytes !== null ? ", in a pod: what deletes or evicts it loses them" : ""),
    ),
    ...(run.dir === null ? [] : [`  folder: ${visible(run.dir)}`]),
  ];
  return `${lines.join("\n")}\n`;
}
