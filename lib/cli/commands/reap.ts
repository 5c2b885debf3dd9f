import type { Command } from "commander";
import type { Leftover, ReapReport } from "../../api/reap.js";
import { EXIT, HopbookError } from "../../errors.js";
import { visible } from "../../model/visible.js";
import { askOn } from "../confirm.js";
import type { CommandIo } from "../io.js";
import { nextCommand } from "../next-command.js";
import {
  addClusterOptions,
  addOutputOption,
  addPermissionOptions,
  addViaOption,
  clusterOf,
  type CommonOptions,
  type PermissionOptions,
} from "../options.js";
import { listenForSignals } from "../signals.js";
import { printJson } from "../../model/json.js";

type ReapFlags = CommonOptions &
  PermissionOptions & {
    readonly allUsers?: boolean;
    readonly run?: string;
    readonly force?: boolean;
    readonly dryRun?: boolean;
  };

/** reap: what killed clients left. */
export function addReapCommand(program: Command, io: CommandIo): void {
  const reap = program
    .command("reap")
    .description("remove what a killed client left on nodes and in the cluster")
    .option("--all-users", "also what others left, and what nothing says the owner of")
    .option("--run <ID>", "only this run's, even while it may be in use")
    .option("--force", "also what may still be in use")
    .option("--dry-run", "only list it")
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing is left; 4 --yes is missing; 6 something could not be removed.\n" +
        "\nExample:\n  hopbook reap --dry-run\n  hopbook reap --yes",
    );
  addOutputOption(addPermissionOptions(addViaOption(addClusterOptions(reap)))).action((flags: ReapFlags) =>
    executeReap(flags, io),
  );
}

async function executeReap(flags: ReapFlags, io: CommandIo): Promise<void> {
  const { reap } = await import("../../api/reap.js");
  const { terminal } = io;
  const interruption = listenForSignals(
    () => undefined,
    () => process.exit(EXIT.interrupted),
  );
  const { allUsers, force, dryRun } = flags;
  try {
    const report = await reap({
      ...clusterOf(flags),
      ...{ cwd: process.cwd(), grants: flags, confirm: askOn(terminal), signal: interruption.signal },
      ...(allUsers === undefined ? {} : { allUsers }),
      ...(force === undefined ? {} : { force }),
      ...(dryRun === undefined ? {} : { dryRun }),
      runId: flags.run,
      ...(flags.yes === true || flags.allowAll === true ? {} : { agree: (items) => agree(items, io) }),
    });
    if (flags.output === "json") terminal.out(printJson(report));
    else terminal.out(renderReport(report));
    for (const runId of waiting(report)) {
      const carried = { flags, carry: ["cluster", "permissions"] } as const;
      terminal.err(
        `run ${runId} waits to be collected: ${nextCommand(terminal, ["collect", runId], carried)}\n`,
      );
    }
    io.setExitCode(report.exitCode);
  } finally {
    interruption.dispose();
  }
}

/** Runs that were left on purpose: their captures are spared until somebody collects them. */
function waiting({ items }: ReapReport): ReadonlySet<string> {
  const left = items.filter(
    ({ outcome, node, expiresAt, mine }) =>
      outcome === "spared" && mine && node !== null && expiresAt !== null,
  );
  return new Set(left.map(({ runId }) => runId));
}

async function agree(items: readonly Leftover[], { terminal }: CommandIo): Promise<boolean> {
  const list = items.map((item) => `  ${describe(item)}\n`).join("");
  if (!terminal.interactive) {
    throw new HopbookError("PERMISSION_DENIED", `Cannot remove ${items.length}: nobody can be asked`, {
      detail: list.trimEnd(),
      hint: "Add --yes to remove them, or --dry-run to list them",
    });
  }
  terminal.err(list);
  const answer = await terminal.ask(`Remove ${items.length === 1 ? "it" : `these ${items.length}`}? [y/n] `);
  return /^y(es)?$/i.test((answer ?? "").trim());
}

const WORDS: Readonly<Record<Leftover["outcome"], string>> = {
  found: "left",
  removed: "removed",
  spared: "kept",
  failed: "NOT removed",
};

function renderReport({ items, unseen }: ReapReport): string {
  const lines = joinProcesses(items).map((item) => `${WORDS[item.outcome]}: ${describe(item)}`);
  if (lines.length === 0) lines.push("nothing is left");
  lines.push(...unseen.map((text) => `not looked at: ${visible(text)}`));
  return `${lines.join("\n")}\n`;
}

/** A capture is dozens of processes: one line for those of a run on a node that fared alike. */
function joinProcesses(items: readonly Leftover[]): readonly Leftover[] {
  const joined = new Map<string, Leftover[]>();
  for (const item of items) {
    const { kind, node, runId, outcome, reason, namespace, name } = item;
    const key = kind === "process" ? [node, runId, outcome, reason] : [kind, node, namespace, name];
    joined.set(key.join("\n"), [...(joined.get(key.join("\n")) ?? []), item]);
  }
  return [...joined.values()].flatMap((group): readonly Leftover[] => {
    const [first] = group;
    if (first?.kind !== "process" || group.length === 1) return group;
    const programs = new Set(group.map(({ name }) => name.replace(/ [0-9]+$/, "")));
    return [{ ...first, kind: `${group.length} processes:`, name: [...programs].join(", ") }];
  });
}

function describe({ node, kind, namespace, name, runId, owner, reason }: Leftover): string {
  const what = `${kind} ${namespace === null ? "" : `${namespace}/`}${name}`;
  const whose = [node, runId === "" ? null : `run ${runId}`, owner === null ? null : `of ${owner}`];
  const words = whose.filter((word) => word !== null).join(", ");
  return visible(`${what}${words === "" ? "" : ` (${words})`}${reason === null ? "" : `: ${reason}`}`);
}
