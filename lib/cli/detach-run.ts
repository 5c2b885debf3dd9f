import { HopbookError } from "../errors.js";
import { parseDuration } from "../model/units.js";
import { visible } from "../model/visible.js";
import { askOn } from "./confirm.js";
import { finishRun } from "./finish-run.js";
import type { CommandIo } from "./io.js";
import { keepPods } from "./keep-pods.js";
import { clusterOf, type CommonOptions, type PermissionOptions } from "./options.js";
import { nextCommand } from "./next-command.js";
import { makeProgress } from "./progress.js";
import type { RawInputs } from "./runbook-flags.js";
import { leaveAtOnce } from "./leave-at-once.js";
import { listenForSignals } from "./signals.js";
import { printJson } from "../model/json.js";

interface Detached {
  readonly runbook: string;
  readonly inputs: RawInputs;
  readonly options: CommonOptions &
    PermissionOptions & { readonly out?: string; readonly detach?: boolean; readonly for?: string };
}

/** `hopbook run … --detach`. */
export async function executeDetached({ runbook, inputs, options }: Detached, io: CommandIo): Promise<void> {
  const { detachRunbook } = await import("../api/detached.js");
  if (options.detach !== true) {
    throw new HopbookError("USAGE", "Cannot take --for without --detach", { hint: "Add --detach" });
  }
  const { newRunId } = await import("../api/plan-file.js");
  const { terminal } = io;
  const runId = newRunId();
  const next = (...words: readonly string[]): string =>
    nextCommand(terminal, words, { flags: options, carry: ["cluster", "out", "permissions"] });
  const interruption = listenForSignals(
    (name) => terminal.err(`\n${name}: stopping, collecting, cleaning up (again to force)\n`),
    leaveAtOnce(terminal, options, runId),
  );
  try {
    const report = await detachRunbook({
      ...{
        runbook,
        inputs,
        runId,
        ...clusterOf(options),
        cwd: process.cwd(),
        out: options.out ?? "artifacts",
      },
      ...{ grants: options, confirm: askOn(terminal), signal: interruption.signal },
      ...{ onEvent: makeProgress(terminal), onPods: keepPods(), forMs: readFor(options.for) },
      command: io.words,
    });
    if ("findings" in report) {
      terminal.err("\nthe run has no captures that go on: it went to its end\n");
      await finishRun(report, options, io);
      return;
    }
    const { id, dir, nodes, inPod, until, expires } = report;
    if (options.output === "json") terminal.out(printJson(report));
    else terminal.out(`${id}\n`);
    terminal.err(
      `\nrun ${id} goes on without this client, on ${nodes.join(", ")}, until ${until}\n` +
        inPod
          .map(
            (node) =>
              `! ${visible(node)} keeps its captures in a pod: what deletes or evicts it loses them\n`,
          )
          .join("") +
        `any time until ${expires}, collect it:\n  ${next("collect", id)}\n` +
        `look at it:\n  ${next("status", id)}\nend it now:\n  ${next("stop", id)}\n` +
        `evidence so far: ${dir}\n`,
    );
  } finally {
    interruption.dispose();
  }
}

function readFor(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new HopbookError("USAGE", `Cannot capture for ${JSON.stringify(text)}: it is no duration`, {
    hint: "Give a number with its unit, such as 30m or 2h",
  });
}
