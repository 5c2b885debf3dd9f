import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { HopbookError } from "../errors.js";
import { fileReason, unreadable } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
import type { ScriptModule } from "../model/sandbox.js";
import { addScriptFile, makeSandboxFolder, type SandboxFolder, type SandboxGuest } from "./folder.js";
import { readScriptGraph, type ScriptGraph, type ScriptImport } from "./graph.js";

const SCRIPT = { what: "script", hint: "Check the path: it is relative to the runbook" };
const MAX_MODULES = 100;
const MAX_MODULE_BYTES = 1024 * 1024;

/** A script with all that it imports, copied to where nothing else is. */
interface SealedScript {
  readonly folder: SandboxFolder;
  readonly modules: readonly ScriptModule[];
}

/**
 * Copies a script and what it imports from its own folder into a sandbox's folder, until nothing is missing there.
 * Throws FILE_UNREADABLE, or DOCUMENT_INVALID at file:line:column for an import of anything else, or for text that
 * is no program. The caller removes the folder.
 */
export async function sealScript(
  file: string,
  { guest, signal }: { readonly guest: SandboxGuest; readonly signal: AbortSignal },
): Promise<SealedScript> {
  const entry = basename(file);
  const folder = await makeSandboxFolder(guest, entry);
  try {
    const copier = new Copier(dirname(file), folder);
    await copier.copy(entry, undefined);
    for (;;) {
      const graph = await readScriptGraph(folder, signal);
      const missing = copier.findMissing(graph, guest);
      for (const [path, from] of missing) await copier.copy(path, from);
      if (missing.size > 0) continue;
      copier.assertSound(graph);
      return { folder, modules: copier.modules };
    }
  } catch (error) {
    folder.remove();
    throw error;
  }
}

class Copier {
  readonly modules: ScriptModule[] = [];
  readonly #dir: string;
  readonly #folder: SandboxFolder;

  constructor(dir: string, folder: SandboxFolder) {
    this.#dir = dir;
    this.#folder = folder;
  }

  /** What is imported from the script's folder and not copied yet, with one import that asks for it. */
  findMissing(graph: ScriptGraph, guest: SandboxGuest): Map<string, ScriptImport> {
    const missing = new Map<string, ScriptImport>();
    for (const found of graph.imports) {
      if (Object.hasOwn(guest.provides, found.written)) continue;
      const path = this.#pathOf(found.url);
      if (path === undefined)
        throw this.#refuse(found, "a script imports files beside it, and hopbook/script");
      if (!this.modules.some((module) => module.path === path)) missing.set(path, found);
    }
    return missing;
  }

  async copy(path: string, from: ScriptImport | undefined): Promise<void> {
    const refuse = (why: string): HopbookError =>
      from === undefined ? unreadable(join(this.#dir, path), why, SCRIPT) : this.#refuse(from, why);
    if (this.modules.length >= MAX_MODULES) throw refuse(`it has more than ${MAX_MODULES} files`);
    const file = join(this.#dir, path);
    const text = await readModule(file, this.#dir).catch((error: unknown) => {
      throw refuse(fileReason(error));
    });
    addScriptFile(this.#folder, path, text);
    this.modules.push({ path, file, sha256: createHash("sha256").update(text).digest("hex"), text });
  }

  /** Throws DOCUMENT_INVALID where a file that is there is no program. */
  assertSound(graph: ScriptGraph): void {
    for (const [url, fault] of graph.faults) {
      const file = this.#fileOf(url);
      const place = /:(\d+):(\d+)\s*$/.exec(fault);
      const where = place === null ? { file } : { file, line: Number(place[1]), column: Number(place[2]) };
      const [first = "", ...rest] = localise(fault, this.#folder, this.#dir).split("\n");
      throw new HopbookError("DOCUMENT_INVALID", `Cannot read script ${file}: ${first}`, {
        where,
        ...(rest.length === 0 ? {} : { detail: rest.join("\n") }),
      });
    }
  }

  #pathOf(url: string | null): string | undefined {
    if (url?.startsWith(this.#folder.scriptUrl) !== true) return undefined;
    try {
      const path = decodeURIComponent(url.slice(this.#folder.scriptUrl.length).replace(/[?#].*$/, ""));
      const isPlain = !/[\0\\]/.test(path) && path.split("/").every((part) => !/^\.{0,2}$/.test(part));
      return isPlain ? path : undefined;
    } catch {
      return undefined;
    }
  }

  #fileOf(url: string): string {
    return join(this.#dir, this.#pathOf(url) ?? "");
  }

  #refuse({ from, written, line, column }: ScriptImport, why: string): HopbookError {
    const file = this.#fileOf(from);
    const message = `Cannot import ${JSON.stringify(written.slice(0, 200))}: ${why}`;
    return new HopbookError("DOCUMENT_INVALID", message, {
      where: { file, line, column },
      hint: "Copy what the script needs into its folder, and import it as ./NAME.ts",
    });
  }
}

/** The text of a regular file that lies within a folder, links followed. */
async function readModule(file: string, dir: string): Promise<string> {
  const root = await realpath(dir);
  const path = await realpath(file).catch(() => {
    throw new Error("there is no such file");
  });
  const inside = relative(root, path);
  if (inside === ".." || inside.startsWith(`..${sep}`))
    throw new Error("it leads out of the script's folder");
  return (await readRegularFile(path, MAX_MODULE_BYTES, constants.O_NOFOLLOW)).toString("utf8");
}

/** Puts the paths of the private copy back to those of the script, and what was kept out to what was meant. */
export function localise(text: string, folder: SandboxFolder, dir: string): string {
  return text
    .replaceAll(folder.scriptUrl, `${dir}/`)
    .replaceAll(`${folder.scriptDir}/`, `${dir}/`)
    .replaceAll(`${folder.dir}/refused/`, "/");
}
