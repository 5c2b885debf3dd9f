import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InspectCommand } from "../inspect/index.js";
import type { StateRecord } from "../model/evidence.js";
import type { PlannedCommand, StepContext } from "../model/steps.js";

/** Keeps a look's output with the word of where it came from. */
export function saveState(context: StepContext): (file: string, bytes: Uint8Array) => Promise<void> {
  return (file, bytes) => context.sink.writeText(file, Buffer.from(bytes));
}

export function toPlanned(commands: readonly InspectCommand[], condition?: string): PlannedCommand[] {
  return commands.map(({ node, action, argv }) => ({
    node,
    action,
    argv,
    effect: "read" as const,
    ...(condition === undefined ? {} : { condition }),
  }));
}

/** The looks that earlier steps of this run kept. */
export async function readStateRecords(context: StepContext): Promise<StateRecord[]> {
  try {
    const text = await readFile(join(context.sink.dir, "evidence/state.json"), "utf8");
    return (JSON.parse(text) as { state: StateRecord[] }).state;
  } catch {
    return [];
  }
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
