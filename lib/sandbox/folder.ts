import { chmodSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeOwnFolder } from "../process/own-folder.js";

/** The files that run beside a script in its sandbox, and speak for it. They come with hopbook. */
export interface SandboxGuest {
  /** Absolute. */
  readonly dir: string;
  /** Names of files in it, with extension; the first one is started. They import each other as `./NAME.js`. */
  readonly files: readonly string[];
  /** What scripts may import by name, and which file that is. */
  readonly provides: Readonly<Record<string, string>>;
}

/** A private folder that holds all that a sandbox may load. */
export interface SandboxFolder {
  readonly dir: string;
  readonly scriptDir: string;
  /** As Deno writes them, with a final slash. */
  readonly scriptUrl: string;
  readonly main: string;
  readonly importMap: string;
  remove(): void;
}

/** The name by which the guest imports the script. */
const ENTRY_SPECIFIER = "hopbook:entry";

/**
 * Makes the folder, with the guest's files and an import map that is the jail's wall: Deno reads what is imported
 * statically with no permission, any file of the machine. So whatever URL an import resolves to is mapped into
 * this folder, to a place where nothing is.
 */
export async function makeSandboxFolder(guest: SandboxGuest, entry: string): Promise<SandboxFolder> {
  // macOS has /tmp behind a link, and Deno names files by their real path.
  const dir = makeOwnFolder("script", realpathSync(tmpdir()));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  try {
    chmodSync(dir, 0o700);
    for (const name of ["guest", "script", "refused"]) mkdirSync(join(dir, name), { mode: 0o700 });
    for (const name of guest.files) {
      writeFileSync(join(dir, "guest", name), await readFile(join(guest.dir, name)), { mode: 0o600 });
    }
    const importMap = join(dir, "imports.json");
    writeFileSync(importMap, JSON.stringify({ imports: buildImports(dir, { guest, entry }) }), {
      mode: 0o600,
    });
    const scriptDir = join(dir, "script");
    const scriptUrl = `${pathToFileURL(scriptDir).href}/`;
    return { dir, scriptDir, scriptUrl, main: join(dir, "guest", guest.files[0] ?? ""), importMap, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Writes a file of the script into the folder; `path` is relative to the script's folder. */
export function addScriptFile(folder: SandboxFolder, path: string, text: string): void {
  const target = join(folder.scriptDir, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  writeFileSync(target, text, { mode: 0o600, flag: "wx" });
}

/** Builtins of later Nodes that Deno has as well. */
const LATER_BUILTINS = ["sqlite", "sea", "test", "test/reporters", "ffi", "quic"];

function buildImports(
  dir: string,
  { guest, entry }: { readonly guest: SandboxGuest; readonly entry: string },
): Record<string, string> {
  const urlOf = (...parts: string[]): string => pathToFileURL(join(dir, ...parts)).href;
  // In source, ./api.js is api.ts.
  const inGuest = guest.files.flatMap((name): [string, string][] =>
    [name, name.replace(extname(name), ".js")].map((from) => [urlOf("guest", from), urlOf("guest", name)]),
  );
  const provided = Object.entries(guest.provides).map(([specifier, name]): [string, string] => [
    specifier,
    urlOf("guest", name),
  ]);
  const builtins = [...builtinModules, ...LATER_BUILTINS].flatMap((name): [string, string][] => {
    const bare = name.replace(/^node:/, "");
    return [bare, `node:${bare}`].map((specifier) => [specifier, urlOf("refused", "builtin")]);
  });
  return {
    "file:///": `${urlOf("refused")}/`,
    "http://": `${urlOf("refused")}/`,
    "https://": `${urlOf("refused")}/`,
    "npm:/": `${urlOf("refused")}/`,
    "jsr:/": `${urlOf("refused")}/`,
    ...Object.fromEntries(builtins),
    [`${urlOf("script")}/`]: `${urlOf("script")}/`,
    ...Object.fromEntries(inGuest),
    ...Object.fromEntries(provided),
    [ENTRY_SPECIFIER]: `${urlOf("script")}/${encodeURIComponent(entry)}`,
  };
}
