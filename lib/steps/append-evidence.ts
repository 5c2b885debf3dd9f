import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceSink, StepContext } from "../model/steps.js";

/** The last write of each run: two steps that run side by side must not lose each other's records. */
const writing = new WeakMap<EvidenceSink, Promise<void>>();

/** Adds records to the list `key` of a JSON file of the run, after those that are there. */
export function appendEvidence(
  context: StepContext,
  {
    path,
    key,
    records,
  }: { readonly path: string; readonly key: string; readonly records: readonly unknown[] },
): Promise<void> {
  const { sink } = context;
  const write = async (): Promise<void> => {
    await sink.writeJson(path, { [key]: [...(await readRecords(join(sink.dir, path), key)), ...records] });
  };
  const written = (writing.get(sink) ?? Promise.resolve()).then(write);
  writing.set(
    sink,
    written.catch(() => undefined),
  );
  return written;
}

async function readRecords(file: string, key: string): Promise<readonly unknown[]> {
  try {
    const value = (JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>)[key];
    return Array.isArray(value) ? (value as unknown[]) : [];
  } catch {
    return []; // it is the first one
  }
}
