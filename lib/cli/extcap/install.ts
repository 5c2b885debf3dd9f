import { lstat, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HopbookError } from "../../errors.js";
import { unwritable } from "../../files/failure.js";
import { quoteShellWord } from "../../model/shell-word.js";

const MARK = "# Made by hopbook extcap --install, which may write it anew.";

/** Where a person's own extcap programs are: of Wireshark from 4.2 on, and of older ones. */
export function extcapFolders(home: string, configHome: string | undefined): readonly string[] {
  return [
    join(home, ".local/lib/wireshark/extcap"),
    join(configHome ?? join(home, ".config"), "wireshark/extcap"),
  ];
}

/** Writes the script that Wireshark runs to each folder; throws ARTIFACTS_UNWRITABLE where another's has its name. */
export async function installExtcap(
  folders: readonly string[],
  program: readonly string[],
): Promise<readonly string[]> {
  const text = `#!/bin/sh\n${MARK}\nexec ${program.map(quoteShellWord).join(" ")} extcap "$@"\n`;
  const files = folders.map((folder) => join(folder, "hopbook"));
  for (const file of files) await refuseOthers(file);
  for (const file of files) {
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o755 });
      const part = `${file}.${process.pid}`;
      await writeFile(part, text, { mode: 0o755, flag: "wx" });
      await rename(part, file);
    } catch (error) {
      throw unwritable(file, error, { elsewhere: "a folder that you can write with --dir" });
    }
  }
  return files;
}

async function refuseOthers(file: string): Promise<void> {
  const stat = await lstat(file).catch(() => null);
  if (stat === null) return;
  const isOurs = stat.isFile() && (await readFile(file, "utf8")).split("\n")[1] === MARK;
  if (isOurs) return;
  throw new HopbookError(
    "ARTIFACTS_UNWRITABLE",
    `Cannot write ${file}: it is there, and hopbook did not make it`,
    {
      hint: "Move it away, or remove it",
    },
  );
}
