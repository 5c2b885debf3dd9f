import { HopbookError } from "../errors.js";
import type { SandboxProcess, ScriptModule } from "../model/sandbox.js";

/** What is known of the scripts of a run: all files of each, by the path of the first. */
export type SeenScripts = ReadonlyMap<string, readonly ScriptModule[]>;

/**
 * Holds each script to the text that it had when it was first looked at: what was agreed to, or planned, is what runs.
 * The result lets a started script pass, or ends it and throws PLAN_DRIFT.
 */
export function pinScripts(seen: SeenScripts = new Map()): (started: Started) => Promise<SandboxProcess> {
  const known = new Map([...seen].map(([file, modules]) => [file, spell(modules)]));
  return async ({ file, process }) => {
    const now = spell(process.modules);
    const then = known.get(file) ?? now;
    known.set(file, then);
    if (now === then) return process;
    await process.kill();
    throw new HopbookError(
      "PLAN_DRIFT",
      `Cannot run the script ${file}: it was changed after it was looked at`,
      {
        where: { file },
        hint: "Look at what changed in it and in what it imports, and run again",
      },
    );
  };
}

interface Started {
  readonly file: string;
  readonly process: SandboxProcess;
}

function spell(modules: readonly ScriptModule[]): string {
  return modules
    .map(({ path, sha256 }) => `${sha256} ${path}`)
    .sort()
    .join("\n");
}
