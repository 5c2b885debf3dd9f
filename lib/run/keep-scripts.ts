import { dirname, relative, resolve, sep } from "node:path";
import type { SandboxProcess } from "../model/sandbox.js";
import type { EvidenceSink } from "../model/steps.js";

/**
 * Keeps the text of a script and of what it imports in the run's folder, where the runbook that is kept there looks for
 * it, so that the folder can be replayed elsewhere. What lies outside the runbook's folder is left where it is.
 */
export async function keepScripts(
  process: SandboxProcess,
  { sink, runbookFile }: { readonly sink: EvidenceSink; readonly runbookFile: string },
): Promise<SandboxProcess> {
  const home = dirname(resolve(runbookFile));
  for (const { file, text } of process.modules) {
    const path = relative(home, file).split(sep).join("/");
    if (/\.[mc]?[jt]sx?$/.test(path) && !path.startsWith("../") && !path.startsWith("/"))
      await sink.writeText(path, text);
  }
  return process;
}
