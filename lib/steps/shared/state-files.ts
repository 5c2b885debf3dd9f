import { argvOfGroup, groupCommands, type InspectCommand } from "../../inspect/index.js";
import type { StateRecord } from "../../model/evidence.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";

/** Keeps a look's output with the word of where it came from. */
export function saveState(context: StepContext): (file: string, bytes: Uint8Array) => Promise<void> {
  return (file, bytes) => context.sink.writeText(file, Buffer.from(bytes));
}

/** One command a network namespace, as it is run. */
export function toPlanned(commands: readonly InspectCommand[], condition?: string): PlannedCommand[] {
  return groupCommands(commands).map((group) => ({
    node: group.target,
    action: group.action,
    argv: argvOfGroup(group),
    effect: "read" as const,
    ...(condition === undefined ? {} : { condition }),
  }));
}

/** Keeps the looks beside those that earlier steps of this run kept. */
export function saveRecords(records: readonly StateRecord[], context: StepContext): Promise<void> {
  return context.sink.appendJson("evidence/state.json", { key: "state", records });
}

/** Says once which looks failed for another reason than a program that is not there. */
export function describeUnread(records: readonly StateRecord[], context: StepContext): void {
  const failed = records.filter((record) => record.exitCode === null);
  if (failed.length === 0) return;
  const first = failed[0];
  context.note(
    "warn",
    `${failed.length} of ${records.length} looks at the nodes failed; the first: ${first?.kind} on ${first?.node}: ${first?.stderr}`,
  );
}
